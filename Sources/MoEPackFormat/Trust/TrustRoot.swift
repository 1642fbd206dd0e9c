public import MoEBase

/// Everything a store trusts, and what it no longer does: what the signatures of packs are held to.
///
/// It has two parts. Keys can be trusted on the operator's word (``keys``). A ``SignedRoot`` speaks for
/// the namespaces it has rules for, alone, whatever the operator trusts beside it. Revocations of both
/// hold everywhere.
public struct TrustRoot: Sendable, Equatable {
  /// The keys trusted on the operator's word; one key may stand here for several namespaces.
  public let keys: [TrustedKey]
  /// How many of ``keys`` must have signed a pack; at least 1.
  public let threshold: Int
  /// The signed trust root, where the store has one.
  public let signed: SignedRoot?
  /// What the operator revoked.
  public let revocations: [Revocation]
  /// The packs the operator accepts though a key that signed them is revoked.
  public let allowedDigests: Set<Digest>
  /// The time now, `2026-01-31T00:00:00Z`; `nil` leaves expiry out.
  public let time: String?

  /// Makes a trust root.
  ///
  /// - Precondition: `threshold` is at least 1.
  public init(
    keys: [TrustedKey], threshold: Int = 1, signed: SignedRoot? = nil,
    revocations: [Revocation] = [], allowedDigests: Set<Digest> = [], time: String? = nil
  ) {
    precondition(threshold >= 1, "a threshold of at least one signature")
    self.keys = keys
    self.threshold = threshold
    self.signed = signed
    self.revocations = revocations
    self.allowedDigests = allowedDigests
    self.time = time
  }

  /// The rule a pack is held to: the signed root's for its namespace, else its rule for all, else the
  /// operator's word.
  public func rule(for pack: PackName) -> NamespaceRule {
    if let rule = signed?.document.rule(for: pack) { return rule }
    let trusted = Set(keys.filter { $0.namespaces.covers(pack) }.map(\.publicKey))
    return NamespaceRule(
      .only(pack.namespace),
      keys: trusted.sorted { $0.rawBytes.lexicographicallyPrecedes($1.rawBytes) },
      threshold: threshold)
  }

  /// When the signed root expired, if it has.
  public var expired: (version: Int, expires: String)? {
    // Times of one form, in UTC, are ordered as their bytes are.
    guard let time, let document = signed?.document,
      document.expires.utf8.lexicographicallyPrecedes(time.utf8)
        || document.expires.utf8.elementsEqual(time.utf8)
    else { return nil }
    return (document.version, document.expires)
  }

  /// The revocation of a key or a digest, if there is one.
  public func revocation(of subject: Revocation.Subject) -> Revocation? {
    (revocations + (signed?.document.revocations ?? [])).first { $0.subject == subject }
  }

  /// Why an installed pack must go: its digest is revoked, or it lacks signatures without a revoked key.
  ///
  /// Expiry, and keys that are trusted no more without being revoked, take nothing away that is installed.
  public func withdrawal(of envelope: Envelope, pack: PackName) -> Revocation? {
    if let revocation = revocation(of: .digest(envelope.packDigest)) { return revocation }
    let standing = standing(of: envelope)
    guard let revoked = standing.revoked.first else { return nil }
    let rule = rule(for: pack)
    return standing.valid.intersection(rule.keys).count >= rule.threshold ? nil : revoked
  }

  // MARK: - Signatures

  /// The known keys whose signatures fit a pack, apart by whether they still count.
  struct Standing {
    /// The keys that fit and are not revoked.
    let valid: Set<PublicKey>
    /// The revocations of the keys that fit and are, ordered by key id.
    let revoked: [Revocation]
    /// Whether the operator lifted those revocations for this pack.
    let isAllowed: Bool
  }

  func standing(of envelope: Envelope) -> Standing {
    let fitting = envelope.dsse.fitting(among: knownKeys)
    let revoked = fitting.filter { revocation(of: .key($0)) != nil }
    let isAllowed = !revoked.isEmpty && allowedDigests.contains(envelope.packDigest)
    return Standing(
      valid: isAllowed ? fitting : fitting.subtracting(revoked),
      revoked: isAllowed
        ? []
        : revoked.compactMap { revocation(of: .key($0)) }
          .sorted { $0.subject.description < $1.subject.description },
      isAllowed: isAllowed)
  }

  /// Every key that may sign something, or might once.
  var knownKeys: Set<PublicKey> {
    var known = Set(keys.map(\.publicKey))
    for rule in signed?.document.rules ?? [] { known.formUnion(rule.keys) }
    for revocation in revocations + (signed?.document.revocations ?? []) {
      if case .key(let key) = revocation.subject { known.insert(key) }
    }
    return known
  }

  /// Whether some namespace takes packs without signatures.
  var isLenient: Bool { signed?.document.rules.contains { $0.level != .enforce } ?? false }
}
