public import MoEBase
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

/// One version of the signed trust root, as this store took it over.
public struct SignedRootRecord: Sendable, Equatable {
  /// The root, its signatures verified.
  public let root: SignedRoot
  /// When it was taken over, in ISO 8601.
  public let addedAt: String
}

/// What the operator revoked.
public struct RevocationRecord: Sendable, Equatable {
  /// What, and why.
  public let revocation: Revocation
  /// When, in ISO 8601.
  public let addedAt: String
}

/// A pack the operator accepts though a key that signed it is revoked.
public struct AllowedPack: Sendable, Equatable {
  /// The pack's digest.
  public let digest: Digest
  /// What the operator noted about it.
  public let comment: String
  /// When, in ISO 8601.
  public let addedAt: String
}

/// What a change of trust did to the packs that are installed.
public struct TrustChange: Sendable, Equatable {
  /// Whether anything was changed.
  public let isNew: Bool
  /// The packs that are no longer installed.
  public let withdrawn: [InstalledPack]
  /// The generation without them; `nil` where none had to go.
  public let generation: Generation?
}

extension Assurance {
  /// What a history says beside the release.
  var remark: String {
    switch self {
    case .signed: ""
    case .allowed: "; allowed by digest"
    case .tolerated(let level, _): "; signatures not enforced: level \(level.rawValue)"
    }
  }
}
