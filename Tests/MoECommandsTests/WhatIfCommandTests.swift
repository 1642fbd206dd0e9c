import Foundation
import MoEBase
import MoEPackFormat
import MoEStore
import MoETestSupport
import Testing

@Suite struct WhatIfCommandTests {
  let bench: CommandBench

  init() throws {
    bench = try CommandBench()
    try bench.trust()
    try bench.run("install", "--no-eval", try bench.archive("example/ships", topics: [0, 1]))
  }

  private func strings(_ values: JSONValue?, _ key: String) throws -> [String] {
    guard case .array(let values)? = values else { throw BenchFailure("no list") }
    return values.compactMap { value in
      if case .string(let text)? = value[key] { text } else { nil }
    }
  }

  @Test func `what it lists is what predict answers otherwise after the install`() throws {
    let file = try bench.archive("example/privacy", topics: [2, 3])
    let texts = TinyTexts.mixture(count: 120, seed: 4)
    let input = try bench.directory.write(CommandBench.requests(texts), to: "texts.jsonl").path
    let before = try bench.storeLook().logicalDigest()
    let asked = try bench.run("eval", "--with", file, "--input", input, "--json")
    #expect(asked.status == 0, "\(asked.messages)")
    #expect(try bench.storeLook().logicalDigest() == before)
    let document = try asked.json()
    func answers() throws -> [JSONValue] {
      try bench.run("predict", "--all", "--input", input).jsonLines().map { line in
        [
          "route": line["route"] ?? .null, "none": line["none"] ?? .null,
          "predictions": line["predictions"] ?? .null,
        ]
      }
    }
    let old = try answers()
    try bench.run("install", "--no-eval", file)
    let new = try answers()
    let changed = texts.indices.filter { old[$0] != new[$0] }
    guard case .array(let changes)? = document["changes"] else { throw BenchFailure("no changes") }
    #expect(changes.map { $0["id"] } == changed.map { .integer($0) })
    #expect(changes.map { $0["line"] } == changed.map { .integer($0 + 1) })
    #expect(document["texts"] == 120 && document["changed"] == .integer(changed.count))
    #expect(try strings(document["with"], "pack") == ["example/privacy"])
    let kinds = try strings(document["changes"], "kind")
    #expect(document["counts"]?["routeGained"] == .integer(kinds.count { $0 == "routeGained" }))
    #expect(changes.allSatisfy { $0["before"] != $0["after"] })
  }

  @Test func `a person reads each change and their number, on the eval sets or standard input`()
    throws
  {
    let file = try bench.archive("example/privacy", topics: [2, 3])
    let result = try bench.run("eval", "--with", file, "--without", "example/ships")
    #expect(result.status == 0, "\(result.messages)")
    #expect(result.output.contains("route gained, wrong → right: example/privacy issue, line "))
    #expect(result.output.contains("route lost, right → wrong: example/ships issue, line "))
    #expect(result.output.contains("  before  no pack\n  after   example/privacy 1.0.0 ("))
    #expect(
      result.output.contains(
        "would change with example/privacy 1.0.0, without example/ships 1.0.0."))
    #expect(result.lines.last == "Nothing was changed: this is a question.")
    let labelled = #"{"id": "a", "text": "\#(CommandBench.text(topic: 1))", "label": "topic-1"}"#
    let asked = try bench.run(
      "eval", "--without", "example/ships", "--input", "-", input: Array(labelled.utf8))
    #expect(asked.lines.first == "route lost, right → wrong: a (line 1)")
    #expect(asked.output.contains("1 of 1 answer would change without example/ships 1.0.0."))
    let one = try bench.run("eval", "example/ships", "--with", file, "--json")
    #expect(try one.json()["texts"] == 40)
  }

  @Test func `the operator's own eval sets are asked too, and stand in the report`() throws {
    let sets = [
      (
        "ours", #"{"text": "\#(CommandBench.text(topic: 1))", "label": "topic-1"}"#,
        ["--pack", "example/ships"]
      ),
      ("quiet", #"{"text": "\#(CommandBench.text(topic: 2))", "expect": "none"}"#, ["--none"]),
    ]
    for (name, line, target) in sets {
      let file = try bench.directory.write("\(line)\n".utf8, to: "\(name).jsonl").path
      try bench.run(words: ["eval", "add", file, "--name", name] + target)
    }
    let file = try bench.archive("example/privacy", topics: [2, 3])
    let page = bench.directory.url.appending(path: "report.html").path
    let asked = try bench.run(
      "eval", "--with", file, "--without", "example/ships", "--json", "--html", page)
    #expect(asked.status == 0, "\(asked.messages)")
    guard case .array(let changes)? = try asked.json()["changes"] else {
      throw BenchFailure("no changes")
    }
    let own = changes.filter { $0["registered"] != nil }
    #expect(own.map { $0["registered"] } == ["ours", "quiet"])
    #expect(own.map { $0["pack"] } == ["example/ships", .null])
    #expect(own.map { $0["flip"] } == ["rightToWrong", "rightToWrong"])
    let html = try String(contentsOfFile: page, encoding: .utf8)
    #expect(html.contains("Your own eval sets") && html.contains("quiet · no pack"))
    #expect(html.contains("0 of 1"))
    let people = try bench.run("eval", "--without", "example/ships")
    #expect(people.output.contains("right → wrong: your own ours, line 1"))
  }

  @Test func `a wrong question is refused and changes nothing`() throws {
    try bench.directory.write("{}".utf8, to: "bad.jsonl")
    _ = try bench.archive("other/x", topics: [2])
    for refusal in [
      Refusal(
        name: "input alone", arguments: ["eval", "--input", "-"], status: 64,
        says: ["--input takes --with or --without"], hint: "nothing was done"),
      Refusal(
        name: "both ways", arguments: ["eval", "--against", "1", "--without", "example/ships"],
        status: 64, says: ["--against looks back"], hint: ""),
      Refusal(
        name: "no such pack", arguments: ["eval", "--without", "example/none"], status: 66,
        says: ["no pack named `example/none`"], hint: ""),
      Refusal(
        name: "no such file", arguments: ["eval", "--with", "@none.moepack"], status: 66,
        says: ["does not exist"], hint: ""),
      Refusal(
        name: "not trusted", arguments: ["eval", "--with", "@other-x-1.moepack"], status: 77,
        says: ["other/x"], hint: ""),
      Refusal(
        name: "bad line",
        arguments: ["eval", "--without", "example/ships", "--input", "@bad.jsonl"], status: 65,
        says: ["bad.jsonl`, line 1: expected"], hint: "nothing was written"),
      Refusal(
        name: "no place for the report", arguments: ["eval", "--html", "/none/report.html"],
        status: 74, says: ["/none/report.html"], hint: ""),
    ] {
      try bench.expect(refusal)
    }
  }
}
