public import MoEBase
public import MoEPackFormat

extension Store {
  /// What this store trusts, as verification takes it.
  ///
  /// - Parameter time: The time now, `2026-01-31T00:00:00Z`; without it, expiry is left out.
  /// - Returns: Keys, signed root, revocations and allowed packs.
  /// - Throws: ``StoreError`` when the index cannot be read.
  public func trustRoot(at time: String? = nil) throws -> TrustRoot {
    try read { try $0.trustRoot(at: time) }
  }

  /// Accepts the signatures of a key for packs of its namespaces, on the operator's word.
  ///
  /// Trust is not part of a generation: it decides what may be installed, not what is.
  ///
  /// - Parameters:
  ///   - key: The key and its namespaces.
  ///   - comment: What the operator notes about it.
  ///   - time: The time now, in ISO 8601.
  /// - Returns: `false` when the key was trusted for these namespaces already; nothing is changed then.
  /// - Throws: ``StoreError``, or `TrustError` when the signed trust root speaks for these namespaces, or
  ///   the key is revoked.
  @discardableResult
  public func addTrust(_ key: TrustedKey, comment: String, at time: String) throws -> Bool {
    let record = TrustRecord(key: key, comment: comment, addedAt: time)
    return try whileLocked { _ in
      try write { index in
        let trust = try index.trustRoot(at: nil)
        if let root = trust.signed?.document,
          (root.rule(of: key.namespaces) ?? root.rule(of: .all)) != nil
        {
          throw TrustError(
            layout.root,
            .governed(namespaces: key.namespaces.description, version: root.version))
        }
        guard trust.revocation(of: .key(key.publicKey)) == nil else {
          throw TrustError(layout.root, .revokedKey(key.publicKey.id.description))
        }
        return try index.insert(record)
      }
    }
  }

  /// Stops accepting a key; what it has signed and is installed stays installed.
  ///
  /// - Parameters:
  ///   - keyID: The id of the key, compared byte by byte.
  ///   - namespaces: The namespaces it is to lose; all of them when `nil`.
  /// - Returns: The records that were removed.
  /// - Throws: ``StoreError/noTrust(keyID:namespaces:)`` when there are none.
  @discardableResult
  public func removeTrust(
    keyID: String, namespaces: NamespacePattern? = nil
  ) throws -> [TrustRecord] {
    try whileLocked { _ in
      try write { index in
        let records = try index.trustRecords().filter { record in
          record.key.publicKey.id.description.utf8.elementsEqual(keyID.utf8)
            && (namespaces == nil || record.key.namespaces == namespaces)
        }
        guard !records.isEmpty else {
          throw StoreError.noTrust(keyID: keyID, namespaces: namespaces?.description)
        }
        for record in records { try index.remove(record) }
        return records
      }
    }
  }

  /// The public key of that id among all this store knows: trusted, root or revoked.
  ///
  /// - Throws: `TrustError` when it knows none.
  public func knownKey(_ id: String) throws -> PublicKey {
    try read { index in
      let trust = try index.trustRoot(at: nil)
      let keys = trust.keys.map(\.publicKey) + (trust.signed?.document.allKeys ?? [])
      guard let key = keys.first(where: { $0.id.description.utf8.elementsEqual(id.utf8) }) else {
        throw TrustError(layout.root, .unknownKey(id))
      }
      return key
    }
  }

  // MARK: - Reading

  /// Every version of the signed trust root, oldest first; empty where there is none.
  ///
  /// - Throws: ``StoreError`` when a version is not vouched for by the one before it.
  public func signedRoots() throws -> [SignedRootRecord] { try read { try $0.signedRoots() } }

  /// What the operator revoked.
  ///
  /// - Throws: ``StoreError`` when the index cannot be read.
  public func revocations() throws -> [RevocationRecord] { try read { try $0.revocations() } }

  /// The packs the operator accepts though a key that signed them is revoked.
  ///
  /// - Throws: ``StoreError`` when the index cannot be read.
  public func allowedPacks() throws -> [AllowedPack] { try read { try $0.allowedPacks() } }

  /// The highest release seen of a pack, beyond its removal.
  ///
  /// - Throws: ``StoreError`` when the index cannot be read.
  public func highestRelease(of name: PackName) throws -> Int? {
    try read { try $0.highestRelease(of: name)?.release }
  }

  /// The largest magnitude of each tensor of an installed pack, as the scan at install found it.
  ///
  /// - Throws: ``StoreError`` when the index cannot be read.
  public func magnitudes(of pack: Digest) throws -> [TensorMagnitude] {
    try read { try $0.magnitudes(of: pack) }
  }
}
