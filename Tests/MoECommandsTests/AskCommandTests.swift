import Foundation
import MoEBase
import MoETestSupport
import Testing

@Suite struct AskCommandTests {
  let bench: CommandBench

  init() throws {
    bench = try CommandBench()
    try bench.trust()
    let files = [
      try bench.archive("example/ships", topics: [0, 1]),
      try bench.archive("example/privacy", topics: [2, 3]),
    ]
    try #require(try bench.run("install", files[0], files[1]).status == 0)
  }

  @Test func `shows packs with bars, labels with title and authority, and where the law is from`()
    throws
  {
    let result = try bench.run("ask", CommandBench.text(topic: 1))
    #expect(result.status == 0)
    #expect(result.lines[0].hasPrefix("example/ships 1.0.0  █"))
    #expect(result.lines[1].hasPrefix("no pack"))
    #expect(result.output.contains("%  Topic 1\n         Act of Topics, section 1\n"))
    #expect(result.output.contains("A pack for tests, as of 2026-01-01, for SG, in en\n"))
    #expect(result.output.contains("generation 1 · composition "))
    #expect(!result.output.contains("\u{1B}"))
  }

  @Test func `says plainly when no pack is responsible, and which came nearest`() throws {
    let result = try bench.run("ask", TinyBackbone.probes[3])
    #expect(result.status == 0)
    #expect(result.lines[0] == "No pack is responsible for this text.")
    #expect(result.lines[1].contains("The nearest is example/"))
    #expect(result.lines[1].hasSuffix(" probable, and must be more than 50.0 %."))
  }

  @Test func `a forced answer says so`() throws {
    let result = try bench.run("ask", "--forced", TinyBackbone.probes[3])
    #expect(result.output.contains("Forced: the dispatcher was not asked."))
  }

  @Test func `a long text is answered, and the cut is told`() throws {
    let text = String(repeating: CommandBench.text(topic: 0) + " ", count: 2000)
    #expect(text.count > 100_000 / 2)
    let result = try bench.run("ask", text)
    #expect(result.status == 0)
    #expect(result.output.contains("The text is long: the first 32 of its 20002 tokens were read."))
  }

  @Test func `reads the text from standard input`() throws {
    let text = CommandBench.text(topic: 1)
    let result = try bench.run("ask", "-", "--json", input: Array((text + "\n").utf8))
    #expect(
      try result.json()["predictions"] == bench.run("ask", text, "--json").json()["predictions"])
  }

  @Test(arguments: ["", "  \n\t", "\u{2003}"])
  func `an empty text is refused with exit code 65`(text: String) throws {
    let result = try bench.run("ask", text)
    #expect(result.status == 65)
    #expect(
      result.messages.hasPrefix(
        "error: the text is empty, expected at least one character that is not white space\n\nhint: "
      ))
    #expect(result.output.isEmpty)
  }

  @Test func `standard input that is not UTF-8 is refused with the byte`() throws {
    let result = try bench.run("ask", "-", input: [0x61, 0x62, 0xFF])
    #expect(result.status == 65)
    #expect(result.messages.contains("standard input is not UTF-8"))
    #expect(result.messages.contains("at byte 2"))
  }

  @Test func `a named pack that is not installed is an error, not another pack's answer`() throws {
    let result = try bench.run("ask", "--pack", "example/none", CommandBench.text(topic: 0))
    #expect(result.status == 66)
    #expect(result.messages.contains("pack `example/none` is not installed"))
    #expect(result.output.isEmpty)
  }

  @Test func `a named pack answers what the dispatcher would not give it`() throws {
    let result = try bench.run(
      "ask", "--json", "--all", "--pack", "example/privacy", CommandBench.text(topic: 0))
    let json = try result.json()
    #expect(json["forced"] == true)
    guard case .array(let route)? = json["route"], case .array(let labels)? = json["predictions"]
    else { throw BenchFailure("no route") }
    #expect(route.count == 1 && route[0]["pack"] == "example/privacy")
    #expect(labels.count == 2)
  }

  @Test func `without a store there is an answer, and forcing one is an error`() throws {
    var empty = try CommandBench()
    empty.ground = bench.ground
    let result = try empty.run("ask", "bada")
    #expect(result.status == 0)
    #expect(result.output.contains("No pack is installed"))
    let forced = try empty.run("ask", "--forced", "bada")
    #expect(forced.status == 66)
    #expect(forced.messages.contains("no pack is installed, expected at least one"))
    #expect(
      !FileManager.default.fileExists(atPath: empty.directory.path("moe-pack/store")))
  }
}

/// What a test cannot go on from.
struct BenchFailure: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) {
    self.description = description
  }
}
