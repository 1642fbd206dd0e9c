/// Which packs a key may sign for: all, or those of one namespace.
///
/// Written `*`, or `acme/*`; `acme` is read as well.
public enum NamespacePattern: Hashable, Sendable, CustomStringConvertible {
  /// Every namespace.
  case all
  /// One namespace.
  case only(String)

  /// Reads `*`, `acme` or `acme/*`; anything else gives `nil`.
  public init?(_ text: String) {
    if text.utf8.elementsEqual("*".utf8) {
      self = .all
      return
    }
    var bytes = Array(text.utf8)
    if bytes.suffix(2).elementsEqual("/*".utf8) { bytes.removeLast(2) }
    guard PackName.isNamespace(bytes) else { return nil }
    self = .only(String(decoding: bytes, as: UTF8.self))
  }

  /// `*` or `acme/*`.
  public var description: String {
    switch self {
    case .all: "*"
    case .only(let namespace): "\(namespace)/*"
    }
  }

  /// Whether the pattern covers a pack.
  public func covers(_ pack: PackName) -> Bool {
    switch self {
    case .all: true
    case .only(let namespace): namespace.utf8.elementsEqual(pack.namespace.utf8)
    }
  }
}

/// A key an operator trusts, for a namespace.
public struct TrustedKey: Hashable, Sendable {
  /// The key.
  public let publicKey: PublicKey
  /// The packs it may sign for.
  public let namespaces: NamespacePattern

  /// Trusts the key for these packs.
  public init(_ publicKey: PublicKey, namespaces: NamespacePattern) {
    self.publicKey = publicKey
    self.namespaces = namespaces
  }
}

/// The keys a store trusts, for which packs, and how many of them must have signed.
public struct TrustRoot: Sendable, Equatable {
  /// The trusted keys; one key may stand here for several namespaces.
  public let keys: [TrustedKey]
  /// How many different keys must have signed a pack; at least 1.
  public let threshold: Int

  /// Makes a trust root.
  ///
  /// - Precondition: `threshold` is at least 1.
  public init(keys: [TrustedKey], threshold: Int = 1) {
    precondition(threshold >= 1, "a threshold of at least one signature")
    self.keys = keys
    self.threshold = threshold
  }

  /// The different keys that may sign for a pack.
  public func keys(for pack: PackName) -> Set<PublicKey> {
    Set(keys.filter { $0.namespaces.covers(pack) }.map(\.publicKey))
  }
}
