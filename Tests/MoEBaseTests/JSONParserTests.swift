import MoEBase
import Testing

@Suite struct JSONParserTests {
  private func parse(_ bytes: some Sequence<UInt8>) throws(JSONSyntaxError) -> JSONValue {
    try JSONValue(parsing: Array(bytes))
  }

  private func expectRefusal(
    at offset: Int, _ reason: String, of bytes: some Sequence<UInt8>,
    limits: JSONLimits = JSONLimits(), sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let error = #expect(throws: JSONSyntaxError.self, sourceLocation: sourceLocation) {
      try JSONValue(parsing: Array(bytes), limits: limits)
    }
    #expect(error?.offset == offset, sourceLocation: sourceLocation)
    #expect(error?.reason == reason, sourceLocation: sourceLocation)
  }

  /// Documents and what they mean.
  private static let accepted: [(String, JSONValue)] = [
    ("null", .null), ("true", true), ("false", false), (" \t\r\n0 \t\r\n", 0),
    ("-0", 0), ("-1", -1), ("9223372036854775807", .integer(Int64.max)),
    ("-9223372036854775808", .integer(Int64.min)), ("0.5", 0.5), ("1.0", 1.0), ("1e2", 100.0),
    ("1E+2", 100.0), ("25e-2", 0.25), ("0e0", 0.0), ("1e308", 1e308), ("1e-400", 0.0),
    ("5e-324", .number(.leastNonzeroMagnitude)), ("\"\"", ""), ("\"\u{7F}\"", "\u{7F}"),
    ("\"😀\"", "😀"),
    (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{C}\n\r\t"), (#""\u0000""#, "\0"),
    (#""\u00e9\u00E9""#, "éé"),
    (#""\ud83d\uDE00""#, "😀"), (#""\uffff\uFEFF""#, "\u{FFFF}\u{FEFF}"), ("[]", []), ("[ ]", []),
    ("[1,[2],{}]", [1, [2], [:]]), ("{}", [:]), ("{\"a\":{\"a\":1}}", ["a": ["a": 1]]),
    (" {\"b\" : 1 ,\"a\":[ ] } ", ["b": 1, "a": []]), ("{\"\":0}", ["": 0]),
  ]

  @Test(arguments: accepted)
  func `a document that RFC 8259 allows is read`(_ text: String, _ meaning: JSONValue) throws {
    #expect(try parse(text.utf8) == meaning)
  }

  /// Documents, the offset at which they are refused, and the reason.
  private static let refused: [(String, Int, String)] = [
    ("", 0, "the text ends where a value is expected"),
    (" ", 1, "the text ends where a value is expected"),
    ("[1,", 3, "the text ends where a value is expected"),
    ("\u{FEFF}1", 0, "a value cannot start with byte 0xef"),
    ("\u{A0}1", 0, "a value cannot start with byte 0xc2"),
    ("'a'", 0, "a value cannot start with byte 0x27"),
    ("NaN", 0, "a value cannot start with byte 0x4e"),
    ("Infinity", 0, "a value cannot start with byte 0x49"),
    ("+1", 0, "a value cannot start with byte 0x2b"),
    (".5", 0, "a value cannot start with byte 0x2e"),
    ("// 1", 0, "a value cannot start with byte 0x2f"),
    ("[,1]", 1, "a value cannot start with byte 0x2c"),
    ("[1,]", 3, "a value cannot start with byte 0x5d"),
    ("nul", 3, "expected `null`"), ("nulL", 3, "expected `null`"), ("tru e", 3, "expected `true`"),
    ("truefalse", 4, "unexpected text after the document"),
    ("1 2", 2, "unexpected text after the document"),
    ("{} }", 3, "unexpected text after the document"),
    ("1,", 1, "unexpected text after the document"),
    ("1\0", 1, "unexpected text after the document"),
    ("0x10", 1, "unexpected text after the document"),
    ("[1 2]", 3, "expected `,` or `]` in an array"), ("[1", 2, "expected `,` or `]` in an array"),
    ("[1}", 2, "expected `,` or `]` in an array"),
    ("{\"a\":1", 6, "expected `,` or `}` in an object"),
    ("{\"a\":1]", 6, "expected `,` or `}` in an object"), ("{", 1, "expected a key in an object"),
    ("{a:1}", 1, "expected a key in an object"), ("{1:1}", 1, "expected a key in an object"),
    ("{\"a\":1,}", 7, "expected a key in an object"), ("{\"a\"}", 4, "expected `:` after a key"),
    ("{\"a\" 1}", 5, "expected `:` after a key"),
    ("{\"a\":1,\"a\":2}", 7, "the same key twice in one object"),
    (#"{"a":1, "\u0061":2}"#, 8, "the same key twice in one object"),
    (#"{"/":1,"\/":2}"#, 7, "the same key twice in one object"),
    ("01", 0, "a number cannot start with 0"), ("-01", 0, "a number cannot start with 0"),
    ("00.5", 0, "a number cannot start with 0"), ("-", 1, "expected a digit"),
    ("--1", 1, "expected a digit"),
    ("1.", 2, "expected a digit"), ("1.e2", 2, "expected a digit"), ("1e", 2, "expected a digit"),
    ("1e+", 3, "expected a digit"), ("1e1.5", 3, "unexpected text after the document"),
    ("9223372036854775808", 0, "a whole number that does not fit 64 bits"),
    ("-9223372036854775809", 0, "a whole number that does not fit 64 bits"),
    ("1e400", 0, "a number beyond what 64-bit floating point holds"),
    ("[-1e309]", 1, "a number beyond what 64-bit floating point holds"),
    ("\"", 1, "a string without its closing quote"),
    (#""\"#, 1, "a string without its closing quote"),
    (#""\""#, 1, "a string without its closing quote"),
    ("{\"a", 2, "a string without its closing quote"),
    ("\"a\nb\"", 2, "a control character in a string must be escaped"),
    ("\"\u{0}\"", 1, "a control character in a string must be escaped"),
    ("\"\u{1F}\"", 1, "a control character in a string must be escaped"),
    (#""a\x41""#, 2, "an escape that JSON does not have"),
    (#""\'""#, 1, "an escape that JSON does not have"),
    (#""\U0041""#, 1, "an escape that JSON does not have"),
    ("\"\\\n\"", 1, "an escape that JSON does not have"),
    (#""\u00g0""#, 5, #"expected four hexadecimal digits after `\u`"#),
    (#""\u004""#, 6, #"expected four hexadecimal digits after `\u`"#),
    (#""\u+041""#, 3, #"expected four hexadecimal digits after `\u`"#),
    (#""\ud800""#, 7, "half of a surrogate pair"), (#""\udc00""#, 7, "half of a surrogate pair"),
    (#""\ud83d\u0041""#, 7, "half of a surrogate pair"),
    (#""\ud83dx""#, 7, "half of a surrogate pair"),
    (#""\ud83d\n""#, 7, "half of a surrogate pair"),
    (#""\ude00\ud83d""#, 7, "half of a surrogate pair"),
  ]

  @Test(arguments: refused)
  func `a document that is wrong is refused at its byte`(
    _ text: String, _ offset: Int, _ reason: String
  ) {
    expectRefusal(at: offset, reason, of: text.utf8)
  }

  @Test(arguments: [
    [0xFF], [0xC0, 0x80], [0xE2, 0x82], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0x80],
  ])
  func `a string that is not UTF-8 is refused, escapes beside it or not`(_ bytes: [UInt8]) {
    expectRefusal(at: 1, "a string that is not UTF-8", of: [0x22] + bytes + [0x22])
    expectRefusal(at: 1, "a string that is not UTF-8", of: [0x22] + bytes + Array("\\n\"".utf8))
  }

  @Test func `UTF-16 is refused, with its byte order mark and without`() {
    let units = Array("{\"a\":1}".utf16)
    let littleEndian = units.flatMap {
      [UInt8(truncatingIfNeeded: $0), UInt8(truncatingIfNeeded: $0 >> 8)]
    }
    let bigEndian = units.flatMap {
      [UInt8(truncatingIfNeeded: $0 >> 8), UInt8(truncatingIfNeeded: $0)]
    }
    for bytes in [littleEndian, bigEndian, [0xFF, 0xFE] + littleEndian, [0xFE, 0xFF] + bigEndian] {
      #expect(throws: JSONSyntaxError.self) { try parse(bytes) }
    }
  }

  @Test func `keys that Unicode takes for one another are two keys`() throws {
    let value = try parse("{\"\u{E9}\":1,\"e\u{301}\":2,\"\u{212B}\":3,\"\u{C5}\":4}".utf8)
    #expect(value["\u{E9}"] == 1)
    #expect(value["e\u{301}"] == 2)
    #expect(value["\u{212B}"] == 3)
    #expect(value["\u{C5}"] == 4)
    #expect(value["A\u{30A}"] == nil)
  }

  @Test func `values are compared by their bytes`() {
    #expect(JSONValue.string("\u{E9}") != .string("e\u{301}"))
    #expect(JSONValue.object([JSONMember("\u{E9}", 1)]) != .object([JSONMember("e\u{301}", 1)]))
    #expect(JSONValue.integer(1) != .number(1))
    #expect(JSONValue.object([JSONMember("a", 1)]) == ["a": 1])
  }

  @Test func `nesting ends at its limit`() throws {
    func nested(_ depth: Int, _ open: String, _ close: String) -> [UInt8] {
      Array(
        (String(repeating: open, count: depth) + "1" + String(repeating: close, count: depth)).utf8)
    }
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
      _ = try parse(nested(32, open, close))
      expectRefusal(
        at: 32 * open.utf8.count, "nested deeper than 32", of: nested(33, open, close))
    }
    expectRefusal(
      at: 32, "nested deeper than 32", of: repeatElement(UInt8(ascii: "["), count: 10_000_000))
    let wide = try JSONValue(parsing: nested(40, "[", "]"), limits: JSONLimits(depth: 40))
    #expect(wide.kind == "an array")
  }

  @Test func `values end at their limit`() throws {
    let limits = JSONLimits(values: 3)
    _ = try JSONValue(parsing: Array("[1,2]".utf8), limits: limits)
    expectRefusal(at: 5, "more than 3 values", of: "[1,2,3]".utf8, limits: limits)
  }

  @Test func `a number has at most 400 characters`() throws {
    let digits = String(repeating: "1", count: 398)
    #expect(try parse("0.\(digits)".utf8) != .null)
    expectRefusal(at: 0, "a number of over 400 characters", of: "0.1\(digits)".utf8)
  }

  @Test func `members keep their order`() throws {
    guard case .object(let members) = try parse("{\"z\":1,\"a\":2,\"m\":3}".utf8) else {
      Issue.record("no object")
      return
    }
    #expect(members.map(\.key) == ["z", "a", "m"])
  }

  @Test func `a document cut short anywhere is refused`() throws {
    let text = Array(#"{"a":[1.5e3,"\ud83d\ude00é",null],"b":{"c":true}}"#.utf8)
    _ = try parse(text)
    for count in text.indices {
      #expect(throws: JSONSyntaxError.self, "\(count) bytes") { try parse(text.prefix(count)) }
    }
  }
}
