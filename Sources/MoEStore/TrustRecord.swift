public import MoEPackFormat

/// A key this store accepts, with what its operator noted.
public struct TrustRecord: Sendable, Equatable {
  /// The key and the namespaces it may sign for.
  public let key: TrustedKey
  /// What the operator noted about it.
  public let comment: String
  /// When it was added, in ISO 8601, as the caller said.
  public let addedAt: String

  /// Makes a record.
  public init(key: TrustedKey, comment: String, addedAt: String) {
    self.key = key
    self.comment = comment
    self.addedAt = addedAt
  }
}
