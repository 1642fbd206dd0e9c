import Foundation
import MoEBase
import MoEPackFormat
import MoETestSupport
import Testing

/// A pack of tags from its source to its answers, through the commands of the operator.
@Suite struct TagPackTests {
  let bench: CommandBench

  init() throws {
    bench = try CommandBench()
    try bench.trust()
  }

  private func labels(_ line: JSONValue) -> [String] {
    guard case .array(let predictions)? = line["predictions"] else { return ["?"] }
    return predictions.compactMap { prediction in
      if case .string(let label)? = prediction["label"] { label } else { nil }
    }
  }

  @Test func `it passes the gate, answers with sets, and is measured by them`() throws {
    let file = try bench.tagArchive()
    let install = try bench.run("install", file, "--json")
    #expect(install.status == 0, "\(install.messages)")
    let eval = try bench.run("eval", "--json")
    #expect(eval.status == 0, "\(eval.messages)")
    guard case .array(let packs)? = try eval.json()["packs"],
      case .array(let sets)? = packs.first?["evals"], let set = sets.first
    else { throw BenchFailure("no evals") }
    #expect(set["metric"] == "microF1" && set["examples"] == 60 && set["none"] == 16)
    #expect(set["value"] == set["baseline"], "the same bits as in the build")
    guard case .array(let scores)? = set["labels"] else { throw BenchFailure("no labels") }
    #expect(scores.count == 3 && scores.allSatisfy { $0["f1Interval"] != nil })

    // What is answered is what passes the threshold, and nothing else; with --all everything stands there.
    let texts = TinyTags.texts(60, seed: 51)
    let requests = CommandBench.requests(texts.map(\.text))
    let given = try bench.run("predict", input: requests).jsonLines()
    let all = try bench.run("predict", "--all", input: requests).jsonLines()
    var right = 0
    for (text, (line, whole)) in zip(texts, zip(given, all)) {
      guard case .array(let route)? = line["route"], !route.isEmpty else {
        #expect(labels(line) == [])
        continue
      }
      guard case .array(let every)? = whole["predictions"] else { throw BenchFailure("none") }
      #expect(every.count == 3 && line["route"] == whole["route"])
      let passing = every.filter { prediction in
        guard case .number(let probability)? = prediction["probability"].map(Self.double),
          case .number(let threshold)? = prediction["threshold"].map(Self.double)
        else { return false }
        return probability > threshold
      }
      #expect(line["predictions"] == .array(passing))
      right += Set(labels(line)) == Set(text.labels) ? 1 : 0
    }
    #expect(right > 30, "\(right) of 60")
    #expect(given.contains { labels($0).count == 2 } && given.contains { labels($0).isEmpty })

    let two = try #require(texts.first { $0.labels.count == 2 }).text
    let asked = try bench.run("ask", two, "--pack", "example/tags", "--all")
    #expect(asked.status == 0 && asked.output.contains("not given: under "))
    let bare = try #require(zip(texts, given).first { labels($0.1).isEmpty }).0.text
    let nothing = try bench.run("ask", bare, "--pack", "example/tags")
    #expect(nothing.output.contains("no label: none is probable enough"), "\(nothing.output)")

    let document = bench.directory.path("letter.txt")
    try bench.directory.write(Array((two + "\n\n" + bare + "\n").utf8), to: "letter.txt")
    let analysis = try bench.run("analyze", document, "--json").json()
    guard case .array(let tallies)? = analysis["packs"],
      case .array(let told)? = tallies.first?["labels"]
    else { throw BenchFailure("no tallies") }
    #expect(told.count >= 2, "both labels of one passage: \(told)")
    let detail = try bench.run("eval", "example/tags")
    #expect(
      detail.output.contains("topics microF1")
        && detail.output.contains("micro-averaged F1") == false)
    #expect(detail.output.contains("macro-averaged F1"))
  }

  private static func double(_ value: JSONValue) -> JSONValue {
    switch value {
    case .integer(let number): .number(Double(number))
    default: value
    }
  }

  @Test func `right is exactly the right set, for flips, what-if and the operator's own texts`()
    throws
  {
    try bench.run("install", try bench.tagArchive())
    // An operator's set: one text whose labels are all there, one with a label too many.
    let texts = TinyTags.texts(60, seed: 51)
    let answers = try bench.run(
      "predict", input: CommandBench.requests(texts.map(\.text))
    ).jsonLines()
    let hit = try #require(
      zip(texts, answers).first { $0.0.labels.count == 2 && Set(labels($0.1)) == Set($0.0.labels) }
    ).0
    let lines = [
      TinyTags.line(hit), TinyTags.line((hit.text + " ", Array(hit.labels.prefix(1)))),
    ]
    let own = bench.directory.path("own.jsonl")
    try bench.directory.write(lines.flatMap { $0.bytes + [0x0A] }, to: "own.jsonl")
    let added = try bench.run("eval", "add", own, "--pack", "example/tags")
    #expect(added.status == 0, "\(added.messages)")
    let registered = try bench.run("eval", "--json").json()["registered"]
    guard case .array(let sets)? = registered else { throw BenchFailure("no sets") }
    #expect(sets.first?["right"] == 1 && sets.first?["examples"] == 2)
    // A pack that gives every label always: the sets turn wrong, and the gate says so.
    let greedy = try bench.tagArchive(release: 2, thresholds: [0, 0, 0])
    let refused = try bench.run("install", greedy)
    #expect(refused.status == 10, "\(refused.messages)")
    #expect(refused.messages.contains("microF1"), "\(refused.messages)")
    let asked = try bench.run("eval", "--with", greedy, "--json")
    #expect(asked.status == 0, "\(asked.messages)")
    let counts = try asked.json()["counts"]
    guard case .integer(let fallen)? = counts?["rightToWrong"],
      case .integer(let changed)? = counts?["labelChanged"]
    else { throw BenchFailure("no counts") }
    #expect(fallen > 20 && changed > 20)
    guard case .array(let changes)? = try asked.json()["changes"] else {
      throw BenchFailure("none")
    }
    #expect(changes.contains { $0["flip"] == "rightToWrong" && $0["kind"] == "labelChanged" })
    // An honest second release goes in, and every flip it makes is counted by sets.
    let update = try bench.run(
      "upgrade", try bench.tagArchive(release: 2), "--limit", "negativeFlips=0.2", "--limit",
      "fallProbability=0", "--json")
    let install =
      update.status == 64
      ? try bench.run(
        "install", bench.directory.path("tags-2.moepack"), "--limit", "negativeFlips=0.2",
        "--limit", "fallProbability=0", "--json")
      : update
    #expect(install.status == 0, "\(install.messages)")
    guard case .array(let comparisons)? = try install.json()["report"]?["comparisons"] else {
      throw BenchFailure("no comparisons")
    }
    #expect(comparisons.first?["examples"] == 76)
  }

  @Test func `what cannot be is refused by name`() throws {
    let clean = try bench.run("list", "--json").output
    func refusal(_ file: String) throws -> String {
      let result = try bench.run("install", file)
      #expect(result.status == 65, "\(result.messages)")
      #expect(try bench.run("list", "--json").output == clean)
      return result.messages
    }
    // The vendor's own tool writes no such pack; `finiteScan` refuses one that another tool wrote.
    let unwritten = #expect(throws: (any Error).self) {
      try bench.tagArchive(thresholds: [0.5, .nan, 0.5])
    }
    #expect("\(unwritten.map { "\($0)" } ?? "")".contains("topics.threshold"))
    #expect(
      try refusal(bench.tagArchive(thresholds: [0.5, 1.5, 0.5])).contains("topics.threshold"))
    #expect(
      try refusal(bench.tagArchive(thresholds: [0.5, -0.5, 0.5])).contains("numbers from 0 to 1"))
  }
}
