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

/// What is kept between runs saves work and changes nothing.
@Suite struct EvidenceTests {
  let bench: PackBench
  private let pool = ThreadPool(threads: 2)

  init() throws {
    bench = try PackBench()
    _ = try bench.installer().install([try bench.archive(try bench.pack())], bench.change())
  }

  private func suite(cached: Bool) throws -> RegressionSuite {
    let active = try bench.store.active()
    let composition = try Composition(
      backbone: bench.backbone, profile: TinyBackbone.profileDigest, generation: active.id,
      packs: active.packs)
    return try RegressionSuite(
      active: composition, candidate: composition, packs: active.packs,
      probes: TinyBackbone.probes, cache: cached ? bench.store.cache : nil, pool: pool)
  }

  private var files: [URL] {
    let root = bench.store.directory.appending(path: "cache")
    let paths = FileManager.default.enumerator(atPath: root.path)?.compactMap { $0 as? String }
    return (paths ?? []).map { root.appending(path: $0) }.filter { !$0.hasDirectoryPath }
      .filter { (try? Data(contentsOf: $0)) != nil }.sorted { $0.path < $1.path }
  }

  @Test func `what is cached is what answering afresh gives`() throws {
    let cached = try suite(cached: true)
    let measured = try cached.measure()
    #expect(cached.passCount == 0)
    let fresh = try suite(cached: false)
    #expect(try fresh.measure() == measured)
    #expect(fresh.passCount > 300)
    // And both are what the mixture itself answers.
    let mixture = try Composition(
      backbone: bench.backbone, profile: TinyBackbone.profileDigest, generation: 1,
      packs: try bench.store.active().packs
    ).mixture
    for pack in measured {
      let source = [bench.ships, bench.privacy].first { $0.manifest.pack.description == pack.name }
      guard let source else { continue }
      let examples = source.evaluation.map { line -> EvalExample in
        guard case .string(let text)? = line["text"] else {
          return EvalExample(text: "", expectation: .none)
        }
        guard case .string(let label)? = line["label"] else {
          return EvalExample(text: text, expectation: .none)
        }
        return EvalExample(text: text, expectation: .label(label))
      }
      let identity = PackIdentity(name: pack.name, version: pack.version, digest: pack.digest)
      let result = try EvalSet(name: "issue", task: "issue", examples: examples)
        .run(on: mixture, pack: identity, pool: pool)
      #expect(pack.evals.map(\.result) == [result])
    }
  }

  @Test
  func `an install runs the backbone over the new pack's examples, and over what is compared`()
    throws
  {
    let texts = StageTotals()
    let single = try TinyPack("example/fourth", topics: [4], backbone: bench.backbone)
    var pack = single
    pack.manifest.overlaps = [try bench.pack().manifest.pack]
    pack.replaceEvaluation(
      with: pack.evaluation.map { line in
        guard case .string(let text)? = line["text"] else { return line }
        let turned = text.split(separator: " ").reversed().joined(separator: " ")
        return line["label"].map { ["text": .string(turned), "label": $0] }
          ?? ["text": .string(turned), "expect": "none"]
      })
    var limits = GateLimits()
    limits.displacement = 1
    limits.negativeFlips = 1
    limits.fallProbability = 0
    _ = try bench.installer(progress: texts.record).install(
      [try bench.archive(pack, "fourth")], bench.change(limits))
    #expect(texts.greatest("`issue` of example/ships") == 0)
    #expect(texts.greatest("neutral probes") == 0)
    #expect(texts.greatest("`issue` of example/fourth") > 0)
    #expect(texts.greatest("answers before and after") >= 400)
  }

  @Test func `damaged, emptied, torn and mixed up files are computed anew`() throws {
    let expected = try suite(cached: false).measure()
    let damages: [(String, (URL, [URL]) throws -> Void)] = [
      (
        "a flipped bit",
        { file, _ in
          var bytes = Array(try Data(contentsOf: file))
          bytes[bytes.count / 2] ^= 1
          try Data(bytes).write(to: file)
        }
      ),
      ("empty", { file, _ in try Data().write(to: file) }),
      (
        "torn",
        { file, _ in
          let bytes = try Data(contentsOf: file)
          try bytes.prefix(bytes.count / 2).write(to: file)
        }
      ),
      (
        "another's",
        { file, others in
          let other = others.first { $0 != file }
          try Data(contentsOf: try #require(other)).write(to: file)
        }
      ),
    ]
    for (name, damage) in damages {
      let files = files
      #expect(files.count >= 8, Comment(rawValue: name))
      for file in files { try damage(file, files) }
      let suite = try suite(cached: true)
      #expect(try suite.measure() == expected, Comment(rawValue: name))
      #expect(suite.passCount > 300)
      suite.saveEvidence(candidatePassed: true)
      let again = try self.suite(cached: true)
      #expect(try again.measure() == expected)
      #expect(again.passCount == 0, Comment(rawValue: name))
    }
  }

  @Test func `a refused pack leaves nothing behind, and gc what nobody needs any more`() throws {
    let before = files
    var bad = try TinyPack("example/bad", topics: [4], backbone: bench.backbone)
    bad.replaceHeads(with: 0)
    bad.manifest.overlaps = [try bench.pack().manifest.pack]
    bad.manifest.evals[0].floor = 0.99
    bad.manifest.evals[0].value = 1
    let file = try bench.archive(bad, "bad")
    #expect(throws: (any Error).self) {
      try bench.installer().install([file], bench.change())
    }
    #expect(files == before)
    let gone = try bench.store.installedPack(named: "example/ships")
    _ = try bench.installer().remove(["example/ships"], bench.change())
    _ = try bench.store.gc(keep: 1, graceSeconds: 0, now: .distantFuture)
    let lines = try #require(gone.entry("evals/issue.jsonl")).digest.hex
    #expect(!files.isEmpty)
    #expect(!files.contains { $0.path.contains(gone.digest.hex) || $0.path.contains(lines) })
    let suite = try suite(cached: true)
    _ = try suite.measure()
    #expect(suite.passCount == 0)
  }
}
