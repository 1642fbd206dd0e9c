import MoEBase

/// Records of comma- or tab-separated fields, read byte by byte after RFC 4180.
///
/// A field that holds the separator, a quotation mark or a line break stands in quotation marks, and a quotation
/// mark in it is doubled. Lines end with a line feed, or a carriage return and a line feed. What spreadsheets
/// forgive each other is refused with its place: a quotation mark within a bare field, text after a closing one,
/// a line break of another kind, an empty line. One byte order mark at the beginning is passed over.
struct DelimitedText {
  /// One field.
  struct Field: Equatable {
    /// Its text, without the quotation marks around it.
    let text: String
    /// The line it begins on, counted from 1.
    let line: Int
    /// The character of that line it begins with, counted from 1.
    let column: Int
  }

  /// One record.
  struct Record: Equatable {
    /// The line it begins on, counted from 1.
    let line: Int
    /// Its fields.
    let fields: [Field]
  }

  private let bytes: [UInt8]
  private let separator: UInt8
  private let file: String
  private var position: Int
  private var line = 1
  private var lineStart: Int

  private static let quote = UInt8(ascii: "\"")
  private static let lineFeed = UInt8(ascii: "\n")
  private static let carriageReturn = UInt8(ascii: "\r")

  /// Begins to read.
  ///
  /// - Parameters:
  ///   - bytes: The file.
  ///   - separator: What stands between fields.
  ///   - file: What error sentences call it.
  init(_ bytes: [UInt8], separator: UInt8, file: String) {
    self.bytes = bytes
    self.separator = separator
    self.file = file
    position = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
    lineStart = position
  }

  /// The next record; `nil` at the end.
  ///
  /// - Throws: ``SourceError/badLine(file:line:column:expected:got:)``, after which nothing more can be read.
  mutating func next() throws(SourceError) -> Record? {
    guard position < bytes.count else { return nil }
    let first = line
    if endsLine(at: position) {
      throw bad(at: position, "a record", "an empty line")
    }
    var fields: [Field] = []
    while true {
      fields.append(try field())
      guard position < bytes.count else { break }
      if bytes[position] == separator {
        position += 1
        continue
      }
      position += bytes[position] == Self.lineFeed ? 1 : 2
      startLine()
      break
    }
    return Record(line: first, fields: fields)
  }

  private mutating func field() throws(SourceError) -> Field {
    let (start, startLine, startColumn) = (position, line, column(of: position))
    let content =
      position < bytes.count && bytes[position] == Self.quote ? try quoted() : try bare()
    guard let text = String(validating: content, as: UTF8.self) else {
      throw SourceError.badLine(
        file: file, line: startLine, column: startColumn, expected: "UTF-8",
        got: "bytes that are not UTF-8 in the field that begins here")
    }
    guard position == bytes.count || bytes[position] == separator || endsLine(at: position) else {
      if bytes[start] == Self.quote {
        throw bad(
          at: position, "\(separatorName) or the end of the line after a closing quotation mark",
          "more text; a quotation mark within a field is doubled")
      }
      throw bad(at: position, "a line feed after a carriage return", "other text")
    }
    return Field(text: text, line: startLine, column: startColumn)
  }

  private mutating func bare() throws(SourceError) -> ArraySlice<UInt8> {
    let start = position
    while position < bytes.count {
      switch bytes[position] {
      case separator, Self.lineFeed, Self.carriageReturn: return bytes[start..<position]
      case Self.quote:
        throw bad(
          at: position, "a field with a quotation mark to begin with one",
          "a quotation mark within a bare field")
      default: position += 1
      }
    }
    return bytes[start..<position]
  }

  private mutating func quoted() throws(SourceError) -> ArraySlice<UInt8> {
    let opening = (line: line, column: column(of: position))
    var content: [UInt8] = []
    position += 1
    while position < bytes.count {
      let byte = bytes[position]
      position += 1
      if byte == Self.quote {
        guard position < bytes.count, bytes[position] == Self.quote else { return content[...] }
        position += 1
      }
      content.append(byte)
      if byte == Self.lineFeed { startLine() }
    }
    throw SourceError.badLine(
      file: file, line: opening.line, column: opening.column,
      expected: "a quotation mark that closes the one here", got: "the end of the file")
  }

  private mutating func startLine() {
    line += 1
    lineStart = position
  }

  private func endsLine(at index: Int) -> Bool {
    bytes[index] == Self.lineFeed
      || bytes[index] == Self.carriageReturn && index + 1 < bytes.count
        && bytes[index + 1] == Self.lineFeed
  }

  /// The character at an offset of this line, counted from 1: bytes that go on a character are not counted.
  private func column(of offset: Int) -> Int {
    1 + bytes[lineStart..<offset].count { $0 & 0xC0 != 0x80 }
  }

  private var separatorName: String { separator == UInt8(ascii: "\t") ? "a tab" : "a comma" }

  private func bad(at offset: Int, _ expected: String, _ got: String) -> SourceError {
    .badLine(file: file, line: line, column: column(of: offset), expected: expected, got: got)
  }
}
