/// The name of a pack: `namespace/name`.
///
/// Namespace `[a-z0-9][a-z0-9-]{0,38}`, name `[a-z0-9][a-z0-9-]{0,62}`. Lower-case ASCII alone, so that no
/// two names look alike and comparing strings is comparing bytes.
public struct PackName: Hashable, Sendable, Comparable, CustomStringConvertible {
  /// Who may sign it.
  public let namespace: String
  /// Its name within the namespace.
  public let name: String

  /// Reads `namespace/name`; anything else gives `nil`.
  public init?(_ text: String) {
    let parts = text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
    guard parts.count == 2, Self.isNamespace(parts[0]), isWord(parts[1], atMost: 63, and: "-"),
      let namespace = String(parts[0]), let name = String(parts[1])
    else { return nil }
    self.namespace = namespace
    self.name = name
  }

  /// `namespace/name`.
  public var description: String { "\(namespace)/\(name)" }

  /// Orders names by their bytes.
  public static func < (left: PackName, right: PackName) -> Bool {
    left.description.utf8.lexicographicallyPrecedes(right.description.utf8)
  }

  /// Whether the bytes may name a namespace.
  static func isNamespace(_ bytes: some Collection<UInt8>) -> Bool {
    isWord(bytes, atMost: 39, and: "-")
  }
}

/// Whether the bytes are a lower-case letter or digit, followed by such or by characters of `others`.
func isWord(_ bytes: some Collection<UInt8>, atMost most: Int, and others: String) -> Bool {
  guard (1...most).contains(bytes.count) else { return false }
  for (index, byte) in bytes.enumerated() {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): continue
    case _ where index > 0 && others.utf8.contains(byte): continue
    default: return false
    }
  }
  return true
}
