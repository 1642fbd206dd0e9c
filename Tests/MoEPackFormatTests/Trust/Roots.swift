import MoEBase
import MoEPackFormat
import Testing

/// Signed trust roots for tests.
enum Roots {
  static let expires = "2030-01-01T00:00:00Z"

  /// Root keys, apart from those that sign packs.
  static let (a, b, c) = (PackBuilder.key(11), PackBuilder.key(12), PackBuilder.key(13))

  static func document(
    version: Int = 1, rootKeys: [SigningKey] = [a], threshold: Int = 1,
    rules: [NamespaceRule] = [], revocations: [Revocation] = [], expires: String = expires
  ) -> RootDocument {
    RootDocument(
      version: version, expires: expires, rootKeys: rootKeys.map(\.publicKey),
      rootThreshold: threshold, rules: rules, revocations: revocations)
  }

  static func unverified(
    _ document: RootDocument, by keys: [SigningKey] = [a]
  ) throws -> UnverifiedRoot {
    try UnverifiedRoot(signing: document, with: keys, source: "root.json")
  }

  static func first(_ document: RootDocument, by keys: [SigningKey] = [a]) throws -> SignedRoot {
    try unverified(document, by: keys).verifiedFirst()
  }

  static func rule(
    _ namespaces: String, _ keys: [SigningKey], threshold: Int = 1, level: TrustLevel = .enforce
  ) throws -> NamespaceRule {
    NamespaceRule(
      try #require(NamespacePattern(namespaces)), keys: keys.map(\.publicKey),
      threshold: threshold, level: level)
  }
}

/// The reason a trust root is refused for, or `nil`.
func rootRefusal(_ body: () throws -> Void) -> TrustError.Reason? {
  do {
    try body()
    return nil
  } catch { return (error as? TrustError)?.reason }
}
