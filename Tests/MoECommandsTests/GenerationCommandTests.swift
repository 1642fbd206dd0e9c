import Foundation
import MoEBase
import MoEStore
import MoETestSupport
import Testing

@Suite struct GenerationCommandTests {
  let bench: CommandBench
  let ships: String

  init() throws {
    bench = try CommandBench()
    try bench.trust()
    ships = try bench.archive("example/ships", topics: [0, 1])
    try bench.run("install", ships, "--reason", "the harbour asked for it")
  }

  /// The lines of `predict`, without the number of the generation.
  private func predictions(store: String? = nil) throws -> [String] {
    let input = CommandBench.requests(TinyTexts.mixture(count: 60, seed: 2))
    let words = ["predict"] + (store.map { ["--store", $0] } ?? [])
    return try bench.run(words: words, input: input).jsonLines().map { line in
      guard case .object(let members) = line else { return "" }
      return JSONValue.object(members.filter { $0.key != "generation" }).text
    }
  }

  @Test func `history tells what, when, who, why, and what the suite said`() throws {
    try bench.run("install", try bench.archive("example/privacy", topics: [2, 3]))
    try bench.run("threshold", "0.7", "--no-eval")
    let lines = try bench.run("history").lines
    #expect(lines[2].contains("2026-01-01T00:00:00Z  tester"))
    #expect(lines[2].contains("proven: 1 eval  "))
    #expect(lines[2].contains("  install example/ships 1.0.0 (release 1)  "))
    #expect(lines[2].hasSuffix("  the harbour asked for it"))
    #expect(lines[3].contains("proven: 2 evals, ") && lines[3].contains(" answers the same"))
    #expect(lines[4].contains("unproven"))
    guard case .array(let all)? = try bench.run("history", "--json").json()["generations"] else {
      throw BenchFailure("no generations")
    }
    #expect(all.map { $0["reason"] } == [.null, "the harbour asked for it", .null, .null])
    #expect(try bench.run("remove", "example/ships", "--reason", "a\nb").status == 64)
    #expect(try bench.run("remove", "example/ships", "--reason", "").status == 64)
  }

  @Test func `a pin holds until it is taken away, and list shows it`() throws {
    #expect(try bench.run("pin", "example/ships").output == "example/ships is pinned now\n")
    #expect(try bench.run("pin", "example/ships").output == "example/ships was pinned already\n")
    #expect(try bench.run("list").lines[1].contains("1.0.0 (pinned)"))
    #expect(try bench.run("list", "--json").json()["pins"] == ["example/ships"])
    let next = try bench.archive("example/ships", topics: [0, 1], release: 2)
    for refusal in [
      Refusal(
        name: "upgrade", arguments: ["install", next], status: 1,
        says: ["`example/ships 1.0.0` is pinned: expected"], hint: "moe-pack pin --remove"),
      Refusal(
        name: "remove", arguments: ["remove", "example/ships"], status: 1, says: ["is pinned"],
        hint: ""),
      Refusal(name: "rollback", arguments: ["rollback"], status: 1, says: ["is pinned"], hint: ""),
      Refusal(
        name: "no such pack", arguments: ["pin", "example/none"], status: 66,
        says: ["no pack named `example/none`"], hint: ""),
      Refusal(
        name: "no such pin", arguments: ["pin", "--remove", "example/none"], status: 66,
        says: ["no pack named `example/none`"], hint: ""),
    ] {
      try bench.expect(refusal)
    }
    #expect(
      try bench.run("pin", "--remove", "example/ships", "--json").json()
        == ["pack": "example/ships", "pinned": false, "changed": true])
    #expect(try bench.run("install", "--no-eval", next).status == 0)
  }

  @Test func `diff tells what is different between two generations`() throws {
    try bench.run(
      "install", try bench.archive("example/ships", topics: [0, 1, 4], release: 2),
      try bench.archive("example/privacy", topics: [2, 3]))
    try bench.run("threshold", "0.7")
    let text = try bench.run("diff", "1", "3")
    #expect(text.status == 0, "\(text.messages)")
    #expect(
      text.lines.prefix(3) == [
        "added    example/privacy 1.0.0 (release 1)",
        "upgraded example/ships 1.0.0 (release 1) → example/ships 1.0.0 (release 2)",
        "threshold 0.5 → 0.7",
      ])
    #expect(text.output.contains("generation 1  generation 3"))
    let json = try bench.run("diff", "3", "1", "--json").json()
    #expect(json["before"] == 3 && json["after"] == 1)
    guard case .array(let removed)? = json["removed"], case .array(let results)? = json["results"]
    else { throw BenchFailure("no lists") }
    #expect(removed.map { $0["pack"] } == ["example/privacy"])
    #expect(results.contains { $0["figure"] == "examples" && $0["before"] == 30.0 })
    #expect(try bench.run("diff", "2", "2").output.hasPrefix("Both have the same packs"))
    #expect(try bench.run("diff", "1", "9").status == 66)
  }

  @Test func `the precision is set through the gate, told, and rolled back`() throws {
    let before = try predictions()
    #expect(try bench.run("precision").output == "This store answers in f32 (the default).\n")
    let changed = try bench.run("precision", "int8", "--json")
    #expect(changed.status == 0, "\(changed.messages)")
    #expect(try changed.json()["generation"] == 2)
    #expect(try bench.run("precision", "--json").json() == ["generation": 2, "precision": "int8"])
    let reduced = try predictions()
    #expect(reduced != before && reduced.count == before.count)
    #expect(try bench.run("diff", "1", "2").lines.contains("precision f32 → int8"))
    #expect(try bench.run("list", "--json").json()["precision"] == "int8")
    // Once, without changing the store.
    let texts = CommandBench.requests(TinyTexts.mixture(count: 3, seed: 2))
    let once = try bench.run(words: ["predict", "--precision", "f32"], input: texts).jsonLines()
    #expect(
      once.map { $0["composition"] }.allSatisfy { composition in
        before.contains { $0.contains(composition?.text ?? "-") }
      })
    #expect(try bench.run("rollback").status == 0)
    #expect(try predictions() == before)
    #expect(try bench.run("precision", "f16").status == 64)
  }

  @Test func `a rollback gives the bytes of before`() throws {
    let before = try predictions()
    try bench.run("install", try bench.archive("example/privacy", topics: [2, 3]))
    #expect(try predictions() != before)
    #expect(try bench.run("rollback").status == 0)
    #expect(try predictions() == before)
  }

  @Test func `a locked store is made again elsewhere, with the same bytes`() throws {
    let packs = bench.directory.path("packs")
    try FileManager.default.createDirectory(atPath: packs, withIntermediateDirectories: true)
    let privacy = try bench.archive("example/privacy", topics: [2, 3])
    try bench.run("install", privacy)
    try bench.run("threshold", "0.6")
    for (file, name) in [(ships, "a.moepack"), (privacy, "b.moepack")] {
      try FileManager.default.copyItem(atPath: file, toPath: "\(packs)/\(name)")
    }
    try bench.directory.write("no pack".utf8, to: "packs/c.moepack")
    let lock = bench.directory.path("moepack.lock")
    #expect(try bench.run("lock", "-o", lock).status == 0)
    let printed = try bench.run("lock", "-o", "-")
    #expect(try printed.output == String(contentsOfFile: lock, encoding: .utf8))
    let elsewhere = bench.directory.path("elsewhere")
    try bench.run(
      "trust", "add", bench.directory.path("vendor.pub"), "--namespace", "example", "--store",
      elsewhere)
    let missing = try bench.run("sync", "--frozen", lock, "--store", elsewhere)
    #expect(missing.status == 66 && missing.messages.contains("is neither in the store nor among"))
    let dry = try bench.run("sync", "--frozen", lock, "--from", packs, "-n", "--store", elsewhere)
    #expect(dry.status == 0 && dry.output.contains("Nothing was changed (dry run)."))
    let synced = try bench.run(
      "sync", "--frozen", lock, "--from", packs, "--store", elsewhere, "--reason",
      "as in the harbour")
    #expect(synced.status == 0, "\(synced.messages)")
    #expect(synced.output.contains("generation 1 (proven), 2 packs"))
    #expect(try predictions(store: elsewhere) == predictions())
    #expect(
      try bench.run("lock", "-o", "-", "--store", elsewhere).output == printed.output)
    let again = try bench.run("sync", "--frozen", lock, "--store", elsewhere)
    #expect(again.output.contains("Nothing to change: generation 1 stays active."))
    #expect(try bench.run("sync", lock, "--store", elsewhere).status == 64, "not frozen")
    #expect(try bench.run("sync", "--frozen", ships, "--store", elsewhere).status == 65)
    #expect(
      try bench.run("sync", "--frozen", bench.directory.path("none"), "--store", elsewhere).status
        == 66)
  }
}
