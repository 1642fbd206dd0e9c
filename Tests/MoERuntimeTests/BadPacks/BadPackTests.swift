import Foundation
import MoEBase
import MoEModel
import MoEPackFormat
import MoERuntime
import MoEStore
import MoETensor
import MoETestSupport
import SafeTensors
import Testing

/// Packs that must not come in, each refused for its own reason with the store untouched.
@Suite struct BadPackTests {
  private func refuse(
    _ code: String, _ exitCode: ExitCode = .regression, limits: GateLimits = GateLimits(),
    sourceLocation: SourceLocation = #_sourceLocation,
    _ make: (PackBench) throws -> TinyPack
  ) throws {
    let bench = try PackBench()
    let file = try bench.archive(try make(bench))
    try bench.expectRefusal(code, exitCode, sourceLocation: sourceLocation) {
      _ = try bench.installer().install([file], bench.change(limits))
    }
  }

  @Test func `one that takes another pack's texts with large rows`() throws {
    try refuse("answers-displaced") { bench in
      var pack = try bench.pack(topics: [2, 3, 4, 5])
      let own = pack.evaluation.filter { line in
        ["topic-2", "topic-3"].allSatisfy { line["label"] != .string($0) }
      }
      pack.replaceEvaluation(with: own)
      for name in [TensorName.dispatcherWeight, TensorName.dispatcherBias] {
        pack.replaceTensor(name, of: EntryName.router) { $0.map { $0 * 8 } }
      }
      pack.manifest.dispatcher.threshold *= 8
      return pack
    }
  }

  @Test func `one whose rows lie at the mean of everything`() throws {
    try refuse("router-capture") { bench in
      var pack = try bench.pack()
      let features = try bench.backbone.features(
        texts: TinyBackbone.probes, pool: ThreadPool(threads: 1))
      let width = TinyBackbone.featureWidth
      let mean = (0..<width).map { column in
        stride(from: column, to: features.count, by: width).reduce(0) { $0 + features[$1] }
          / Float(TinyBackbone.probes.count)
      }
      pack.replaceTensor(TensorName.dispatcherWeight, of: EntryName.router) { values in
        values.indices.map { mean[$0 % width] * Float(1 + $0 / width) }
      }
      pack.replaceTensor(TensorName.dispatcherBias, of: EntryName.router) { $0.map { _ in 0 } }
      pack.manifest.dispatcher.threshold = 0
      return pack
    }
  }

  @Test func `one that does not reach its claim`() throws {
    try refuse("below-claim") { bench in
      var pack = try bench.pack()
      pack.manifest.evals[0].floor = 0
      pack.manifest.evals[0].value = 1
      pack.replaceHeads(with: 0)
      return pack
    }
  }

  @Test func `one that misses its floor`() throws {
    try refuse("below-floor") { bench in
      var pack = try bench.pack()
      pack.replaceHeads(with: 0)
      return pack
    }
  }

  @Test func `one whose experts are NaN`() throws {
    let bench = try PackBench()
    let pack = try bench.pack()
    var writer = SafeTensorsWriter()
    for tensor in pack.manifest.expectedTensors(of: bench.backbone)
    where tensor.entry == EntryName.experts {
      writer.add(
        tensor.name, shape: tensor.shape,
        floats: (pack.tensors[EntryName.experts]?[tensor.name] ?? []).map { _ in .nan })
    }
    let file = bench.directory.url.appending(path: "nan.moepack")
    try pack.write(
      to: file, smuggling: PackEntry(name: EntryName.experts, bytes: writer.bytes()))
    try bench.expectRefusal("pack-non-finite", .badData) {
      _ = try bench.installer().install([file], bench.change())
    }
  }

  @Test func `an upgrade that answers worse, though it claims no more`() throws {
    let bench = try PackBench()
    var worse = try bench.pack("example/privacy", topics: [2, 3], release: 2, expertCount: 2)
    worse.manifest.evals[0].floor = 0
    worse.manifest.evals[0].value = 0
    worse.replaceHeads(with: 0)
    let file = try bench.archive(worse)
    let error = try bench.expectRefusal("results-fell") {
      _ = try bench.installer().install([file], bench.change())
    }
    #expect(
      error?.message.contains("the answers of `example/privacy 1.0.0` on `issue` get worse") == true
    )
  }

  @Test func `an upgrade that hides its fall behind another eval set`() throws {
    let bench = try PackBench()
    var worse = try bench.pack("example/privacy", topics: [2, 3], release: 2, expertCount: 2)
    // It knows one label alone, and brings examples of that one.
    worse.replaceTensor(TensorName.headBias(task: "issue"), of: EntryName.heads) { _ in [1e4, 0] }
    worse.replaceEvaluation(with: worse.evaluation.filter { $0["label"] == .string("topic-2") })
    let file = try bench.archive(worse)
    let error = try bench.expectRefusal("results-fell") {
      _ = try bench.installer().install([file], bench.change())
    }
    #expect(error?.message.contains("`issue of the release before`") == true)
  }

  @Test func `one whose examples are the same few`() throws {
    try refuse("evals-contaminated") { bench in
      var pack = try bench.pack()
      let few = pack.evaluation.filter { $0["label"] != nil }.prefix(10)
      pack.replaceEvaluation(with: Array(few + few + few))
      return pack
    }
  }

  @Test func `one whose examples are another pack's`() throws {
    try refuse("evals-contaminated") { bench in
      var pack = try bench.pack()
      let others: [JSONValue] = bench.privacy.evaluation.filter { $0["label"] != nil }.map {
        ["text": $0["text"] ?? "", "label": "topic-4"]
      }
      pack.replaceEvaluation(with: pack.evaluation + others)
      return pack
    }
  }

  @Test func `one whose examples are what it learned from`() throws {
    try refuse("evals-contaminated") { bench in
      var pack = try bench.pack()
      let lines = pack.entries.first { $0.name == EntryName.evaluation("issue") }?.bytes ?? []
      pack.manifest.provenance.data = ["data/train.jsonl", "evals/issue.jsonl"].map {
        Manifest.DataFile(file: $0, digest: Digest(of: lines), rows: 40)
      }
      return pack
    }
  }

  @Test func `one that conflicts with an installed pack`() throws {
    try refuse("packs-conflict", .refused) { bench in
      var pack = try bench.pack()
      pack.manifest.conflicts = [bench.ships.manifest.pack]
      return pack
    }
  }

  @Test(arguments: ["example/absent", "example/ships >= 2.0.0"])
  func `one whose requirement is not met`(requirement: String) throws {
    try refuse("requirement-missing", .refused) { bench in
      var pack = try bench.pack()
      pack.manifest.requires = [try #require(PackRequirement(requirement))]
      return pack
    }
  }

  @Test func `one that would push out another publisher's pack`() throws {
    try refuse("pack-superseded", .refused) { bench in
      var pack = try bench.pack("stranger/new")
      pack.manifest.supersedes = [bench.ships.manifest.pack]
      return pack
    }
  }

  @Test func `one whose labels are those of other heads`() throws {
    try refuse("below-floor") { bench in
      var pack = try bench.pack()
      pack.manifest.tasks[0].labels.reverse()
      return pack
    }
  }

  @Test func `another pack of a release that was seen`() throws {
    try refuse("same-release", .refused) { bench in
      var pack = bench.privacy
      pack.manifest.summary = "The same release, another pack"
      return pack
    }
  }

  @Test(arguments: [Float(1e6), 1e30])
  func `one whose experts are finite and explode`(factor: Float) throws {
    try refuse("expert-explodes") { bench in
      var pack = try bench.pack()
      for layer in [1, 2] {
        let name = TensorName.expertDownWeight(layer: layer, expert: 0)
        pack.replaceTensor(name, of: EntryName.experts) { $0.map { $0 * factor } }
      }
      return pack
    }
  }

  @Test func `one that costs more than the operator allows`() throws {
    var limits = GateLimits()
    limits.flopsPerText = 100_000
    try refuse("over-budget", limits: limits) { try $0.pack() }
  }

  @Test func `a copy of an installed pack under another name`() throws {
    try refuse("pack-copied") { bench in
      var pack = bench.privacy
      pack.manifest.pack = try #require(PackName("example/copy"))
      return pack
    }
  }

  @Test func `a copy whose rows were touched a little`() throws {
    // Other examples and other bits: what gives it away is that it fires where the original does.
    try refuse("overlap-undeclared") { bench in
      var pack = bench.privacy
      pack.manifest.pack = try #require(PackName("example/copy"))
      pack.replaceTensor(TensorName.dispatcherBias, of: EntryName.router) { $0.map { $0 - 0.001 } }
      let words = pack.evaluation.map { line -> JSONValue in
        guard case .string(let text)? = line["text"], let label = line["label"] else { return line }
        let shuffled = text.split(separator: " ").reversed().joined(separator: " ")
        return ["text": .string(shuffled), "label": label]
      }
      pack.replaceEvaluation(with: words)
      return pack
    }
  }

  @Test func `one that repeats dispatcher rows`() throws {
    try refuse("rows-repeated") { bench in
      var pack = try bench.pack()
      pack.manifest.dispatcher.rows = 4
      pack.replaceTensors(of: EntryName.router) { name, values in
        name == TensorName.dispatcherPrior ? [0.25, 0.25, 0.25, 0.25] : values + values
      }
      return pack
    }
  }
}
