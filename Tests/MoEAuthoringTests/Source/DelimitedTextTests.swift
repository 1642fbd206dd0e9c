import Foundation
import MoEAuthoring
import MoEBase
import MoEEval
import Testing

@Suite struct DelimitedTextTests {
  private func read(
    _ text: String, name: String = "data/x.csv", _ kind: ExampleFile.Kind = .eval(.classify)
  ) throws -> ExampleFile {
    try ExampleFile(bytes: Array(text.utf8), name: name, kind: kind)
  }

  @Test func `columns are read by their names, with the lines they begin on`() throws {
    let file = try read("label,text\narrest,\"Can we,\nafter all, \"\"arrest\"\" her?\"\ncargo,b\n")
    #expect(file.examples.map(\.text) == ["Can we,\nafter all, \"arrest\" her?", "b"])
    #expect(file.examples.flatMap(\.labels) == ["arrest", "cargo"])
    #expect(file.examples.map(\.line) == [2, 4])
  }

  @Test
  func `line ends, a last line without one, and a byte order mark are as programs write them`()
    throws
  {
    for text in [
      "text,label\na,b\nc,d", "text,label\r\na,b\r\nc,d\r\n", "\u{FEFF}text,label\na,b\nc,d\n",
      "\"text\",\"label\"\n\"a\",\"b\"\n\"c\",\"d\"\n",
    ] {
      #expect(try read(text).examples.map(\.text) == ["a", "c"], "\(text.debugDescription)")
    }
  }

  @Test func `tabs separate where the name says so, and commas then do not`() throws {
    let file = try read("text\tlabel\na, b\tc\n\"d\te\"\tf\n", name: "x.TSV")
    #expect(file.examples.map(\.text) == ["a, b", "d\te"])
    #expect(file.examples.flatMap(\.labels) == ["c", "f"])
  }

  @Test func `an empty field is none: a text is left alone, or has a label`() throws {
    let file = try read("text,label,expect\na,b,\nc,,none\n")
    #expect(file.examples.map(\.expectation) == [.label("b"), Expectation.none])
    #expect(try read("text\na\nb\n", .negatives).examples.map(\.text) == ["a", "b"])
  }

  @Test func `bytes are kept as they are: white space, controls and every plane of Unicode`() throws
  {
    let text = " \u{0} e\u{301} é 😀\u{202E}  "
    #expect(try read("text,label\n\(text),b\n").examples[0].text.utf8.elementsEqual(text.utf8))
  }

  /// A file, the line and column of its fault, what should have been, and what was.
  private static let bad: [(String, Int, Int?, String, String)] = [
    (
      "text,label\na \"b\" c,d\n", 2, 3, "a field with a quotation mark to begin with one",
      "a quotation mark within a bare field"
    ),
    (
      "text,label\n\"a\"b,c\n", 2, 4,
      "a comma or the end of the line after a closing quotation mark",
      "more text; a quotation mark within a field is doubled"
    ),
    (
      "text,label\nä,\"b\nc\n", 2, 3, "a quotation mark that closes the one here",
      "the end of the file"
    ),
    ("text,label\na,b,c\n", 2, 5, "2 fields, as the first line names", "3"),
    ("text,label\na\n", 2, 1, "2 fields, as the first line names", "1"),
    ("text,label\na,b\n\nc,d\n", 3, 1, "a record", "an empty line"),
    ("text,label\na,b\rc,d\n", 2, 4, "a line feed after a carriage return", "other text"),
    (
      "text,label,note\na,b,c\n", 1, 12,
      "one of the columns `text`, `label`, `expect` named by the first line", "`note`"
    ),
    ("text,label,text\na,b,c\n", 1, 12, "every column named once", "`text` again"),
    (
      "text;label\na;b\n", 1, 1,
      "one of the columns `text`, `label`, `expect` named by the first line", "`text;label`"
    ),
    ("text\na\n", 1, 1, "a column `label` named by the first line", "none of that name"),
    ("text,label\na,b\n  ,c\n", 3, 1, "a `text` that is not empty", "an empty text"),
    ("text,label\na,b\n,c\n", 3, 1, "a `text` that is not empty", "an empty text"),
    (
      "text,label\na,\n", 2, 3,
      "`label`: one line of 1 to 128 bytes without control characters or outer spaces", "nothing"
    ),
    (
      "text,label\n\"a\nb\", c\n", 3, 4,
      "`label`: one line of 1 to 128 bytes without control characters or outer spaces", "` c`"
    ),
    (
      "text,label,expect\na,b,none\n", 2, 5, "`expect` to be `none`, without a label", "`none`"
    ),
  ]

  @Test(arguments: bad.indices)
  func `what is wrong is named with its line and column`(_ index: Int) {
    let (text, line, column, expected, got) = Self.bad[index]
    let error = #expect(throws: SourceError.self) { try read(text) }
    #expect(
      error
        == .badLine(file: "data/x.csv", line: line, column: column, expected: expected, got: got))
    #expect(error?.hint.contains("RFC 4180") == true)
  }

  @Test func `bytes that are not UTF-8 are named with the field they stand in`() {
    let bytes = Array("text,label\na,b\né,".utf8) + [0xE9, 0x0A]
    let error = #expect(throws: SourceError.self) {
      try ExampleFile(bytes: bytes, name: "x.csv", kind: .training(.classify))
    }
    #expect(error?.message.hasPrefix("`x.csv` line 3, column 3: expected UTF-8") == true)
  }

  @Test func `a file without a record holds no example`() {
    for text in ["", "text,label\n"] {
      #expect(throws: SourceError.noExamples(file: "data/x.csv")) { try read(text) }
    }
  }

  @Test func `columnar files are refused with the tool that converts them`() {
    for suffix in ["parquet", "arrow"] {
      let error = #expect(throws: SourceError.self) { try read("PAR1", name: "x.\(suffix)") }
      #expect(error == .unreadableFormat(file: "x.\(suffix)", format: suffix))
      #expect(error?.hint.contains("tools/parquet-to-jsonl x.\(suffix)") == true)
    }
  }

  @Test func `other kinds of task keep to JSON Lines`() {
    let error = #expect(throws: SourceError.self) {
      try read("text,answer\na,b\n", .training(.generate))
    }
    #expect(error?.message.contains("JSON Lines for a task of kind `generate`") == true)
  }
}
