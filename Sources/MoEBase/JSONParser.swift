/// Why a text is not JSON as this project reads it.
public struct JSONSyntaxError: Error, Equatable, Sendable {
  /// The offset of the byte at which reading stopped.
  public let offset: Int
  /// What was wrong there, as the end of a sentence.
  public let reason: String
}

/// The limits of one JSON document.
public struct JSONLimits: Sendable {
  /// How deep arrays and objects may nest.
  public var depth: Int
  /// The largest number of values in the document.
  public var values: Int

  /// Makes limits; the defaults suit a manifest.
  public init(depth: Int = 32, values: Int = 4_000_000) {
    self.depth = depth
    self.values = values
  }
}

extension JSONValue {
  /// Reads one JSON document, byte-strictly.
  ///
  /// What it accepts is a subset of RFC 8259, and means the same to every reader: UTF-8 without a byte
  /// order mark, no surrogate halves, no key twice in an object (compared after unescaping, as bytes),
  /// no number that overflows, nothing before or after the document but white space.
  ///
  /// - Throws: ``JSONSyntaxError`` with the offset of the byte that was refused.
  public init(parsing bytes: [UInt8], limits: JSONLimits = JSONLimits()) throws(JSONSyntaxError) {
    let result: Result<JSONValue, JSONSyntaxError> = bytes.withUnsafeBufferPointer { buffer in
      var parser = JSONParser(bytes: buffer, limits: limits)
      do throws(JSONSyntaxError) { return .success(try parser.document()) } catch {
        return .failure(error)
      }
    }
    self = try result.get()
  }
}

private struct JSONParser {
  let bytes: UnsafeBufferPointer<UInt8>
  let limits: JSONLimits
  var position = 0
  var values = 0

  init(bytes: UnsafeBufferPointer<UInt8>, limits: JSONLimits) {
    self.bytes = bytes
    self.limits = limits
  }

  mutating func document() throws(JSONSyntaxError) -> JSONValue {
    skipWhiteSpace()
    let value = try parseValue(depth: 0)
    skipWhiteSpace()
    guard position == bytes.count else { throw fault("unexpected text after the document") }
    return value
  }

  private func fault(_ reason: String, at offset: Int? = nil) -> JSONSyntaxError {
    JSONSyntaxError(offset: offset ?? position, reason: reason)
  }

  private var current: UInt8? { position < bytes.count ? bytes[position] : nil }

  private mutating func skipWhiteSpace() {
    while let byte = current, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 {
      position += 1
    }
  }

  private mutating func parseValue(depth: Int) throws(JSONSyntaxError) -> JSONValue {
    values += 1
    guard values <= limits.values else { throw fault("more than \(limits.values) values") }
    guard let byte = current else { throw fault("the text ends where a value is expected") }
    switch byte {
    case UInt8(ascii: "{"): return try parseObject(depth: depth + 1)
    case UInt8(ascii: "["): return try parseArray(depth: depth + 1)
    case UInt8(ascii: "\""): return .string(try parseString())
    case UInt8(ascii: "t"): return try literal("true", .boolean(true))
    case UInt8(ascii: "f"): return try literal("false", .boolean(false))
    case UInt8(ascii: "n"): return try literal("null", .null)
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try parseNumber()
    default: throw fault("a value cannot start with byte 0x\(Digest.hex([byte]))")
    }
  }

  private mutating func literal(
    _ word: StaticString, _ value: JSONValue
  ) throws(JSONSyntaxError) -> JSONValue {
    for index in 0..<word.utf8CodeUnitCount {
      guard current == word.utf8Start[index] else { throw fault("expected `\(word)`") }
      position += 1
    }
    return value
  }

  private mutating func parseArray(depth: Int) throws(JSONSyntaxError) -> JSONValue {
    guard depth <= limits.depth else { throw fault("nested deeper than \(limits.depth)") }
    position += 1
    var elements: [JSONValue] = []
    skipWhiteSpace()
    if current == UInt8(ascii: "]") {
      position += 1
      return .array([])
    }
    while true {
      skipWhiteSpace()
      elements.append(try parseValue(depth: depth))
      skipWhiteSpace()
      switch current {
      case UInt8(ascii: ","): position += 1
      case UInt8(ascii: "]"):
        position += 1
        return .array(elements)
      default: throw fault("expected `,` or `]` in an array")
      }
    }
  }

  private mutating func parseObject(depth: Int) throws(JSONSyntaxError) -> JSONValue {
    guard depth <= limits.depth else { throw fault("nested deeper than \(limits.depth)") }
    position += 1
    var members: [JSONMember] = []
    var keys: Set<[UInt8]> = []
    skipWhiteSpace()
    if current == UInt8(ascii: "}") {
      position += 1
      return .object([])
    }
    while true {
      skipWhiteSpace()
      let start = position
      guard current == UInt8(ascii: "\"") else { throw fault("expected a key in an object") }
      let key = try parseString()
      guard keys.insert(Array(key.utf8)).inserted else {
        throw fault("the same key twice in one object", at: start)
      }
      skipWhiteSpace()
      guard current == UInt8(ascii: ":") else { throw fault("expected `:` after a key") }
      position += 1
      skipWhiteSpace()
      members.append(JSONMember(key, try parseValue(depth: depth)))
      skipWhiteSpace()
      switch current {
      case UInt8(ascii: ","): position += 1
      case UInt8(ascii: "}"):
        position += 1
        return .object(members)
      default: throw fault("expected `,` or `}` in an object")
      }
    }
  }

  private mutating func parseNumber() throws(JSONSyntaxError) -> JSONValue {
    let start = position
    if current == UInt8(ascii: "-") { position += 1 }
    let whole = try digits()
    guard whole == 1 || bytes[position - whole] != UInt8(ascii: "0") else {
      throw fault("a number cannot start with 0", at: start)
    }
    var isInteger = true
    if current == UInt8(ascii: ".") {
      isInteger = false
      position += 1
      _ = try digits()
    }
    if current == UInt8(ascii: "e") || current == UInt8(ascii: "E") {
      isInteger = false
      position += 1
      if current == UInt8(ascii: "+") || current == UInt8(ascii: "-") { position += 1 }
      _ = try digits()
    }
    guard position - start <= 400 else { throw fault("a number of over 400 characters", at: start) }
    let text = String(decoding: bytes[start..<position], as: UTF8.self)
    if isInteger {
      guard let value = Int64(text) else {
        throw fault("a whole number that does not fit 64 bits", at: start)
      }
      return .integer(value)
    }
    guard let value = Double(text), value.isFinite else {
      throw fault("a number beyond what 64-bit floating point holds", at: start)
    }
    return .number(value)
  }

  /// Passes over one or more digits and returns how many.
  private mutating func digits() throws(JSONSyntaxError) -> Int {
    let start = position
    while let byte = current, byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") {
      position += 1
    }
    guard position > start else { throw fault("expected a digit") }
    return position - start
  }

  private mutating func parseString() throws(JSONSyntaxError) -> String {
    position += 1
    let start = position
    var isPlain = true
    while let byte = current, byte != UInt8(ascii: "\"") {
      if byte == UInt8(ascii: "\\") {
        isPlain = false
        position += 1
        guard current != nil else { break }
      } else if byte < 0x20 {
        throw fault("a control character in a string must be escaped")
      }
      position += 1
    }
    guard position < bytes.count else {
      throw fault("a string without its closing quote", at: start)
    }
    let raw = UnsafeBufferPointer(rebasing: bytes[start..<position])
    position += 1
    guard isPlain else { return try unescape(raw, start: start) }
    return try utf8(raw, start: start)
  }

  private func utf8(
    _ raw: some Collection<UInt8>, start: Int
  ) throws(JSONSyntaxError) -> String {
    guard let text = String(validating: raw, as: UTF8.self) else {
      throw fault("a string that is not UTF-8", at: start)
    }
    return text
  }

  private func unescape(
    _ raw: UnsafeBufferPointer<UInt8>, start: Int
  ) throws(JSONSyntaxError) -> String {
    var output: [UInt8] = []
    output.reserveCapacity(raw.count)
    var index = 0
    while index < raw.count {
      guard raw[index] == UInt8(ascii: "\\") else {
        output.append(raw[index])
        index += 1
        continue
      }
      let escape = raw[index + 1]
      index += 2
      switch escape {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): output.append(escape)
      case UInt8(ascii: "b"): output.append(0x08)
      case UInt8(ascii: "f"): output.append(0x0C)
      case UInt8(ascii: "n"): output.append(0x0A)
      case UInt8(ascii: "r"): output.append(0x0D)
      case UInt8(ascii: "t"): output.append(0x09)
      case UInt8(ascii: "u"):
        let scalar = try unicodeEscape(raw, at: &index, start: start)
        output.append(contentsOf: Array(String(scalar).utf8))
      default: throw fault("an escape that JSON does not have", at: start + index - 2)
      }
    }
    return try utf8(output, start: start)
  }

  private func unicodeEscape(
    _ raw: UnsafeBufferPointer<UInt8>, at index: inout Int, start: Int
  ) throws(JSONSyntaxError) -> Unicode.Scalar {
    let first = try hexadecimal(raw, at: &index, start: start)
    if let scalar = Unicode.Scalar(first) { return scalar }
    let half = fault("half of a surrogate pair", at: start + index)
    guard first < 0xDC00, index + 1 < raw.count, raw[index] == UInt8(ascii: "\\"),
      raw[index + 1] == UInt8(ascii: "u")
    else { throw half }
    index += 2
    let second = try hexadecimal(raw, at: &index, start: start)
    guard (0xDC00...0xDFFF).contains(second) else { throw half }
    let joined = 0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00)
    guard let scalar = Unicode.Scalar(joined) else { throw half }
    return scalar
  }

  private func hexadecimal(
    _ raw: UnsafeBufferPointer<UInt8>, at index: inout Int, start: Int
  ) throws(JSONSyntaxError) -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<4 {
      guard index < raw.count, let digit = Self.hexDigit(raw[index]) else {
        throw fault("expected four hexadecimal digits after `\\u`", at: start + index)
      }
      value = value << 4 | digit
      index += 1
    }
    return value
  }

  private static func hexDigit(_ byte: UInt8) -> UInt32? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte - UInt8(ascii: "0"))
    case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt32(byte - UInt8(ascii: "a")) + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt32(byte - UInt8(ascii: "A")) + 10
    default: nil
    }
  }
}
