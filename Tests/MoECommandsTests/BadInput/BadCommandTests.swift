import Foundation
import MoEBase
import MoETestSupport
import Testing

/// Names, numbers, paths and texts that are wrong: each with a sentence, a hint, its exit code and an
/// unchanged store.
@Suite struct BadCommandTests {
  static let requests: [Refusal] = [
    line("an empty line", "", "expected a JSON object, got an empty line"),
    line("no JSON", "hello", "expected one JSON object, got"),
    line("an array", "[1]", "expected one JSON object, got an array"),
    line("half an object", #"{"text": "a""#, "expected one JSON object, got expected"),
    line("two objects", #"{"text": "a"} {}"#, "got unexpected text after the document"),
    line("no text", #"{"id": 1}"#, "expected `text`: a value, got nothing"),
    line("a number for text", #"{"text": 5}"#, "expected `text`: a string, got a whole number"),
    line("null for text", #"{"text": null}"#, "expected `text`: a string, got null"),
    line("a fraction for id", #"{"text": "a", "id": 0.5}"#, "expected `id`: a string or a whole"),
    line("a list for id", #"{"text": "a", "id": []}"#, "expected `id`", "got an array"),
    line("a great id", #"{"text": "a", "id": 99999999999999999999}"#, "does not fit 64 bits"),
    line("text twice", #"{"text": "a", "text": "b"}"#, "the same key twice"),
    line("half a pair", #"{"text": "\ud83d"}"#, "half of a surrogate pair"),
    line("a raw control", "{\"text\": \"a\u{1}\"}", "control character"),
    line("a byte order mark", "\u{FEFF}{\"text\": \"a\"}", "expected one JSON object"),
    line("too deep", #"{"text": "a", "x": "# + String(repeating: "[", count: 40), "deeper than 32"),
    line("an empty text", #"{"text": ""}"#, "at least one character", "got an empty text"),
    line("white space", #"{"text": "\u2003\n"}"#, "at least one character", "got white space"),
    Refusal(
      name: "not UTF-8", arguments: ["predict"],
      input: good + Array(#"{"text": ""#.utf8) + [0xFF] + Array("\"}\n".utf8), status: 65,
      says: ["standard input, line 2: expected UTF-8, got a byte that is not, at byte 10"],
      hint: "correct line 2", lines: 1),
  ]

  static let good = Array(#"{"text": "bada bado", "label": "x"}"#.utf8) + [0x0A]

  private static func line(_ name: String, _ text: String, _ says: String...) -> Refusal {
    Refusal(
      name: name, arguments: ["predict"], input: good + Array(text.utf8) + [0x0A] + good,
      status: 65, says: ["standard input, line 2: "] + says,
      hint: "the answer of line 1 was written; correct line 2", lines: 1)
  }

  static let commands: [Refusal] = [
    no("remove", "example/none", says: "no pack named `example/none` is installed, expected"),
    no("remove", "ships", says: "the nearest is `example/ships`"),
    no("info", "example/none", says: "expected the name of one that is"),
    no("verify", "example/none", says: "no pack named `example/none`"),
    no("eval", "example/none", says: "no pack named `example/none`"),
    no("rollback", "9", says: "there is no generation 9: expected a number from 0 to 1"),
    no("trust", "remove", "ed25519:0", says: "is not trusted, expected the id of a key that is"),
    no("trust", "add", "@none.pub", "--namespace", "x", says: "key `none.pub` does not exist"),
    no("info", "@none.moepack", says: "/none.moepack` does not exist: expected a pack file"),
    no("verify", "@none.moepack", says: "/none.moepack` does not exist: expected a pack file"),
    no(
      "pack", "inspect", "@none.moepack",
      says: "/none.moepack` does not exist: expected a pack file"),
    no(
      "pack", "check", "@none", says: "is no pack source, expected a directory with a `pack.yaml`"),
    no("predict", "-i", "@none.jsonl", says: "does not exist, expected a file of requests"),
    no("backbone", "add", "@none", says: "`config.json` is not in", "expected every file"),
    no("backbone", "info", says: "backbone `minilm-l6` is not registered here"),
    no("ask", "--pack", "example/none", "bada", says: "is not installed, expected one of"),
    Refusal(
      name: "removing one pack twice", arguments: ["remove", "example/ships", "example/ships"],
      status: 64, says: ["`example/ships` is named twice, expected every pack once"],
      hint: "nothing was changed"),
    Refusal(
      name: "an empty question", arguments: ["ask", ""], status: 65,
      says: ["the text is empty, expected at least one character"], hint: "nothing was answered"),
    Refusal(
      name: "an empty question on stdin", arguments: ["ask", "-"], status: 65,
      says: ["the text is empty, expected at least one character"], hint: "nothing was answered"),
    Refusal(
      name: "a question that is not UTF-8", arguments: ["ask", "-"], input: [0x61, 0xC3],
      status: 65, says: ["standard input is not UTF-8: expected", "at byte 1"],
      hint: "convert the text"),
    Refusal(
      name: "an output in no directory", arguments: ["predict", "-o", "@no/out"], status: 74,
      says: ["no/out` cannot be written: expected", "got No such file or directory"],
      hint: "nothing was answered or written"),
    Refusal(
      name: "an output that is a directory", arguments: ["predict", "-o", "/tmp"], status: 74,
      says: ["`/tmp` cannot be written: expected", "got Is a directory"],
      hint: "nothing was answered or written"),
    Refusal(
      name: "an output without room", arguments: ["predict", "-o", "/dev/full"], input: good,
      status: 74, says: ["`/dev/full` cannot be written: expected room", "got No space left"],
      hint: "may be cut short"),
  ]

  private static func no(_ arguments: String..., says: String...) -> Refusal {
    Refusal(
      name: arguments.joined(separator: " "), arguments: arguments, status: 66, says: says, hint: ""
    )
  }

  static let usage: [[String]] = [
    ["frobnicate"], ["install"], ["remove"], ["ask"], ["ask", "a", "b"], ["list", "--nope"],
    ["list", "-q", "-v"], ["list", "--lock-timeout", "x"], ["list", "--lock-timeout", "-1"],
    ["list", "--lock-timeout", "1e9"], ["list", "--store", ""], ["rollback", "x"],
    ["rollback", "-1"], ["gc", "--keep", "0"], ["gc", "--grace", "-1"], ["trust", "add", "x.pub"],
    ["trust", "add", "", "--namespace", "x"], ["trust", "add", "x.pub", "--namespace", "A B"],
    ["predict", "-i", ""], ["predict", "-o", ""], ["install", ""], ["key", "new"],
    ["key", "new", "-o", ""], ["pack", "build", "."], ["pack", "check", ""],
    ["pack", "inspect", ""], ["backbone", "add", ""], ["backbone", "profile"],
  ]

  let bench: CommandBench

  init() throws {
    bench = try CommandBench()
    try bench.trust()
    try bench.run("install", "--no-eval", try bench.archive("example/ships", topics: [0, 1]))
  }

  @Test func `a line that is no request is named, after the answers before it`() throws {
    for refusal in Self.requests {
      try bench.expect(refusal)
      for command in ["embed", "tokenize"]
      where refusal.says.contains("at least one character") == false {
        #expect(try bench.run(words: [command], input: refusal.input).status == 65)
      }
    }
  }

  @Test func `what is not there, or cannot be read or written, is named`() throws {
    for refusal in Self.commands { try bench.expect(refusal) }
  }

  @Test func `a command line that is none says what would be one`() throws {
    for arguments in Self.usage {
      try bench.expect(
        Refusal(
          name: arguments.joined(separator: " "), arguments: arguments, status: 64,
          says: ["error: the command line: "], hint: "nothing was done; expected `moe-pack "))
    }
  }

  @Test func `a store without a generation to go back to says so`() throws {
    let other = try CommandBench()
    try other.trust()
    try other.expect(
      Refusal(
        name: "rollback", arguments: ["rollback"], status: 66,
        says: [
          "there is nothing to go back to", "expected a generation before", "got generation 0",
        ],
        hint: "moe-pack history"))
  }

  @Test func `a text of 100,000 characters is answered, as an argument and on every stream`() throws
  {
    let text = String(repeating: CommandBench.text(topic: 0) + " ", count: 2000).prefix(100_000)
    #expect(text.count == 100_000)
    let asked = try bench.run("ask", String(text))
    #expect(asked.status == 0 && asked.output.contains("The text is long: the first 32 of its"))
    #expect(try bench.run("ask", "-", input: Array(text.utf8)).output == asked.output)
    for command in ["predict", "embed", "tokenize"] {
      let line = try bench.run(
        words: [command], input: CommandBench.requests([String(text), "bada"])
      ).jsonLines()
      #expect(line.count == 2 && line[0]["truncated"] == true && line[1]["truncated"] != true)
    }
  }

  @Test func `a file of a registered backbone that was altered is found before it answers`() throws
  {
    var bench = bench
    try bench.run("remove", "--no-eval", "example/ships")
    bench.ground = nil
    let name = "9977d53604db81fa9c4ebe0d5bd2157eda47fa7a5ce4cf0644817f330a161ca4"
    let directory = bench.directory.url.appending(path: "moe-pack/backbones/\(name)")
    try FileManager.default.createDirectory(
      at: directory.appending(path: "1_Pooling"), withIntermediateDirectories: true)
    for file in [
      "config.json", "model.safetensors", "tokenizer.json", "sentence_bert_config.json",
      "1_Pooling/config.json",
    ] {
      try Data("{}".utf8).write(to: directory.appending(path: file))
    }
    for arguments in [
      ["ask", "bada"], ["predict"], ["embed"], ["tokenize"], ["backbone", "info"],
    ] {
      try bench.expect(
        Refusal(
          name: arguments[0], arguments: arguments, status: 11,
          says: [
            "config.json` is not the file of backbone `minilm-l6`", "expected sha256:953f",
            "got sha256:",
          ],
          hint: "nothing was answered or changed"))
    }
  }

  @Test func `nothing stays of an output to which nothing was written`() throws {
    let path = bench.directory.path("out.jsonl")
    #expect(try bench.run("predict", "-o", path, input: Array("oops\n".utf8)).status == 65)
    #expect(!FileManager.default.fileExists(atPath: path))
    #expect(!FileManager.default.fileExists(atPath: path + ".partial"))
  }
}
