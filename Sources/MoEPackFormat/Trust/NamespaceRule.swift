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

/// What becomes of a pack that lacks the signatures its namespace asks for.
public enum TrustLevel: String, Sendable, CaseIterable {
  /// It is refused.
  case enforce
  /// It is installed with a warning, which the history keeps.
  case warn
  /// It is installed; nobody looks for signatures.
  case off
}

/// What a trust root asks of the packs of a namespace.
public struct NamespaceRule: Sendable, Equatable {
  /// The packs it is about.
  public var namespaces: NamespacePattern
  /// What becomes of a pack that lacks signatures.
  public var level: TrustLevel
  /// How many different keys must have signed; at least 1.
  public var threshold: Int
  /// The keys that may sign; with fewer than the threshold, nothing can be signed.
  public var keys: [PublicKey]

  /// Makes a rule.
  public init(
    _ namespaces: NamespacePattern, keys: [PublicKey], threshold: Int = 1,
    level: TrustLevel = .enforce
  ) {
    self.namespaces = namespaces
    self.keys = keys
    self.threshold = threshold
    self.level = level
  }
}
