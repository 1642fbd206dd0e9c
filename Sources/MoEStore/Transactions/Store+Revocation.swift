import Foundation
public import MoEBase
public import MoEPackFormat

extension Store {
  /// Takes over a signed trust root: the first on the operator's word, each other as version N + 1.
  ///
  /// Packs that it revokes are removed in the same transaction, by a generation that no regression suite
  /// has seen.
  ///
  /// - Parameters:
  ///   - root: The root as it came.
  ///   - digest: What its digest must be, where the operator was told.
  ///   - actor: Who takes it over, for the history.
  ///   - time: The time now, in ISO 8601.
  /// - Returns: The root, and what it did; nothing where the store has that very version.
  /// - Throws: `TrustError`, ``StoreError``.
  @discardableResult
  public func importRoot(
    _ root: UnverifiedRoot, expecting digest: Digest? = nil, by actor: String, at time: String
  ) throws -> (root: SignedRoot, change: TrustChange) {
    if let digest, digest != root.digest {
      throw TrustError(root.source, .otherDigest(expected: digest, got: root.digest))
    }
    var taken: SignedRoot?
    let change = try changeTrust(by: actor, at: time) { index in
      let known = try index.signedRoots().map(\.root)
      if let same = known.last(where: { $0.digest == root.digest }), same == known.last {
        taken = same
        return nil
      }
      let next =
        try known.last.map { try root.verified(after: $0) } ?? root.verifiedFirst()
      try index.insert(next, at: time)
      taken = next
      return "trust root version \(next.document.version)"
    }
    guard let taken else { throw TrustError(layout.root, .noSignedRoot) }
    return (taken, change)
  }

  /// Revokes a key or a pack in this store, on the operator's word.
  ///
  /// - Throws: ``StoreError``.
  @discardableResult
  public func revoke(
    _ revocation: Revocation, by actor: String, at time: String
  ) throws -> TrustChange {
    try changeTrust(by: actor, at: time) { index in
      try index.insert(revocation, at: time) ? "revoke \(revocation.subject)" : nil
    }
  }

  /// Accepts one pack though a key that signed it is, or comes to be, revoked.
  ///
  /// - Throws: ``StoreError``.
  @discardableResult
  public func allow(
    _ digest: Digest, comment: String, by actor: String, at time: String
  ) throws -> TrustChange {
    let pack = AllowedPack(digest: digest, comment: comment, addedAt: time)
    return try changeTrust(by: actor, at: time) { index in
      try index.insert(pack) ? "allow \(digest)" : nil
    }
  }

  /// Takes back ``allow(_:comment:by:at:)``.
  ///
  /// - Throws: ``StoreError``.
  @discardableResult
  public func disallow(_ digest: Digest, by actor: String, at time: String) throws -> TrustChange {
    try changeTrust(by: actor, at: time) { index in
      try index.removeAllowed(digest) ? "disallow \(digest)" : nil
    }
  }

  /// Changes what is trusted, and in the same transaction makes a generation without the packs that must
  /// go: `body` makes the change, and returns what was done, or `nil` where nothing was.
  private func changeTrust(
    by actor: String, at time: String, _ body: (StoreIndex) throws -> String?
  ) throws -> TrustChange {
    try whileLocked { _ in
      try write { index in
        guard let action = try body(index) else {
          return TrustChange(isNew: false, withdrawn: [], generation: nil)
        }
        guard let active = try index.generation(try index.activeID()) else {
          throw index.damage("no active generation")
        }
        let trust = try index.trustRoot(at: nil)
        let withdrawn = active.packs.filter { $0.withdrawal(by: trust) != nil }
        guard !withdrawn.isEmpty else {
          return TrustChange(isNew: true, withdrawn: [], generation: nil)
        }
        let gone = Set(withdrawn.map(\.digest))
        let actions = [action] + withdrawn.map { "remove \($0.label) (release \($0.release))" }
        let generation = Generation(
          id: active.id + 1, parent: active.id, createdAt: time, actor: actor,
          action: actions.joined(separator: ", "), reason: nil, isProven: false, report: nil,
          threshold: active.threshold, precision: active.precision, isKept: true,
          packs: active.packs.filter { !gone.contains($0.digest) })
        try index.insert(generation)
        return TrustChange(isNew: true, withdrawn: withdrawn, generation: generation)
      }
    }
  }
}

extension InstalledPack {
  /// Why the pack must go, if it must.
  ///
  /// Its envelope is read again, for its signatures; where that is damaged, the signers found at install
  /// are taken for the signatures.
  func withdrawal(by trust: TrustRoot) -> Revocation? {
    if let bytes = try? Data(contentsOf: envelope.url),
      let envelope = try? Envelope(parsing: Array(bytes), archive: name.description),
      envelope.packDigest == digest
    {
      return trust.withdrawal(of: envelope, pack: name)
    }
    if let revocation = trust.revocation(of: .digest(digest)) { return revocation }
    guard !trust.allowedDigests.contains(digest) else { return nil }
    return (trust.revocations + (trust.signed?.document.revocations ?? [])).first { revocation in
      signers.contains(revocation.subject.description)
    }
  }
}
