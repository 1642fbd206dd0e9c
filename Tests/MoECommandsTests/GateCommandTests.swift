import Foundation
import MoEBase
import MoEPackFormat
import MoETestSupport
import Testing

/// The gate on the command line: eval sets of one's own, limits, force.
@Suite struct GateCommandTests {
  private let bench: CommandBench

  init() throws {
    bench = try CommandBench()
    try bench.trust()
    let ships = try bench.archive("example/ships", topics: [0, 1])
    let result = try bench.run("install", ships)
    #expect(result.status == 0, Comment(rawValue: result.messages))
  }

  private func file(_ name: String, _ lines: [JSONValue]) throws -> String {
    try bench.directory.write(lines.flatMap { $0.bytes + [0x0A] }, to: name).path
  }

  private static let text = CommandBench.text(topic: 4)

  @Test func `an eval set of one's own is registered, listed, gates a change and goes`() throws {
    let path = try file("small-talk.jsonl", [["text": .string(Self.text), "expect": "none"]])
    let added = try bench.run("eval", "add", path, "--none", "--json")
    #expect(added.status == 0, Comment(rawValue: added.messages))
    #expect(try added.json()["eval"] == "small-talk")
    #expect(try added.json()["pack"] == .null)
    #expect(try bench.run("eval", "add", path, "--none").status == 1)
    #expect(
      try bench.run("eval", "add", path, "--pack", "example/ships", "--name", "calm").status == 0)
    let listed = try bench.run("eval", "list", "--json").output
    #expect(listed.contains(#""eval":"calm","pack":"example/ships","examples":1"#))
    #expect(listed.contains(#""eval":"small-talk","pack":null,"examples":1"#))
    #expect(try bench.run("eval", "list").output.contains("small-talk"))
    let other = try bench.archive("example/other", topics: [4])
    let limits = ["--limit", "negativeFlips=0", "--json"]
    let refused = try bench.run(words: ["install", other] + limits)
    #expect(refused.status == 10)
    #expect(refused.messages.contains("`small-talk of the operator`"))
    #expect(refused.messages.contains("then `topic-4` of `example/other`"))
    #expect(try bench.run("eval", "remove", "small-talk").status == 0)
    #expect(try bench.run("eval", "remove", "small-talk").status == 66)
    let installed = try bench.run(words: ["install", other] + limits)
    #expect(installed.status == 0, Comment(rawValue: installed.messages))
    #expect(try installed.json()["report"]?["limits"]?["negativeFlips"] == .number(0))
  }

  @Test func `eval without a word runs the sets, with and without a name`() throws {
    #expect(try bench.run("eval").output.contains("example/ships 1.0.0"))
    #expect(try bench.run("eval", "example/ships").status == 0)
    #expect(try bench.run("eval", "run", "example/ships", "--json").status == 0)
    #expect(try bench.run("eval", "example/absent").status == 66)
  }

  @Test(arguments: [
    ["eval", "add", "FILE"], ["eval", "add", "FILE", "--none", "--pack", "example/ships"],
    ["eval", "add", "FILE", "--none", "--name", "Not A Name"],
    ["install", "FILE", "--limit", "negativeFlips"],
    ["install", "FILE", "--limit", "negativeFlips=2"], ["install", "FILE", "--limit", "else=1"],
  ])
  func `what contradicts itself is refused as usage`(words: [String]) throws {
    let path = try file("a.jsonl", [["text": "bada", "expect": "none"]])
    let result = try bench.run(words: words.map { $0 == "FILE" ? path : $0 })
    #expect(result.status == 64, Comment(rawValue: result.messages))
  }

  @Test func `a bad line, a label of no pack and a file that is not there are refused`() throws {
    let bad = try file("bad.jsonl", [["text": "bada", "label": "topic-9"]])
    let refused = try bench.run("eval", "add", bad, "--pack", "example/ships")
    #expect(refused.status == 65)
    #expect(refused.messages.contains("line 1: expected `label`: a label of the task"))
    #expect(try bench.run("eval", "add", bad, "--none").status == 65)
    #expect(try bench.run("eval", "add", "/nowhere/x.jsonl", "--none").status == 66)
    #expect(try bench.run("eval", "add", bad, "--pack", "example/absent").status == 66)
  }

  @Test func `limits of the configuration hold, and those that are none end every command`() throws
  {
    let home = bench.directory.url.appending(path: ".config/moe-pack")
    try FileManager.default.createDirectory(at: home, withIntermediateDirectories: true)
    let file = home.appending(path: "config.json")
    try Data(#"{"gate": {"flopsPerText": 1000}}"#.utf8).write(to: file)
    let other = try bench.archive("example/other", topics: [4])
    let refused = try bench.run("install", other)
    #expect(refused.status == 10 && refused.messages.contains("million operations"))
    #expect(try bench.run("install", other, "--limit", "flopsPerText=1e9").status == 0)
    for bad in [#"{"gate": {"else": 1}}"#, #"{"gate": {"ownShare": 2}}"#, #"{"gate": 1}"#] {
      try Data(bad.utf8).write(to: file)
      #expect(try bench.run("list").status == 78, Comment(rawValue: bad))
    }
  }

  @Test func `by force a pack goes that another one requires, and the store says unproven`() throws
  {
    let other = try bench.archive("example/other", topics: [4]) { pack in
      pack.manifest.requires = [PackRequirement("example/ships >= 1.0.0")].compactMap(\.self)
    }
    #expect(try bench.run("install", other).status == 0)
    let refused = try bench.run("remove", "example/ships")
    #expect(refused.status == 1)
    #expect(
      refused.messages.contains("`example/other 1.0.0` requires `example/ships >= 1.0.0`"))
    #expect(try bench.run("remove", "example/ships", "--force").status == 0)
    #expect(try bench.run("list").output.contains("This generation is unproven"))
    #expect(try bench.run("history").output.contains("unproven"))
    let info = try bench.run("info", "example/other")
    #expect(info.output.contains("example/ships >= 1.0.0"))
  }
}
