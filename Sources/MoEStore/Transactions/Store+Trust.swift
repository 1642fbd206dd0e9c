public import MoEPackFormat

extension Store {
  /// Accepts the signatures of a key for packs of its namespaces.
  ///
  /// Trust is not part of a generation: it decides what may be installed, not what is.
  ///
  /// - Parameters:
  ///   - key: The key and its namespaces.
  ///   - comment: What the operator notes about it.
  ///   - time: The time now, in ISO 8601.
  /// - Returns: `false` when the key was trusted for these namespaces already; nothing is changed then.
  /// - Throws: ``StoreError``.
  @discardableResult
  public func addTrust(_ key: TrustedKey, comment: String, at time: String) throws -> Bool {
    let record = TrustRecord(key: key, comment: comment, addedAt: time)
    return try whileLocked { _ in try write { try $0.insert(record) } }
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
}
