import MoEBase
import MoEPackFormat

/// The kinds of value that a source's YAML files have beside JSON's own.
extension JSONReader {
  /// Refuses a member that is not there, naming what it is to be.
  mutating func need(_ key: String, _ expected: String) throws(JSONSchemaError) {
    guard optional(key) == nil else { return }
    throw JSONSchemaError(path: path(of: key), expected: expected, got: "nothing")
  }

  /// A string; where there is none, that is said.
  mutating func neededString(_ key: String) throws(JSONSchemaError) -> String {
    try need(key, "a string")
    return try string(key)
  }

  /// A whole number in `range`; where there is none, that is said.
  mutating func neededInteger(
    _ key: String, in range: ClosedRange<Int>
  ) throws(JSONSchemaError) -> Int {
    try need(key, "a whole number from \(range.lowerBound) to \(range.upperBound)")
    return try integer(key, in: range)
  }

  /// A number in `range`; where there is none, that is said.
  mutating func neededNumber(
    _ key: String, in range: ClosedRange<Double>
  ) throws(JSONSchemaError) -> Double {
    try need(key, "a number")
    return try number(key, in: range)
  }

  /// A reader of an object; where there is none, that is said.
  mutating func neededObject(_ key: String) throws(JSONSchemaError) -> JSONReader {
    try need(key, "an object")
    return try object(key)
  }

  /// A string that `parse` understands.
  mutating func parsed<Value>(
    _ key: String, _ expected: String, _ parse: (String) -> Value?
  ) throws(JSONSchemaError) -> Value {
    try need(key, expected)
    let value = try value(key)
    guard case .string(let text) = value else {
      throw JSONSchemaError(path: path(of: key), expected: expected, got: value.kind)
    }
    guard let result = parse(text) else {
      throw JSONSchemaError(path: path(of: key), expected: expected, got: "`\(text.prefix(80))`")
    }
    return result
  }

  /// One line that may be shown to a person.
  mutating func line(_ key: String, limit: Int) throws(JSONSchemaError) -> String {
    try parsed(key, "one line of 1 to \(limit) bytes without control characters or outer spaces") {
      isShownText($0, atMost: limit) ? $0 : nil
    }
  }

  /// ``line(_:limit:)``, or `nil` when it is absent.
  mutating func optionalLine(_ key: String, limit: Int) throws(JSONSchemaError) -> String? {
    optional(key) == nil ? nil : try line(key, limit: limit)
  }

  /// A path within the source directory.
  mutating func path(_ key: String) throws(JSONSchemaError) -> String {
    try parsed(key, "a path within the source, without `..` and not absolute") {
      let parts = $0.split(separator: "/", omittingEmptySubsequences: false)
      let isInside = parts.allSatisfy { !$0.isEmpty && $0 != "." && $0 != ".." }
      return isInside && isShownText($0, atMost: 255) ? $0 : nil
    }
  }

  /// ``path(_:)-(String)``, or `nil` when it is absent.
  mutating func optionalPath(_ key: String) throws(JSONSchemaError) -> String? {
    optional(key) == nil ? nil : try path(key)
  }

  /// Strings that `parse` understands, at most `limit`.
  mutating func list<Value>(
    _ key: String, limit: Int, _ expected: String, _ parse: (String) -> Value?
  ) throws(JSONSchemaError) -> [Value] {
    try need(key, "an array")
    let texts = try strings(key)
    guard texts.count <= limit else {
      throw JSONSchemaError(
        path: path(of: key), expected: "at most \(limit) elements", got: "\(texts.count)")
    }
    var values: [Value] = []
    for (index, text) in texts.enumerated() {
      guard let value = parse(text) else {
        throw JSONSchemaError(
          path: "\(path(of: key))[\(index)]", expected: expected, got: "`\(text.prefix(80))`")
      }
      values.append(value)
    }
    return values
  }
}
