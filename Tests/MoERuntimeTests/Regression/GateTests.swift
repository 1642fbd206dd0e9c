import Foundation
import MoEBase
import MoEEval
import MoEModel
import MoEPackFormat
import MoERuntime
import MoEStore
import MoETensor
import MoETestSupport
import Testing

/// What the gate says of changes beside the packs that come: removals, the operator's own eval sets, limits.
@Suite struct GateTests {
  private func register(
    _ lines: [JSONValue], for pack: PackName?, in bench: PackBench
  ) throws {
    let eval = OperatorEval(
      name: "mine", pack: pack, lines: lines.flatMap { $0.bytes + [0x0A] },
      addedAt: "2026-01-01T00:00:00Z", actor: "tester")
    #expect(try eval.check(against: pack.map { _ in bench.privacy.manifest }) == lines.count)
    try bench.store.add(eval)
  }

  // MARK: - The operator's own examples

  @Test func `texts that no pack may answer keep a pack out that answers them`() throws {
    let bench = try PackBench()
    let pack = try bench.pack()
    let texts = pack.evaluation.filter { $0["label"] != nil }
    try register(texts.map { ["text": $0["text"] ?? "", "expect": "none"] }, for: nil, in: bench)
    let file = try bench.archive(pack)
    let error = try bench.expectRefusal("results-fell") {
      _ = try bench.installer().install([file], bench.change())
    }
    #expect(error?.message.contains("`mine of the operator`") == true)
    try bench.store.removeOperatorEval(named: "mine")
    _ = try bench.installer().install([file], bench.change())
  }

  @Test func `examples for a pack are compared at every change and stand in the report`() throws {
    let bench = try PackBench()
    try register(
      bench.privacy.evaluation.filter { $0["label"] != nil }, for: bench.privacy.manifest.pack,
      in: bench)
    let outcome = try bench.installer().install(
      [try bench.archive(try bench.pack())], bench.change())
    let own = try #require(outcome.report).comparisons.filter { $0.origin == .registered }
    #expect(own.map(\.eval) == ["mine"] && own[0].rightAfter == own[0].rightBefore)
    #expect(own[0].rightBefore > 15)
    // Without its pack the set sleeps.
    let removed = try bench.installer().remove(["example/privacy"], bench.change())
    #expect(removed.report?.comparisons.contains { $0.origin == .registered } == false)
  }

  @Test func `what cannot be an example, or has a label of no pack, is not registered`() throws {
    let bench = try PackBench()
    let refused: [(JSONValue, Manifest?)] = [
      (["text": "bada", "label": "topic-9"], bench.privacy.manifest),
      (["text": "bada", "label": "topic-2"], nil), (["text": "bada"], nil),
    ]
    for (line, pack) in refused {
      let eval = OperatorEval(
        name: "mine", pack: pack?.pack, lines: line.bytes, addedAt: "", actor: "")
      #expect(throws: RuntimeError.self) { try eval.check(against: pack) }
    }
    let empty = OperatorEval(name: "mine", pack: nil, lines: [], addedAt: "", actor: "")
    #expect(throws: RuntimeError.self) { try empty.check(against: nil) }
  }

  // MARK: - Versions of tasks

  @Test func `a task whose version rose is held to its claims, and not to what was before`() throws
  {
    let bench = try PackBench()
    var other = try bench.pack("example/privacy", topics: [2, 3], release: 2, expertCount: 2)
    other.manifest.evals[0].floor = 0
    other.manifest.evals[0].value = 0
    other.manifest.tasks[0].version = 2
    other.replaceHeads(with: 0)
    let outcome = try bench.installer().install([try bench.archive(other)], bench.change())
    let report = try #require(outcome.report)
    #expect(
      report.incomparable == [
        SuiteReport.Incomparable(
          pack: "example/privacy 1.0.0", task: "issue", before: 1, after: 2)
      ])
    #expect(!report.comparisons.contains { $0.pack == "example/privacy 1.0.0" })
    #expect(report.comparisons.contains { $0.pack == "example/ships 1.0.0" })
  }

  // MARK: - Relations

  @Test func `a pack that another one requires goes together with it, or by force`() throws {
    let bench = try PackBench()
    var pack = try bench.pack()
    pack.manifest.requires = [try #require(PackRequirement("example/ships"))]
    _ = try bench.installer().install([try bench.archive(pack)], bench.change())
    try bench.expectRefusal("requirement-missing", .refused) {
      _ = try bench.installer().remove(["example/ships"], bench.change())
    }
    var forced = bench.change()
    forced.isForced = true
    forced.checking = .none
    let outcome = try bench.installer().remove(["example/ships"], forced)
    #expect(!outcome.generation.isProven)
    // What is broken already stands in the way of nothing else.
    _ = try bench.installer().remove(["example/privacy"], bench.change())
    _ = try bench.installer().restore(generation: 2, bench.change())
    _ = try bench.installer().remove(["example/new", "example/ships"], bench.change())
  }

  @Test func `what takes another's place takes it out, and answers its examples`() throws {
    let bench = try PackBench()
    var pack = try bench.pack(topics: [2, 3, 4])
    pack.manifest.supersedes = [try #require(PackName("example/privacy"))]
    let outcome = try bench.installer().install([try bench.archive(pack)], bench.change())
    #expect(
      outcome.generation.packs.map(\.name.description) == ["example/new", "example/ships"])
    #expect(outcome.generation.action.contains("remove example/privacy"))
    let earlier = outcome.report?.comparisons.first { $0.origin == .earlier }
    #expect(earlier?.paired.count == bench.privacy.evaluation.count)
  }

  // MARK: - Limits

  @Test func `limits are read from an object and from options, and refused out of range`() throws {
    var limits = try GateLimits().setting(
      from: JSONReader(["negativeFlips": 0.5, "flopsPerText": 1000]))
    #expect(limits.negativeFlips == 0.5 && limits.flopsPerText == 1000)
    #expect(limits.set("ownShare=0.5") == nil && limits.ownShare == 0.5)
    for bad in ["ownShare", "ownShare=", "ownShare=2", "ownShare=nan", "else=1", "=1"] {
      #expect(limits.set(bad) != nil)
    }
    #expect(throws: JSONSchemaError.self) {
      try GateLimits().setting(from: JSONReader(["else": 1]))
    }
    #expect(GateLimits().json["flopsPerText"] == .null)
    #expect(limits.json["negativeFlips"] == .number(0.5))
  }

  @Test func `a limit that is raised lets a worse upgrade in, and the report says so`() throws {
    let bench = try PackBench()
    var worse = try bench.pack("example/privacy", topics: [2, 3], release: 2, expertCount: 2)
    worse.manifest.evals[0].floor = 0
    worse.manifest.evals[0].value = 0
    worse.replaceHeads(with: 0)
    var limits = GateLimits()
    limits.fallProbability = 0
    limits.negativeFlips = 1
    let outcome = try bench.installer().install([try bench.archive(worse)], bench.change(limits))
    let flips = try #require(outcome.report).comparisons.flatMap(\.flips)
    #expect(flips.count >= 8)
    #expect(flips.allSatisfy { $0.before?.first?.label != $0.after?.first?.label })
    #expect(outcome.report?.json["limits"]?["negativeFlips"] == .number(1))
  }
}
