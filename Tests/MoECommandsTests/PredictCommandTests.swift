import Foundation
import MoEBase
import MoETestSupport
import Testing

@Suite struct PredictCommandTests {
  let bench: CommandBench

  init() throws {
    bench = try CommandBench()
    try bench.trust()
    let file = try bench.archive("example/ships", topics: [0, 1])
    try #require(try bench.run("install", file).status == 0)
  }

  private let good = Array(#"{"text": "bada bado"}"#.utf8) + [0x0A]

  @Test func `answers come in the order of the requests, each with its id`() throws {
    let texts = TinyTexts.mixture(count: 700, seed: 3)
    let result = try bench.run("predict", input: CommandBench.requests(texts))
    #expect(result.status == 0 && result.messages.isEmpty)
    let answers = try result.jsonLines()
    #expect(answers.count == 700)
    #expect(answers.enumerated().allSatisfy { $0.element["id"] == .integer($0.offset) })
    #expect(Set(answers.map { $0["route"] == [] }) == [true, false])
  }

  @Test func `an id may be a string, a whole number, or absent`() throws {
    let lines =
      #"{"id": "a\n", "text": "x"}"# + "\n" + #"{"text": "x", "id": -3}"# + "\n" + #"{"text":"x"}"#
    let answers = try bench.run("predict", input: Array(lines.utf8)).jsonLines()
    #expect(answers.map { $0["id"] } == ["a\n", -3, nil])
  }

  static let badLines: [(bytes: [UInt8], reason: String)] = [
    ([], "expected a JSON object, got an empty line"),
    (Array(" \r".utf8), "expected a JSON object, got an empty line"),
    ([0x22, 0xC3, 0x28, 0x22], "expected UTF-8, got a byte that is not, at byte 1"),
    (
      Array("hello".utf8),
      "expected one JSON object, got a value cannot start with byte 0x68 (byte 0)"
    ),
    (Array("[1]".utf8), "expected one JSON object, got an array"),
    (
      Array(#"{"text": "a""#.utf8),
      "expected one JSON object, got expected `,` or `}` in an object (byte 12)"
    ),
    (Array(#"{"text": "a"} {}"#.utf8), "got unexpected text after the document (byte 14)"),
    (Array(#"{"id": "a"}"#.utf8), "expected `text`: a value, got nothing"),
    (Array(#"{"text": 5}"#.utf8), "expected `text`: a string, got a whole number"),
    (Array(#"{"text": null}"#.utf8), "expected `text`: a string, got null"),
    (
      Array(#"{"text": "a", "id": 1.5}"#.utf8),
      "expected `id`: a string or a whole number, got a number"
    ),
    (
      Array(#"{"text": "a", "id": null}"#.utf8),
      "expected `id`: a string or a whole number, got null"
    ),
    (Array(#"{"text": "a", "text": "b"}"#.utf8), "the same key twice in one object"),
    (Array(#"{"text": "\ud800"}"#.utf8), "expected one JSON object"),
    (
      Array(#"{"text": ""}"#.utf8),
      "expected a `text` with at least one character that is not white space, got an empty text"
    ),
    (
      Array(#"{"text": " \t\u3000"}"#.utf8),
      "expected a `text` with at least one character that is not white space, got white space"
    ),
    ([0xEF, 0xBB, 0xBF] + Array(#"{"text": "a"}"#.utf8), "expected one JSON object"),
  ]

  @Test(arguments: badLines.indices)
  func `a bad line is named by its number, after the answers before it`(index: Int) throws {
    let (bytes, reason) = Self.badLines[index]
    let input = good + good + bytes + [0x0A] + good
    let result = try bench.run("predict", input: input)
    #expect(result.status == 65)
    #expect(try result.jsonLines().count == 2)
    #expect(result.messages.hasPrefix("error: standard input, line 3: "))
    #expect(result.messages.contains(reason), "\(result.messages)")
    #expect(
      result.messages.contains("hint: the answers of lines 1 to 2 were written; correct line 3"))
  }

  @Test func `a bad line far in is found with all answers before it written`() throws {
    let texts = Array(repeating: "bada", count: 1000)
    let result = try bench.run(
      "predict", input: CommandBench.requests(texts) + Array("oops\n".utf8))
    #expect(result.status == 65)
    #expect(result.lines.count == 1000)
    #expect(result.messages.contains("line 1001"))
  }

  @Test func `keys that a request does not have are passed over: a labelled line is a request`()
    throws
  {
    let labelled =
      #"{"label": "a", "text": "bada bado", "expect": "none", "x": [{"text": 1}, null]}"# + "\n"
    for command in ["predict", "embed", "tokenize"] {
      let result = try bench.run(command, input: Array(labelled.utf8) + good)
      #expect(result.status == 0, "\(result.messages)")
      #expect(result.lines.count == 2 && result.lines[0] == result.lines[1])
      #expect(!result.lines[0].contains("label\":\"a\""))
    }
  }

  @Test func `no input gives no output`() throws {
    let result = try bench.run("predict", input: [])
    #expect(result.status == 0 && result.output.isEmpty && result.messages.isEmpty)
  }

  @Test func `the last line needs no line feed`() throws {
    #expect(try bench.run("predict", input: good.dropLast()).lines.count == 1)
  }

  @Test func `a line beyond the limit is refused without being kept`() throws {
    let long = Array(#"{"text": ""#.utf8) + [UInt8](repeating: 0x61, count: 17 << 20)
    let result = try bench.run("predict", input: good + long)
    #expect(result.status == 65)
    #expect(result.messages.contains("line 2: expected at most 16777216 bytes, got a longer line"))
    #expect(result.lines.count == 1)
  }

  @Test func `a file that is not there, a directory, an output that cannot be written`() throws {
    let missing = try bench.run("predict", "--input", bench.directory.path("none.jsonl"))
    #expect(
      missing.status == 66 && missing.messages.contains("none.jsonl` does not exist, expected"))
    let folder = try bench.run("predict", "--input", bench.directory.url.path)
    #expect(
      folder.status == 74
        && folder.messages.contains("cannot be read: expected a file or a pipe, got Is a directory")
    )
    let output = try bench.run("predict", "--output", "/nonexistent/out.jsonl", input: good)
    #expect(output.status == 74 && output.messages.contains("cannot be written"))
  }

  @Test func `an output file appears whole, or not under its name`() throws {
    let path = bench.directory.path("out.jsonl")
    #expect(try bench.run("predict", "-o", path, input: good + good).status == 0)
    let whole = try Data(contentsOf: URL(fileURLWithPath: path))
    #expect(whole.count { $0 == 0x0A } == 2)
    #expect(!FileManager.default.fileExists(atPath: path + ".partial"))
    let result = try bench.run("predict", "-o", path, input: good + Array("oops".utf8))
    #expect(result.status == 65)
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == whole)
    #expect(result.messages.contains("what was answered is in `\(path).partial`"))
    #expect(
      try Data(contentsOf: URL(fileURLWithPath: path + ".partial")).count { $0 == 0x0A } == 1)
  }

  @Test func `an output that names a device is written to as it is`() throws {
    #expect(try bench.run("predict", "-o", "/dev/null", input: good).status == 0)
    let full = try bench.run("predict", "-o", "/dev/full", input: good)
    #expect(full.status == 74)
    #expect(
      full.messages.contains(
        "`/dev/full` cannot be written: expected room and permission, got No space left on device"))
  }

  @Test func `standard output that nobody reads stops the work with exit code 74`() throws {
    var ends: [Int32] = [0, 0]
    try #require(pipe(&ends) == 0)
    close(ends[0])
    signal(SIGPIPE, SIG_IGN)
    let texts = Array(repeating: "bada", count: 2000)
    let result = try bench.run("predict", input: CommandBench.requests(texts), output: ends[1])
    close(ends[1])
    #expect(result.status == 74)
    #expect(result.messages.hasPrefix("error: whoever read standard output stopped reading"))
    #expect(try bench.run("verify").status == 0)
  }

  @Test func `a request through a pipe is answered before the next one comes`() throws {
    var requests: [Int32] = [0, 0]
    var answers: [Int32] = [0, 0]
    try #require(pipe(&requests) == 0 && pipe(&answers) == 0)
    let bench = bench
    let descriptors = (input: requests[0], output: answers[1])
    let thread = Thread {
      _ = try? bench.runPiped("predict", input: descriptors.input, output: descriptors.output)
      close(descriptors.output)
    }
    thread.start()
    var answer = [UInt8](repeating: 0, count: 1 << 16)
    for _ in 0..<3 {
      let line = good
      #expect(line.withUnsafeBytes { write(requests[1], $0.baseAddress, $0.count) } == line.count)
      let count = answer.withUnsafeMutableBytes { read(answers[0], $0.baseAddress, $0.count) }
      #expect(count > 0 && answer[count - 1] == 0x0A)
    }
    close(requests[1])
    #expect(answer.withUnsafeMutableBytes { read(answers[0], $0.baseAddress, $0.count) } == 0)
    close(answers[0])
  }

  @Test func `embed and tokenize take the same lines, empty texts too, and need no store`() throws {
    var bare = try CommandBench()
    bare.ground = bench.ground
    let input = Array(#"{"id": 1, "text": "bada"}"#.utf8) + [0x0A] + Array(#"{"text": ""}"#.utf8)
    let embeddings = try bare.run("embed", input: input).jsonLines()
    #expect(embeddings.count == 2)
    guard case .array(let vector)? = embeddings[0]["embedding"] else { throw BenchFailure("none") }
    #expect(vector.count == TinyBackbone.width)
    #expect(embeddings[0]["tokens"] == 3 && embeddings[0]["truncated"] == false)
    #expect(embeddings[1]["tokens"] == 2 && embeddings[1]["id"] == nil)
    let tokens = try bare.run("tokenize", input: input).jsonLines()
    #expect(tokens[1]["tokens"] == [2, 3])
    #expect(tokens[0]["id"] == 1 && tokens[0]["truncated"] == false)
    #expect(!FileManager.default.fileExists(atPath: bare.directory.path("moe-pack")))
  }

  @Test func `embedding in a pack's expert space differs from the backbone's`() throws {
    let base = try bench.run("embed", input: good).jsonLines()
    let own = try bench.run("embed", "--pack", "example/ships", input: good).jsonLines()
    #expect(base[0]["embedding"] != own[0]["embedding"])
    #expect(try bench.run("embed", "--pack", "example/none", input: good).status == 66)
  }
}

extension CommandBench {
  /// Runs a command line on open descriptors.
  func runPiped(_ command: String, input: Int32, output: Int32) throws -> Int32 {
    MoECommandsRun.run(
      [command], environment: environment, input: input, output: output, ground: ground)
  }
}
