import Foundation
import MoEBase
import MoEPackFormat
import MoEStore
import MoETestSupport
import Testing

@Suite struct StoreCommandTests {
  let bench: CommandBench

  init() throws {
    bench = try CommandBench()
    try bench.trust()
  }

  private func store() throws -> Store {
    try Store(at: bench.directory.url.appending(path: "moe-pack/store"))
  }

  @Test func `install says what changed, what was measured, and how long it took`() throws {
    let result = try bench.run("install", try bench.archive("example/ships", topics: [0, 1]))
    #expect(result.status == 0, "\(result.messages)")
    #expect(result.lines[0].hasPrefix("pack"))
    #expect(result.lines[1].hasPrefix("example/ships 1.0.0  issue"))
    #expect(result.lines[1].hasSuffix("ok"))
    #expect(result.output.contains("install example/ships 1.0.0 (release 1)\n"))
    #expect(result.output.contains("generation 1 (proven), 1 pack, "))
    let second = try bench.run(
      "install", "--json", try bench.archive("example/privacy", topics: [2, 3]))
    let json = try second.json()
    #expect(json["generation"] == 2 && json["proven"] == true && json["dryRun"] == false)
    guard case .integer(let compared)? = json["report"]?["compared"] else {
      throw BenchFailure("no comparison")
    }
    #expect(compared >= 200)
    #expect(try store().active().actor == "tester")
    #expect(try store().active().createdAt == "2026-01-01T00:00:00Z")
  }

  @Test func `a dry run and an unproven install say so`() throws {
    let file = try bench.archive("example/ships", topics: [0, 1])
    let dry = try bench.run("install", "-n", file)
    #expect(dry.status == 0)
    #expect(dry.output.contains("would install example/ships 1.0.0"))
    #expect(dry.output.contains("Nothing was changed (dry run)."))
    #expect(try store().active().id == 0)
    let unproven = try bench.run("install", "--no-eval", file)
    #expect(unproven.output.contains("generation 1 (unproven: no regression suite ran)"))
  }

  @Test func `the threshold is shown, set, proven, held by ask, and rolled back`() throws {
    #expect(
      try bench.run("threshold").output
        == "A pack answers when it is more than 50.0 % probable (the default).\n")
    try bench.run("install", try bench.archive("example/ships", topics: [0, 1]))
    let text = CommandBench.text(topic: 1)
    let before = try bench.run("ask", text, "--json").json()
    guard case .number(let margin)? = before["nearest"]?["margin"] else {
      throw BenchFailure("no margin")
    }
    let set = try bench.run("threshold", "0.8", "--json")
    #expect(set.status == 0, "\(set.messages)")
    #expect(try set.json()["threshold"] == 0.8)
    #expect(try set.json()["proven"] == true)
    #expect(try bench.run("threshold", "--json").json() == ["generation": 2, "threshold": 0.8])
    let after = try bench.run("ask", text, "--json").json()
    guard case .number(let shifted)? = after["nearest"]?["margin"] else {
      throw BenchFailure("no margin")
    }
    #expect(abs(margin - shifted - 1.3862943611198906) < 1e-12, "log 4")
    #expect(before["composition"] != after["composition"])
    #expect(
      try bench.run("ask", TinyBackbone.probes[3]).lines[1].hasSuffix("must be more than 80.0 %."))
    #expect(try bench.run("threshold", "0.8").output.contains("Nothing to change"))
    #expect(try bench.run("history").output.contains("set threshold to 0.8 (active)"))
    for wrong in ["0", "1", "1.5", "nan", "many"] {
      #expect(try bench.run("threshold", wrong).status == 64)
    }
    try bench.run("rollback")
    #expect(try bench.run("ask", text, "--json").json()["nearest"] == before["nearest"])
  }

  @Test func `a removal keeps the threshold, and a dry run sets none`() throws {
    try bench.run("install", try bench.archive("example/ships", topics: [0, 1]))
    try bench.run("threshold", "0.7", "--no-eval")
    #expect(try bench.run("threshold", "0.9", "-n").output.contains("would set threshold to 0.9"))
    try bench.run("remove", "example/ships")
    #expect(try bench.run("list", "--json").json()["threshold"] == 0.7)
  }

  @Test func `eval compares what users get with an earlier generation`() throws {
    try bench.run("install", try bench.archive("example/ships", topics: [0, 1]))
    try bench.run("install", try bench.archive("example/privacy", topics: [2, 3]))
    let same = try bench.run("eval", "--against", "1", "--json").json()
    guard case .array(let sets)? = same["against"] else { throw BenchFailure("no comparison") }
    #expect(sets.map { $0["pack"] } == ["example/ships 1.0.0"], "privacy was not there")
    #expect(sets[0]["negativeFlips"] == 0 && sets[0]["pValueOfFall"] == 1.0)
    let asked = try bench.run("ask", CommandBench.text(topic: 1), "--json").json()
    guard case .number(let margin)? = asked["nearest"]?["margin"] else {
      throw BenchFailure("no margin")
    }
    // A pack that is 88 % sure of its texts, in a store that asks for 99.9 %.
    let unsure = try bench.archive(
      "example/ships", topics: [0, 1], release: 2
    ) { $0.manifest.dispatcher.threshold = margin - 2 }
    try bench.run("install", "--no-eval", unsure)
    try bench.run("threshold", "0.999", "--no-eval")
    let fell = try bench.run("eval", "example/ships", "--against", "3")
    #expect(fell.output.contains("example/ships 1.0.0 issue, since generation 3: of "))
    #expect(fell.output.contains("\n  fell: "))
    let document = try bench.run("eval", "--against", "3", "--json").json()
    guard case .array(let after)? = document["against"],
      case .integer(let flips)? = after[1]["negativeFlips"],
      case .array(let texts)? = after[1]["fallen"]
    else { throw BenchFailure("no comparison") }
    #expect(flips > 0 && texts.count == Int(flips), "a stricter store answers less")
    #expect(try bench.run("eval", "--against", "9").status == 66)
  }

  @Test func `every refusal leaves the store as it was, with a sentence and its exit code`() throws
  {
    let good = try bench.archive("example/ships", topics: [0, 1])
    try bench.run("install", good)
    let bytes = Array(try Data(contentsOf: URL(fileURLWithPath: good)))
    var flipped = bytes
    flipped[bytes.count / 2] ^= 1
    let cut = try bench.directory.write(bytes.prefix(bytes.count / 2), to: "cut.moepack").path
    let bent = try bench.directory.write(flipped, to: "bent.moepack").path
    let text = try bench.directory.write("not an archive".utf8, to: "text.moepack").path
    let foreign = try bench.archive("other/ships", topics: [0], release: 2)
    let stranger = try bench.archive(
      "example/privacy", topics: [2], keys: [TinyPack.stranger])
    let elsewhere = try bench.archive("example/elsewhere", topics: [4]) {
      $0.manifest.backbone.digest = Digest(of: [9])
    }
    let weak = try bench.archive("example/weak", topics: [4, 5]) {
      $0.manifest.evals[0].floor = 1
      $0.manifest.evals[0].value = 1
      $0.replaceHeads(with: 0)
    }
    let before = try store().logicalDigest()
    for (arguments, status, sentence) in [
      (["install", good], 1, "is installed already: expected"),
      (["install", bench.directory.path("none.moepack")], 66, "does not exist"),
      (["install", cut], 65, "cut.moepack"),
      (["install", bent], 65, "bent.moepack"),
      (["install", text], 65, "text.moepack"),
      (["install", foreign], 77, "other/ships"),
      (["install", stranger], 77, "is signed by no key this store trusts"),
      (["install", elsewhere], 65, "was made for backbone `tiny`"),
      (["install", weak], 10, "misses its floor"),
      (["remove", "example/none"], 66, "no pack named `example/none` is installed"),
      (["rollback", "9"], 66, "there is no generation 9"),
      (["info", "example/none"], 66, "no pack named `example/none` is installed"),
      (["verify", "example/none"], 66, "no pack named `example/none` is installed"),
      (["eval", "example/none"], 66, "no pack named `example/none` is installed"),
      (["trust", "remove", "ed25519:0000000000000000"], 66, "is not trusted"),
    ] as [([String], Int32, String)] {
      let result = try bench.run(words: arguments)
      #expect(result.status == status, "\(arguments): \(result.messages)")
      #expect(result.messages.hasPrefix("error: "), "\(arguments)")
      #expect(result.messages.contains(sentence), "\(arguments): \(result.messages)")
      #expect(result.messages.contains("\n\nhint: "), "\(arguments)")
      #expect(result.output.isEmpty, "\(arguments)")
    }
    #expect(try store().logicalDigest() == before)
    #expect(try bench.run("verify").status == 0)
  }

  @Test func `list, info, history and eval tell of installed packs, as tables and as JSON`() throws
  {
    let file = try bench.archive("example/ships", topics: [0, 1])
    try bench.run("install", file)
    let list = try bench.run("list")
    #expect(list.lines.count == 2 && list.lines[0].hasPrefix("pack           version  release"))
    #expect(list.lines[1].hasPrefix("example/ships  1.0.0          1"))
    guard case .array(let packs)? = try bench.run("list", "--json").json()["packs"] else {
      throw BenchFailure("no packs")
    }
    #expect(packs.map { $0["pack"] } == ["example/ships"])
    let info = try bench.run("info", "example/ships")
    #expect(info.output.contains("signed by") && !info.output.contains("Unverified"))
    #expect(info.output.contains("  topic-0\n  topic-1\n"))
    let claims = try bench.run("info", file)
    #expect(claims.lines[0] == "Unverified: these are the file's own claims.")
    #expect(try bench.run("info", file, "--json").json()["verified"] == false)
    let history = try bench.run("history")
    #expect(history.output.contains("install example/ships 1.0.0 (release 1) (active)"))
    let eval = try bench.run("eval", "--json")
    #expect(eval.status == 0)
    #expect(try eval.json()["probes"] == 300)
    let detail = try bench.run("eval", "example/ships")
    #expect(detail.output.contains("in 95 of 100 such sets"))
    #expect(detail.output.contains("  macro-averaged F1 "))
    #expect(detail.output.contains("  expected calibration error "))
  }

  @Test func `eval ends with exit code 10 when a floor is not met`() throws {
    let file = try bench.archive("example/ships", topics: [0, 1]) {
      $0.manifest.evals[0].floor = 1
      $0.manifest.evals[0].value = 1
      $0.replaceHeads(with: 0)
    }
    try bench.run("install", "--no-eval", file)
    let result = try bench.run("eval")
    #expect(result.status == 10)
    #expect(result.lines[1].hasSuffix("below its floor"))
    #expect(result.messages.contains("misses its floor on `issue`"))
  }

  @Test func `remove and rollback make new generations`() throws {
    try bench.run("install", try bench.archive("example/ships", topics: [0, 1]))
    #expect(
      try bench.run("remove", "example/ships").output.contains("generation 2 (proven), 0 packs"))
    let back = try bench.run("rollback")
    #expect(back.output.contains("rollback to generation 1"))
    #expect(try store().active().packs.count == 1)
    let gone = try bench.run("gc", "--keep", "1", "--grace", "0", "--json")
    #expect(try gone.json()["dryRun"] == false)
    try store().verify().check()
  }

  @Test func `verify finds an altered file, names it, and ends with exit code 11`() throws {
    try bench.run("install", try bench.archive("example/ships", topics: [0, 1]))
    let heads = try #require(
      try store().installedPack(named: "example/ships").entry(EntryName.heads))
    try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: heads.url.path)
    try Data([1, 2, 3]).write(to: heads.url)
    let result = try bench.run("verify")
    #expect(result.status == 11)
    #expect(result.output.contains("heads.safetensors"))
    let ask = try bench.run("ask", "bada")
    #expect(ask.status == 11)
    #expect(ask.messages.contains("`heads.safetensors` of `example/ships 1.0.0`"))
    #expect(try bench.run("list").status == 0)
  }

  @Test func `verify checks an archive against the trusted keys and installs nothing`() throws {
    let file = try bench.archive("example/ships", topics: [0, 1])
    let result = try bench.run("verify", file)
    #expect(result.status == 0 && result.output.contains("is whole, and signed by ed25519:"))
    let stranger = try bench.archive("example/x", topics: [0], keys: [TinyPack.stranger])
    #expect(try bench.run("verify", stranger).status == 77)
    #expect(try store().active().id == 0)
  }

  @Test func `reading works on a store that cannot be written`() throws {
    try bench.run("install", try bench.archive("example/ships", topics: [0, 1]))
    let home = bench.directory.url.appending(path: "moe-pack")
    var readOnly: [URL] = []
    let walker = FileManager.default.enumerator(at: home, includingPropertiesForKeys: nil)
    while let url = walker?.nextObject() as? URL { readOnly.append(url) }
    for url in readOnly {
      try FileManager.default.setAttributes([.posixPermissions: 0o555], ofItemAtPath: url.path)
    }
    for arguments in [
      ["list"], ["info", "example/ships"], ["history"], ["verify"], ["eval"], ["trust", "list"],
      ["ask", CommandBench.text(topic: 0)],
    ] {
      #expect(try bench.run(words: arguments).status == 0, "\(arguments)")
    }
    for url in readOnly {
      try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: url.path)
    }
  }

  @Test func `the store is the option's, else the environment's, else in the home`() throws {
    var bench = bench
    let file = try bench.archive("example/ships", topics: [0, 1])
    let key = bench.directory.path("vendor.pub")
    bench.environment["MOEPACK_STORE"] = bench.directory.path("fromEnvironment")
    try bench.run("trust", "add", key, "--namespace", "example")
    let option = bench.directory.path("fromOption")
    try bench.run("trust", "add", key, "--namespace", "example", "--store", option)
    try bench.run("install", "--no-eval", file, "--store", option)
    #expect(try bench.run("list", "--store", option).output.contains("example/ships"))
    #expect(try bench.run("list").lines == ["No packs are installed."])
    #expect(
      FileManager.default.fileExists(atPath: bench.directory.path("fromEnvironment/store.sqlite")))
    bench.environment["XDG_DATA_HOME"] = "relative"
    bench.environment["MOEPACK_STORE"] = ""
    try bench.run("trust", "add", key, "--namespace", "example")
    #expect(
      FileManager.default.fileExists(
        atPath: bench.directory.path(".local/share/moe-pack/store/store.sqlite")))
  }

  @Test func `a directory that holds something else is no store`() throws {
    try bench.directory.write([1], to: "file")
    let result = try bench.run("list", "--store", bench.directory.url.path)
    #expect(result.status == 78)
    #expect(result.messages.contains("is not a pack store"))
    let file = try bench.run("list", "--store", bench.directory.path("file"))
    #expect(file.status == 78)
  }
}
