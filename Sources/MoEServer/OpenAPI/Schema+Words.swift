import MoEBase

extension Schema {
  // MARK: - Words

  static let string: JSONValue = ["type": "string"]
  static let integer: JSONValue = ["type": "integer"]
  static let number: JSONValue = ["type": "number"]
  static let boolean: JSONValue = ["type": "boolean"]
  static let text: JSONValue = ["type": "string", "pattern": "\\S"]

  static func array(_ items: JSONValue) -> JSONValue { ["type": "array", "items": items] }

  /// An object that has all of these members.
  static func object(_ properties: KeyValuePairs<String, JSONValue>) -> JSONValue {
    [
      "type": "object",
      "properties": .object(properties.map { JSONMember($0.key, $0.value) }),
      "required": .array(properties.map { .string($0.key) }),
    ]
  }

  static func described(_ about: String, _ schema: JSONValue) -> JSONValue {
    guard case .object(let members) = schema else { return schema }
    return .object([JSONMember("description", .string(about))] + members)
  }
}
