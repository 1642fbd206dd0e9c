import Foundation
import MoEAuthoring
import MoEBase
import MoETestSupport
import Testing

@Suite struct WordNetCorpusTests {
  private func byDigest(_ texts: [String]) -> [String] {
    texts.sorted { Digest(of: Array($0.utf8)) < Digest(of: Array($1.utf8)) }
  }

  /// A database directory with these lines in `data.noun` and empty files beside it.
  private func directory(_ lines: [String]) throws -> TemporaryDirectory {
    let directory = try TemporaryDirectory()
    for name in WordNetCorpus.fileNames { try directory.write([], to: name) }
    try directory.write(lines.map { $0 + "\n" }.joined().utf8, to: "data.noun")
    return directory
  }

  @Test func `a gloss gives its definition and each example`() throws {
    let lines = [
      "  1 This software and database is being provided to you | as is",
      "00001740 03 n 01 entity 0 003 ~ 00001930 n 0000 | that which is perceived (living or nonliving)  ",
      "00002137 03 n 02 a 0 b 0 001 @ 00001740 n 0000 | a general concept; \"he said \\\"no\\\"\"; \"she ran; and fell\"  ",
      "00003000 03 n 01 c 0 000 | one; two; \"three\"; ",
      "00004000 03 n 01 d 0 000 | that which is perceived (living or nonliving)",
      "00005000 03 n 01 e 0 000", "00006000 03 n 01 f 0 000 | ",
      "00007000 03 n 01 g 0 000 | either | or",
    ]
    let directory = try directory(lines)
    #expect(
      try WordNetCorpus.texts(in: directory.url)
        == byDigest([
          "that which is perceived (living or nonliving)", "a general concept", "he said \\\"no\\",
          "she ran; and fell",
          "one; two", "three", "either | or",
        ]))
  }

  @Test func `the order does not depend on the files`() throws {
    let forward = try directory(["1 | a", "2 | b", "3 | c; \"d\""])
    let backward = try directory(["3 | d; \"c\"", "2 | b"])
    try backward.write(Array("1 | a\n".utf8), to: "data.verb")
    #expect(try WordNetCorpus.texts(in: forward.url) == WordNetCorpus.texts(in: backward.url))
  }

  @Test func `a file that is not there, or is not UTF-8, is named`() throws {
    let directory = try directory(["1 | a"])
    try directory.write([0x31, 0x20, 0x7C, 0x20, 0xFF], to: "data.verb")
    let broken = #expect(throws: SourceError.self) { try WordNetCorpus.texts(in: directory.url) }
    #expect(broken?.message == "`data.verb` cannot be read: it is not UTF-8")
    try FileManager.default.removeItem(at: directory.url.appending(path: "data.adv"))
    let missing = #expect(throws: SourceError.self) { try WordNetCorpus.texts(in: directory.url) }
    #expect(
      missing?.message
        == "`\(directory.path("data.adv"))` does not exist, expected the file that WordNet's database "
        + "(Debian package `wordnet-base`) needs")
    #expect(missing?.exitCode == .notFound)
  }

  @Test func `a file of lines gives each text once`() throws {
    let directory = try TemporaryDirectory()
    let file = try directory.write("b\r\n\n  a  \nb\n\t\nc".utf8, to: "corpus.txt")
    #expect(try WordNetCorpus.lines(of: file) == byDigest(["a", "b", "c"]))
    let broken = try directory.write([0x61, 0x0A, 0xC3], to: "broken.txt")
    let error = #expect(throws: SourceError.self) { try WordNetCorpus.lines(of: broken) }
    #expect(error?.message == "`\(broken.path)` cannot be read: it is not UTF-8")
  }
}

@Suite struct AnchorFileTests {
  private func read(_ text: String) throws -> [String] {
    let directory = try TemporaryDirectory()
    return try AnchorFile.texts(of: try directory.write(text.utf8, to: "anchors.jsonl"))
  }

  @Test func `texts are read in their order`() throws {
    #expect(
      try read("{\"text\": \"b\", \"topic\": \"x\"}\n{\"topic\": \"y\", \"text\": \"a\"}\n") == [
        "b", "a",
      ])
    #expect(try read("").isEmpty)
  }

  @Test(arguments: [
    ("", "one JSON object", "the text ends where a value is expected"),
    ("x", "one JSON object", "a value cannot start with byte 0x78"),
    ("[]", "`the document`: an object", "an array"),
    ("{\"text\": \"a\"}", "`topic`: a value", "nothing"),
    ("{\"text\": 1, \"topic\": \"x\"}", "`text`: a string", "a whole number"),
    (
      "{\"text\": \"a\", \"topic\": \"x\", \"label\": \"b\"}",
      "`label`: one of the keys `text`, `topic`",
      "a key that is not known"
    ),
  ])
  func `a line that is wrong is named with its number`(
    _ line: String, _ expected: String, _ got: String
  ) {
    let good = "{\"text\": \"a\", \"topic\": \"x\"}\n"
    let error = #expect(throws: SourceError.self) { try read(good + line + "\n" + good) }
    #expect(error?.message == "`anchors.jsonl` line 2: expected \(expected), got \(got)")
  }
}
