import Foundation
import MoEAuthoring
import MoEBase
import MoEEval
import Testing

@Suite struct ExampleFileTests {
  private func read(_ bytes: some Sequence<UInt8>, _ kind: ExampleFile.Kind = .eval(.classify))
    throws
    -> ExampleFile
  {
    try ExampleFile(bytes: Array(bytes), name: "data/x.jsonl", kind: kind)
  }

  private func expectRefusal(
    of bytes: some Sequence<UInt8>, as kind: ExampleFile.Kind = .eval(.classify), line: Int,
    _ expected: String,
    got: String, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let bytes = Array(bytes)
    let error = #expect(throws: SourceError.self, sourceLocation: sourceLocation) {
      try read(bytes, kind)
    }
    #expect(
      error?.message == "`data/x.jsonl` line \(line): expected \(expected), got \(got)",
      sourceLocation: sourceLocation)
    #expect(
      error?.code == "source-line" && error?.exitCode == .badData, sourceLocation: sourceLocation)
  }

  private static let good = #"{"text": "a", "label": "b"}"#

  @Test func `lines are read with their numbers`() throws {
    let text = #"""
      {"text": "a\n\u00e9", "label": "arrest"}
        {"label":"cargo","text":" b "}
      {"text": "c", "expect": "none"}

      """#
    let file = try read(text.utf8)
    #expect(file.name == "data/x.jsonl" && file.bytes == Array(text.utf8))
    #expect(file.digest == Digest(of: Array(text.utf8)))
    #expect(file.examples.map(\.text) == ["a\né", " b ", "c"])
    #expect(
      file.examples.map(\.expectation) == [.label("arrest"), .label("cargo"), Expectation.none])
    #expect(file.examples.map(\.line) == [1, 2, 3])
    #expect(file.examples.map(\.labels) == [["arrest"], ["cargo"], []])
  }

  @Test func `a last line needs no line feed, and a carriage return before one is white space`()
    throws
  {
    #expect(try read("\(Self.good)\n\(Self.good)".utf8).examples.count == 2)
    #expect(try read("\(Self.good)\r\n\(Self.good)\r\n".utf8).examples.map(\.text) == ["a", "a"])
  }

  @Test func `a file of negatives names no answer`() throws {
    let file = try read(#"{"text": "a"}"#.utf8, .negatives)
    #expect(file.examples.map(\.text) == ["a"])
    #expect(file.examples.allSatisfy { $0.expectation == nil && $0.labels.isEmpty })
    expectRefusal(
      of: Self.good.utf8, as: .negatives, line: 1, "`label`: one of the keys `text`",
      got: "a key that is not known")
    expectRefusal(
      of: #"{"text": "a", "expect": "none"}"#.utf8, as: .negatives, line: 1,
      "`expect`: one of the keys `text`", got: "a key that is not known")
  }

  private static let labelRule =
    "`label`: one line of 1 to 128 bytes without control characters or outer spaces"

  /// A second line, what it should have been, and what it was.
  private static let bad: [(String, String, String)] = [
    ("", "a JSON object", "an empty line"), ("  \t ", "a JSON object", "an empty line"),
    ("\r", "a JSON object", "an empty line"),
    ("\u{FEFF}{}", "a JSON object", "a byte order mark before it"),
    ("text, label", "one JSON object", "expected `true` (byte 1)"),
    ("hello", "one JSON object", "a value cannot start with byte 0x68 (byte 0)"),
    ("{\"text\": \"a\"", "one JSON object", "expected `,` or `}` in an object (byte 12)"),
    (good + good, "one JSON object", "unexpected text after the document (byte 27)"),
    (good + ",", "one JSON object", "unexpected text after the document (byte 27)"),
    (
      #"{"text": "a", "text": "b"}"#, "one JSON object",
      "the same key twice in one object (byte 14)"
    ),
    (#"{"text": "\ud800", "label": "b"}"#, "one JSON object", "half of a surrogate pair (byte 16)"),
    (
      "{\"text\": \"a\tb\"}", "one JSON object",
      "a control character in a string must be escaped (byte 11)"
    ),
    ("[\"a\", \"b\"]", "`the document`: an object", "an array"),
    ("\"a\"", "`the document`: an object", "a string"),
    ("null", "`the document`: an object", "null"),
    ("1", "`the document`: an object", "a whole number"),
    ("{}", "`text`: a string", "nothing"), (#"{"label": "b"}"#, "`text`: a string", "nothing"),
    (#"{"text": 1, "label": "b"}"#, "`text`: a string", "a whole number"),
    (#"{"text": null, "label": "b"}"#, "`text`: a string", "null"),
    (#"{"text": ["a"], "label": "b"}"#, "`text`: a string", "an array"),
    (#"{"text": "", "label": "b"}"#, "a `text` that is not empty", "an empty text"),
    (
      #"{"text": " \t\n\u00a0\u3000\u2028", "label": "b"}"#, "a `text` that is not empty",
      "an empty text"
    ),
    (#"{"text": "a"}"#, labelRule, "nothing"),
    (#"{"text": "a", "label": null}"#, labelRule, "null"),
    (#"{"text": "a", "label": 3}"#, labelRule, "a whole number"),
    (#"{"text": "a", "label": ["b"]}"#, labelRule, "an array"),
    (#"{"text": "a", "label": ""}"#, labelRule, "``"),
    (#"{"text": "a", "label": " b"}"#, labelRule, "` b`"),
    (#"{"text": "a", "label": "b "}"#, labelRule, "`b `"),
    (#"{"text": "a", "label": "b\u0000"}"#, labelRule, "`b\0`"),
    (#"{"text": "a", "label": "b\nc"}"#, labelRule, "`b\nc`"),
    (#"{"text": "a", "label": "b\u007f"}"#, labelRule, "`b\u{7F}`"),
    (#"{"text": "a", "label": "b\u0085c"}"#, labelRule, "`b\u{85}c`"),
    (#"{"text": "a", "label": "\u202eb"}"#, labelRule, "`\u{202E}b`"),
    (#"{"text": "a", "lable": "b"}"#, labelRule, "nothing"),
    (
      #"{"text": "a", "label": "b", "note": "c"}"#,
      "`note`: one of the keys `expect`, `label`, `text`",
      "a key that is not known"
    ),
    (#"{"text": "a", "expect": "some"}"#, "`expect` to be `none`, without a label", "`some`"),
    (#"{"text": "a", "expect": ""}"#, "`expect` to be `none`, without a label", "``"),
    (
      #"{"text": "a", "expect": "none", "label": "b"}"#, "`expect` to be `none`, without a label",
      "`none`"
    ),
    (#"{"text": "a", "expect": null}"#, "`expect`: a string", "null"),
  ]

  @Test(arguments: bad)
  func `a line that is wrong is named with its number`(
    _ line: String, _ expected: String, _ got: String
  ) {
    expectRefusal(of: "\(Self.good)\n\(line)\n\(Self.good)\n".utf8, line: 2, expected, got: got)
  }

  @Test func `a line that is not UTF-8 is named with its number`() {
    for bytes: [UInt8] in [[0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xE2, 0x82]] {
      let line = Array(#"{"text": ""#.utf8) + bytes + Array(#"", "label": "b"}"#.utf8)
      expectRefusal(
        of: Array(Self.good.utf8) + [0x0A] + line, line: 2, "UTF-8", got: "bytes that are not UTF-8"
      )
    }
    let wide = "\(Self.good)\n".utf16.flatMap { [UInt8(truncatingIfNeeded: $0), 0] as [UInt8] }
    expectRefusal(of: [0xFF, 0xFE] + wide, line: 1, "UTF-8", got: "bytes that are not UTF-8")
  }

  @Test func `the first line and the last are named too`() {
    expectRefusal(of: "\n\(Self.good)\n".utf8, line: 1, "a JSON object", got: "an empty line")
    expectRefusal(of: "\(Self.good)\n\n".utf8, line: 2, "a JSON object", got: "an empty line")
    expectRefusal(of: "\(Self.good)\n \n".utf8, line: 2, "a JSON object", got: "an empty line")
    expectRefusal(of: "\n".utf8, line: 1, "a JSON object", got: "an empty line")
    expectRefusal(
      of: "\u{FEFF}\(Self.good)\n".utf8, line: 1, "a JSON object",
      got: "a byte order mark before it")
  }

  @Test func `training lines know no expectation`() {
    expectRefusal(
      of: #"{"text": "a", "expect": "none"}"#.utf8, as: .training(.classify), line: 1,
      Self.labelRule,
      got: "nothing")
    expectRefusal(
      of: #"{"text": "a", "label": "b", "expect": "none"}"#.utf8, as: .training(.classify), line: 1,
      "`expect`: one of the keys `label`, `text`", got: "a key that is not known")
  }

  @Test func `a file without lines holds no example`() {
    let error = #expect(throws: SourceError.self) { try read([]) }
    #expect(error?.message == "`data/x.jsonl` holds no line, expected at least one example")
    #expect(error?.code == "source-empty")
  }

  @Test func `texts and labels end at their limits`() throws {
    func line(text: Int, label: Int) -> [UInt8] {
      let value: JSONValue = [
        "text": .string(String(repeating: "t", count: text)),
        "label": .string(String(repeating: "l", count: label)),
      ]
      return value.bytes
    }
    #expect(try read(line(text: 1 << 20, label: 128)).examples.count == 1)
    expectRefusal(
      of: line(text: (1 << 20) + 1, label: 1), line: 1, "a `text` of at most 1048576 bytes",
      got: "1048577 bytes")
    expectRefusal(
      of: line(text: 1, label: 129), line: 1, Self.labelRule,
      got: "`\(String(repeating: "l", count: 80))`")
  }

  @Test func `a line of nested arrays is refused without harm`() {
    let deep = "{\"text\": " + String(repeating: "[", count: 1 << 20)
    expectRefusal(of: deep.utf8, line: 1, "one JSON object", got: "nested deeper than 32 (byte 40)")
  }
}
