public import MoEBase

/// What must no longer be trusted, and why.
public struct Revocation: Sendable, Equatable {
  /// A key, or one pack.
  public enum Subject: Hashable, Sendable, CustomStringConvertible {
    /// Every signature of this key counts for nothing.
    case key(PublicKey)
    /// The pack of this digest is refused, whoever signed it.
    case digest(Digest)

    /// The key's id, or the digest.
    public var description: String {
      switch self {
      case .key(let key): key.id.description
      case .digest(let digest): digest.description
      }
    }
  }

  /// What is revoked.
  public let subject: Subject
  /// Why, in one line for people; may be empty.
  public let reason: String

  /// Makes a revocation.
  public init(_ subject: Subject, reason: String) {
    self.subject = subject
    self.reason = reason
  }
}
