import Foundation
import MoEBase
import MoEPackFormat
import MoETestSupport
import Testing

/// `pack diff` and `pack test` on tiny packs.
@Suite struct PackDiffCommandTests {
  let bench: CommandBench

  init() throws { bench = try CommandBench() }

  @Test func `a pack and itself are the same, whoever signed it`() throws {
    let first = try bench.archive("example/ships", topics: [0, 1])
    let again = bench.directory.path("again.moepack")
    let other = try SigningKey(seed: [UInt8](repeating: 3, count: 32))
    try TinyPack("example/ships", topics: [0, 1], release: 1, backbone: try bench.backbone)
      .write(to: URL(fileURLWithPath: again), keys: [TinyPack.key, other])
    let result = try bench.run("pack", "diff", first, again)
    #expect(result.status == 0 && result.output.contains("Both are the same pack."), "\(result)")
    let json = try bench.run("pack", "diff", first, again, "--json").json()
    #expect(json["same"] == true && json["tensors"] == [] && json["fields"] == [])
  }

  @Test func `what differs is named: fields, labels, entries, tensors`() throws {
    let first = try bench.archive("example/ships", topics: [0, 1])
    let second = try bench.archive("example/ships", topics: [0, 2], release: 2) { pack in
      pack.replaceHeads(with: 0)
    }
    let json = try bench.run("pack", "diff", first, second, "--json").json()
    #expect(json["same"] == false)
    guard case .array(let fields)? = json["fields"], case .array(let tensors)? = json["tensors"],
      case .array(let labels)? = json["labels"]
    else {
      Issue.record("\(json.text)")
      return
    }
    #expect(
      fields.contains { $0["path"] == "release" && $0["before"] == "1" && $0["after"] == "2" })
    #expect(!fields.contains { $0["path"]?.text.contains("entries") == true })
    #expect(labels.first?["added"] == ["topic-2"] && labels.first?["removed"] == ["topic-1"])
    let heads = tensors.filter { $0["entry"] == "heads.safetensors" }
    #expect(!heads.isEmpty, "\(json.text)")
    for head in heads {
      // A head of zeros lies as far from the first as that is long.
      #expect(head["relativeDifference"] == .number(1) || head["relativeDifference"] == .integer(1))
    }
    let shown = try bench.run("pack", "diff", first, second)
    #expect(shown.output.contains("label issue: + topic-2"), "\(shown.output)")
    #expect(shown.output.contains("release: 1 → 2") && shown.output.contains("heads.safetensors"))
  }

  @Test func `an archive that is not whole is refused`() throws {
    let first = try bench.archive("example/ships", topics: [0, 1])
    var bytes = Array(try Data(contentsOf: URL(fileURLWithPath: first)))
    bytes.removeLast(20)
    let broken = try bench.directory.write(bytes, to: "broken.moepack").path
    #expect(try bench.run("pack", "diff", first, broken).status == 65)
    #expect(try bench.run("pack", "diff", first, bench.directory.path("none")).status == 66)
  }

  @Test func `a pack is tested alone and beside others, and no store of this machine is touched`()
    throws
  {
    let ships = try bench.archive("example/ships", topics: [0, 1])
    let privacy = try bench.archive("example/privacy", topics: [2, 3])
    let result = try bench.run("pack", "test", ships, "--beside", privacy)
    #expect(result.status == 0, "\(result.messages)")
    #expect(result.output.contains("The gate in an empty store passed."))
    #expect(result.output.contains("The gate beside 1 pack passed."))
    let json = try bench.run("pack", "test", ships, "--json").json()
    #expect(json["alone"]?["packs"] != nil && json["beside"] == .null)
    #expect(!FileManager.default.fileExists(atPath: bench.directory.path("moe-pack/store")))
  }

  @Test func `a pack that the gate refuses is refused with its code`() throws {
    let bad = try bench.archive("example/ships", topics: [0, 1]) { $0.replaceHeads(with: 0) }
    let result = try bench.run("pack", "test", bad)
    #expect(result.status == 10, "\(result.messages)")
    let odd = try bench.run("pack", "test", bad, "--limit", "none=1")
    #expect(odd.status == 64)
  }
}
