import MoEBase
import MoEModel
import MoEPackFormat
import MoERuntime
import MoEStore
import MoETestSupport
import Testing

/// Packs that look a little like bad ones and are none: all of them come in.
@Suite struct HonestPackTests {
  struct Neighbour: Sendable, CustomTestStringConvertible {
    let testDescription: String
    var limits = GateLimits()
    /// What the two installed packs say otherwise.
    var installed: @Sendable (inout TinyPack) -> Void = { _ in }
    let make: @Sendable (PackBench) throws -> TinyPack
  }

  private static let ships = PackName("example/ships").map { [$0] } ?? []
  private static let new = PackName("example/new").map { [$0] } ?? []

  static let neighbours: [Neighbour] = [
    Neighbour(testDescription: "other topics") { try $0.pack() },
    Neighbour(testDescription: "one label") { try $0.pack(topics: [4]) },
    Neighbour(testDescription: "no experts") { try $0.pack(expertCount: 0) },
    Neighbour(testDescription: "two experts a layer") { try $0.pack(expertCount: 2) },
    Neighbour(testDescription: "an upgrade with the same weights") { bench in
      var pack = try bench.pack("example/privacy", topics: [2, 3], release: 2, expertCount: 2)
      pack.manifest.summary = "A newer pack for tests"
      return pack
    },
    Neighbour(testDescription: "an upgrade that was trained anew") { bench in
      try bench.pack("example/privacy", topics: [2, 3], release: 2, expertCount: 1)
    },
    Neighbour(testDescription: "an upgrade that knows one topic more") { bench in
      try bench.pack("example/privacy", topics: [2, 3, 4], release: 2)
    },
    Neighbour(testDescription: "requires what is there, conflicts with what is not") { bench in
      var pack = try bench.pack()
      pack.manifest.requires = [try #require(PackRequirement("example/ships >= 1.0.0"))]
      pack.manifest.conflicts = [try #require(PackName("example/absent"))]
      return pack
    },
    Neighbour(testDescription: "takes the place of a pack of its own publisher") { bench in
      var pack = try bench.pack(topics: [2, 3, 4])
      pack.manifest.supersedes = [try #require(PackName("example/privacy"))]
      return pack
    },
    Neighbour(
      testDescription: "shares a topic, as both declare",
      installed: { if $0.manifest.pack == ships.first { $0.manifest.overlaps = new } }
    ) { bench in
      var pack = try bench.pack(topics: [1, 4])
      pack.manifest.overlaps = ships
      // Examples of its own: those of the shared topic are seeded alike in every tiny pack.
      pack.replaceEvaluation(
        with: pack.evaluation.filter { $0["label"] != .string("topic-1") })
      return pack
    },
    Neighbour(testDescription: "one example twice") { bench in
      var pack = try bench.pack()
      pack.replaceEvaluation(with: pack.evaluation + pack.evaluation.prefix(1))
      return pack
    },
    Neighbour(testDescription: "one example of another pack's that it leaves alone") { bench in
      var pack = try bench.pack()
      let text = bench.ships.evaluation.first?["text"] ?? ""
      pack.replaceEvaluation(with: pack.evaluation + [["text": text, "expect": "none"]])
      return pack
    },
    Neighbour(testDescription: "a higher temperature") { bench in
      var pack = try bench.pack()
      pack.manifest.dispatcher.temperature = 2
      return pack
    },
    Neighbour(
      testDescription: "within the operator's budget",
      limits: {
        var limits = GateLimits()
        limits.flopsPerText = 1e9
        return limits
      }()
    ) { try $0.pack() },
  ]

  @Test(arguments: neighbours)
  func `an honest neighbour comes in`(neighbour: Neighbour) throws {
    let bench = try PackBench(changing: neighbour.installed)
    let file = try bench.archive(try neighbour.make(bench))
    let outcome = try bench.installer().install([file], bench.change(neighbour.limits))
    #expect(outcome.generation.isProven && outcome.packs.count == 1)
    let report = try #require(outcome.report)
    #expect(report.limits == neighbour.limits)
    #expect(try bench.store.active().report == report.json)
    for comparison in report.comparisons where comparison.origin == .own {
      #expect(comparison.rightBefore > 15)
    }
  }
}
