/// What a document says that it must not, or does not say that it must.
public struct JSONSchemaError: Error, Equatable, Sendable {
  /// Where, as a path from the document's root: `tasks.issue.kind`, `entries[3].size`.
  public let path: String
  /// What was expected there, as the object of "expected …".
  public let expected: String
  /// What stood there, as the object of "got …".
  public let got: String

  /// Makes the error.
  public init(path: String, expected: String, got: String) {
    self.path = path
    self.expected = expected
    self.got = got
  }
}

/// Reads the members of one JSON object by name, and refuses those nobody asked for.
///
/// Every failure names the path of the member, what was expected and what stood there.
public struct JSONReader {
  /// Where this object stands in its document.
  public let path: String
  private let members: [JSONMember]
  private var asked: Set<[UInt8]> = []

  /// Starts reading `value`, which must be an object.
  public init(_ value: JSONValue, path: String = "") throws(JSONSchemaError) {
    guard case .object(let members) = value else {
      throw JSONSchemaError(
        path: path.isEmpty ? "the document" : path, expected: "an object", got: value.kind)
    }
    self.members = members
    self.path = path
  }

  /// The keys of the object, in the order of the text.
  public var keys: [String] { members.map(\.key) }

  /// The path of a member.
  public func path(of key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

  /// The member `key`, if it is there.
  public mutating func optional(_ key: String) -> JSONValue? {
    asked.insert(Array(key.utf8))
    return members.first { $0.key.utf8.elementsEqual(key.utf8) }?.value
  }

  /// The member `key`, which must be there.
  public mutating func value(_ key: String) throws(JSONSchemaError) -> JSONValue {
    guard let value = optional(key) else {
      throw JSONSchemaError(path: path(of: key), expected: "a value", got: "nothing")
    }
    return value
  }

  /// A string.
  public mutating func string(_ key: String) throws(JSONSchemaError) -> String {
    let value = try value(key)
    guard case .string(let text) = value else { throw mismatch(key, "a string", value) }
    return text
  }

  /// A string, or `nil` when it is absent.
  public mutating func optionalString(_ key: String) throws(JSONSchemaError) -> String? {
    guard optional(key) != nil else { return nil }
    return try string(key)
  }

  /// A boolean.
  public mutating func boolean(_ key: String) throws(JSONSchemaError) -> Bool {
    let value = try value(key)
    guard case .boolean(let result) = value else { throw mismatch(key, "true or false", value) }
    return result
  }

  /// A whole number in `range`.
  public mutating func integer(
    _ key: String, in range: ClosedRange<Int>
  ) throws(JSONSchemaError) -> Int {
    let value = try value(key)
    let expected = "a whole number from \(range.lowerBound) to \(range.upperBound)"
    guard case .integer(let number) = value else { throw mismatch(key, expected, value) }
    guard let result = Int(exactly: number), range.contains(result) else {
      throw JSONSchemaError(path: path(of: key), expected: expected, got: "\(number)")
    }
    return result
  }

  /// A finite number in `range`.
  public mutating func number(
    _ key: String,
    in range: ClosedRange<Double> = -.greatestFiniteMagnitude ... .greatestFiniteMagnitude
  ) throws(JSONSchemaError) -> Double {
    let value = try value(key)
    let result: Double
    switch value {
    case .integer(let number): result = Double(number)
    case .number(let number): result = number
    default: throw mismatch(key, "a number", value)
    }
    guard range.contains(result) else {
      throw JSONSchemaError(
        path: path(of: key), expected: "a number from \(range.lowerBound) to \(range.upperBound)",
        got: "\(result)")
    }
    return result
  }

  /// A digest, `sha256:…`.
  public mutating func digest(_ key: String) throws(JSONSchemaError) -> Digest {
    let text = try string(key)
    guard let digest = Digest(text) else {
      throw JSONSchemaError(
        path: path(of: key), expected: "`sha256:` and 64 lower-case hexadecimal digits",
        got: "`\(text.prefix(80))`")
    }
    return digest
  }

  /// An array.
  public mutating func array(_ key: String) throws(JSONSchemaError) -> [JSONValue] {
    let value = try value(key)
    guard case .array(let elements) = value else { throw mismatch(key, "an array", value) }
    return elements
  }

  /// An array of strings.
  public mutating func strings(_ key: String) throws(JSONSchemaError) -> [String] {
    var texts: [String] = []
    for (index, element) in try array(key).enumerated() {
      guard case .string(let text) = element else {
        throw JSONSchemaError(
          path: "\(path(of: key))[\(index)]", expected: "a string", got: element.kind)
      }
      texts.append(text)
    }
    return texts
  }

  /// A reader of the object `key`.
  public mutating func object(_ key: String) throws(JSONSchemaError) -> JSONReader {
    try JSONReader(try value(key), path: path(of: key))
  }

  /// Readers of the objects in the array `key`.
  public mutating func objects(_ key: String) throws(JSONSchemaError) -> [JSONReader] {
    var readers: [JSONReader] = []
    for (index, element) in try array(key).enumerated() {
      readers.append(try JSONReader(element, path: "\(path(of: key))[\(index)]"))
    }
    return readers
  }

  /// Refuses members that were never asked for.
  public func finish() throws(JSONSchemaError) {
    for member in members where !asked.contains(Array(member.key.utf8)) {
      throw JSONSchemaError(
        path: path(of: member.key),
        expected: "one of the keys \(known.joined(separator: ", "))",
        got: "a key that is not known")
    }
  }

  private var known: [String] {
    asked.map { "`\(String(decoding: $0, as: UTF8.self))`" }.sorted()
  }

  private func mismatch(_ key: String, _ expected: String, _ value: JSONValue) -> JSONSchemaError {
    JSONSchemaError(path: path(of: key), expected: expected, got: value.kind)
  }
}
