/// Reads the JSON tokens of a header over bytes, without building a tree.
///
/// Iterative; every read is checked against the end. What it accepts is a subset of RFC 8259.
struct HeaderScanner {
  let bytes: UnsafeRawBufferPointer
  let file: String
  var position = 0

  func fault(_ reason: String, at offset: Int? = nil) -> SafeTensorsError {
    SafeTensorsError(file, .header(offset: offset ?? position, reason: reason))
  }

  var current: UInt8? { position < bytes.count ? bytes[position] : nil }

  mutating func skipWhiteSpace() {
    while let byte = current, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 {
      position += 1
    }
  }

  /// Passes over one punctuation mark and the white space on both sides of it.
  mutating func expect(_ mark: Unicode.Scalar) throws(SafeTensorsError) {
    guard try accept(mark) else { throw fault("expected `\(mark)`") }
  }

  /// Passes over the mark if it comes next, with the white space on both sides.
  mutating func accept(_ mark: Unicode.Scalar) throws(SafeTensorsError) -> Bool {
    skipWhiteSpace()
    guard current == UInt8(ascii: mark) else { return false }
    position += 1
    skipWhiteSpace()
    return true
  }

  /// After an element: `true` when a comma promises another, `false` when `closing` ends the list.
  mutating func hasAnother(until closing: Unicode.Scalar) throws(SafeTensorsError) -> Bool {
    if try accept(",") { return true }
    try expect(closing)
    return false
  }

  /// A whole number `0|[1-9][0-9]*` that fits `Int`.
  mutating func wholeNumber() throws(SafeTensorsError) -> Int {
    let start = position
    var value = 0
    while let byte = current, byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") {
      let scaled = value.multipliedReportingOverflow(by: 10)
      let sum = scaled.partialValue.addingReportingOverflow(Int(byte - UInt8(ascii: "0")))
      guard !scaled.overflow, !sum.overflow else {
        throw fault("a whole number that does not fit 63 bits", at: start)
      }
      value = sum.partialValue
      position += 1
    }
    guard position > start else { throw fault("expected a whole number") }
    guard position - start == 1 || bytes[start] != UInt8(ascii: "0") else {
      throw fault("a whole number cannot start with 0", at: start)
    }
    return value
  }

  /// An array of whole numbers, at most `most` of them.
  mutating func wholeNumbers(atMost most: Int) throws(SafeTensorsError) -> [Int] {
    try expect("[")
    if try accept("]") { return [] }
    var numbers: [Int] = []
    repeat {
      guard numbers.count < most else { throw fault("more than \(most) numbers in an array") }
      numbers.append(try wholeNumber())
    } while try hasAnother(until: "]")
    return numbers
  }

  /// A string, unescaped, as UTF-8 that has been checked.
  mutating func string() throws(SafeTensorsError) -> String {
    let start = position
    guard current == UInt8(ascii: "\"") else { throw fault("expected a string") }
    position += 1
    var output: [UInt8] = []
    while let byte = current, byte != UInt8(ascii: "\"") {
      guard byte >= 0x20 else { throw fault("a control character in a string must be escaped") }
      position += 1
      if byte == UInt8(ascii: "\\") {
        try appendEscape(to: &output)
      } else {
        output.append(byte)
      }
    }
    guard position < bytes.count else {
      throw fault("a string without its closing quote", at: start)
    }
    position += 1
    guard let text = String(validating: output, as: UTF8.self) else {
      throw fault("a string that is not UTF-8", at: start)
    }
    return text
  }

  private mutating func appendEscape(to output: inout [UInt8]) throws(SafeTensorsError) {
    guard let escape = current else { throw fault("a string without its closing quote") }
    position += 1
    switch escape {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): output.append(escape)
    case UInt8(ascii: "b"): output.append(0x08)
    case UInt8(ascii: "f"): output.append(0x0C)
    case UInt8(ascii: "n"): output.append(0x0A)
    case UInt8(ascii: "r"): output.append(0x0D)
    case UInt8(ascii: "t"): output.append(0x09)
    case UInt8(ascii: "u"):
      let scalar = try unicodeEscape()
      output.append(contentsOf: Array(String(scalar).utf8))
    default: throw fault("an escape that JSON does not have", at: position - 1)
    }
  }

  private mutating func unicodeEscape() throws(SafeTensorsError) -> Unicode.Scalar {
    let start = position
    let first = try hexadecimal()
    if let scalar = Unicode.Scalar(first) { return scalar }
    guard first < 0xDC00, current == UInt8(ascii: "\\") else {
      throw fault("half of a surrogate pair", at: start)
    }
    position += 1
    guard current == UInt8(ascii: "u") else { throw fault("half of a surrogate pair", at: start) }
    position += 1
    let second = try hexadecimal()
    guard (0xDC00...0xDFFF).contains(second),
      let scalar = Unicode.Scalar(0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00))
    else { throw fault("half of a surrogate pair", at: start) }
    return scalar
  }

  private mutating func hexadecimal() throws(SafeTensorsError) -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<4 {
      let digit: UInt8
      switch current {
      case .some(let byte) where (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte):
        digit = byte - UInt8(ascii: "0")
      case .some(let byte) where (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte):
        digit = byte - UInt8(ascii: "a") + 10
      case .some(let byte) where (UInt8(ascii: "A")...UInt8(ascii: "F")).contains(byte):
        digit = byte - UInt8(ascii: "A") + 10
      default: throw fault("expected four hexadecimal digits after `\\u`")
      }
      value = value << 4 | UInt32(digit)
      position += 1
    }
    return value
  }
}
