/// What a signed trust root says: who may sign packs of which namespaces, and who may change it.
///
/// Reference: TUF 1.0.33 §4.3 (root) and §4.5 (delegations). Differs from it: one document for both, in a
/// DSSE envelope, keys written out where they are named.
public struct RootDocument: Sendable, Equatable {
  /// The payload type of its envelope.
  public static let payloadType = "application/vnd.moe-pack.trust-root.v1+json"
  static let knownFormatVersion = 1

  /// 1 for the first; each one that follows is higher by exactly 1.
  public var version: Int
  /// The time from which nothing is installed by it, `2027-01-31T00:00:00Z`.
  public var expires: String
  /// The keys that sign this document and the next one.
  public var rootKeys: [PublicKey]
  /// How many different ``rootKeys`` must sign; 1 … their count.
  public var rootThreshold: Int
  /// What is asked of packs, at most one rule a namespace, and at most one for all others.
  public var rules: [NamespaceRule]
  /// What must no longer be trusted.
  public var revocations: [Revocation]

  /// Makes a document; ``checked(source:)`` says whether it can stand.
  public init(
    version: Int = 1, expires: String, rootKeys: [PublicKey], rootThreshold: Int = 1,
    rules: [NamespaceRule] = [], revocations: [Revocation] = []
  ) {
    self.version = version
    self.expires = expires
    self.rootKeys = rootKeys
    self.rootThreshold = rootThreshold
    self.rules = rules
    self.revocations = revocations
  }

  /// The rule for a pack: that of its namespace, else the one for all.
  public func rule(for pack: PackName) -> NamespaceRule? {
    rules.first { $0.namespaces != .all && $0.namespaces.covers(pack) }
      ?? rules.first { $0.namespaces == .all }
  }

  /// The rule whose pattern is this one.
  public func rule(of namespaces: NamespacePattern) -> NamespaceRule? {
    rules.first { $0.namespaces == namespaces }
  }

  /// The next version, the same in all else.
  public var next: RootDocument {
    var document = self
    document.version += 1
    return document
  }

  // MARK: - Changes

  /// Lets a key sign for a namespace; the rule is made where there is none.
  public mutating func add(_ key: TrustedKey) {
    edit(key.namespaces) { rule in
      if !rule.keys.contains(key.publicKey) { rule.keys.append(key.publicKey) }
    }
  }

  /// Takes a key from a namespace, or from all.
  ///
  /// - Returns: Whether it was there.
  public mutating func drop(_ key: PublicKey, from namespaces: NamespacePattern? = nil) -> Bool {
    var isFound = false
    for index in rules.indices where namespaces == nil || rules[index].namespaces == namespaces {
      isFound = isFound || rules[index].keys.contains(key)
      rules[index].keys.removeAll { $0 == key }
    }
    return isFound
  }

  /// Changes the rule of a namespace; it is made where there is none.
  public mutating func edit(
    _ namespaces: NamespacePattern, _ change: (inout NamespaceRule) -> Void
  ) {
    if !rules.contains(where: { $0.namespaces == namespaces }) {
      rules.append(NamespaceRule(namespaces, keys: []))
    }
    for index in rules.indices where rules[index].namespaces == namespaces { change(&rules[index]) }
  }

  /// Revokes a key or a pack; a key loses every place it had.
  public mutating func revoke(_ revocation: Revocation) {
    revocations.removeAll { $0.subject == revocation.subject }
    revocations.append(revocation)
    if case .key(let key) = revocation.subject {
      _ = drop(key)
      rootKeys.removeAll { $0 == key }
    }
  }
}

extension RootDocument {
  /// Every key it names: root keys, those of the rules, revoked ones; one may stand here twice.
  public var allKeys: [PublicKey] {
    rootKeys + rules.flatMap(\.keys)
      + revocations.compactMap { revocation in
        if case .key(let key) = revocation.subject { key } else { nil }
      }
  }
}
