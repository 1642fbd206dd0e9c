public import MoEBase

/// Who may ask a server what.
///
/// The key itself is told once, when it is made; a server knows its digest alone.
public struct AccessKey: Sendable, Equatable {
  /// What a key may do.
  public enum Role: String, Sendable, CaseIterable {
    /// Ask the packs its rules let in.
    case tenant
    /// Ask every pack, look at everything, and roll back.
    case administrator
  }

  /// What it is called in the audit log, in usage counts and receipts.
  public let id: String
  /// SHA-256 of the key's text.
  public let hash: Digest
  /// What it may do.
  public let role: Role
  /// What lets packs in: one of these is enough, and where there are none, no pack is let in.
  public let allow: [AccessRule]

  /// Makes an entry of the keys file.
  public init(id: String, hash: Digest, role: Role, allow: [AccessRule]) {
    self.id = id
    self.hash = hash
    self.role = role
    self.allow = allow
  }

  /// What every key begins with.
  public static let prefix = "moepack_"

  /// Makes a new key: 32 bytes of the system's randomness.
  ///
  /// - Returns: The text that is told once.
  public static func makeSecret() -> String {
    var generator = SystemRandomNumberGenerator()
    let bytes = (0..<32).map { _ in UInt8.random(in: 0...255, using: &generator) }
    return prefix + Digest.hex(bytes)
  }

  /// Whether a text may be an id.
  public static func isID(_ text: String) -> Bool {
    (1...64).contains(text.utf8.count)
      && text.utf8.allSatisfy {
        switch $0 {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"),
          UInt8(ascii: "."):
          true
        default: false
        }
      }
  }

  init(_ source: JSONReader) throws(JSONSchemaError) {
    var reader = source
    id = try reader.string("id")
    guard Self.isID(id) else {
      throw JSONSchemaError(
        path: reader.path(of: "id"), expected: "1 to 64 letters, digits, `-`, `_` and `.`",
        got: "`\(id.printable)`")
    }
    hash = try reader.digest("hash")
    let word = try reader.string("role")
    guard let role = Role(rawValue: word) else {
      throw JSONSchemaError(
        path: reader.path(of: "role"), expected: "`tenant` or `administrator`",
        got: "`\(word.printable)`")
    }
    self.role = role
    var rules: [AccessRule] = []
    if reader.optional("allow") != nil {
      for rule in try reader.objects("allow") { rules.append(try AccessRule(rule)) }
    }
    allow = rules
    try reader.finish()
  }

  var json: JSONValue {
    [
      "id": .string(id), "hash": .digest(hash), "role": .string(role.rawValue),
      "allow": .array(allow.map(\.json)),
    ]
  }
}
