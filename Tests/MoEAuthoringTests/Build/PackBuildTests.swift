import Foundation
import MoEAuthoring
import MoEBase
import MoEEval
import MoEModel
import MoEPackFormat
import MoETensor
import MoETestSupport
import MoETraining
import Synchronization
import Testing

/// Whole builds on the tiny backbone, from a source on disk to a signed archive.
@Suite struct PackBuildTests {
  private let backbone: Backbone
  private let profile: BackboneProfile
  private let profileDigest: Digest

  init() throws {
    backbone = try TinyBackbone.make()
    var generator = SeededGenerator(seed: 81)
    let texts = (0..<440).map { _ in TinyTexts.text(topic: nil, using: &generator) }
    profile = try ProfileBuild(backbone: backbone, pool: ThreadPool(threads: 2))
      .run(corpus: Array(texts[0..<400]), anchors: Array(texts[400...]))
    profileDigest = BackboneProfile.digest(of: profile.files())
  }

  /// A source whose labels are topics of made-up words.
  private func source(
    labels: Int = 3, experts: String = "experts: {layers: 2, width: 8}", floor: Double = 0.5
  )
    -> SourceDirectory
  {
    var directory = SourceDirectory()
    var generator = SeededGenerator(seed: 82)
    var seen: Set<String> = []
    func examples(_ count: Int) -> [(label: String, text: String)] {
      var examples: [(label: String, text: String)] = []
      while examples.count < count * labels {
        let topic = examples.count % labels
        let text = TinyTexts.text(topic: topic, using: &generator)
        if seen.insert(text).inserted { examples.append(("topic-\(topic)", text)) }
      }
      return examples
    }
    directory.set("data/train.jsonl", examples(30))
    directory.set("evals/issue.jsonl", examples(8))
    for _ in 0..<12 {
      let text = TinyTexts.text(topic: nil, using: &generator)
      if seen.insert(text).inserted {
        directory["evals/issue.jsonl"] += "{\"text\": \"\(text)\", \"expect\": \"none\"}\n"
      }
    }
    directory["labels.yaml"] = (0..<labels).map { "topic-\($0): {title: Topic \($0)}\n" }.joined()
    directory.replace("    valid: data/valid.jsonl\n", by: "")
    directory.replace("    negatives: data/negatives.jsonl\n", by: "")
    directory.replace("experts: {layers: 2, width: 8, count: 3, topK: 2}", by: experts)
    directory.replace("floor: 0.5", by: "floor: \(floor)")
    return directory
  }

  private func build(
    _ directory: SourceDirectory, threads: Int = 2,
    progress: @escaping @Sendable (BuildProgress) -> Void = { _ in }
  ) throws -> BuiltPack {
    try PackBuild(
      source: try directory.read(allowsNearDuplicates: true), backbone: backbone,
      profile: (profile, profileDigest), pool: ThreadPool(threads: threads), progress: progress
    ).run()
  }

  private func written(_ pack: BuiltPack) throws -> [UInt8] {
    let directory = try TemporaryDirectory()
    let file = directory.url.appending(path: "a.moepack")
    let key = try SigningKey(seed: [UInt8](repeating: 9, count: 32))
    let summary = try PackWriter(keys: [key]).write(pack.manifest, entries: pack.entries, to: file)
    #expect(summary.manifest.pack.description == "example/law")
    return Array(try Data(contentsOf: file))
  }

  @Test func `a source becomes a pack that is right about its own texts`() throws {
    let pack = try build(source())
    let eval = try #require(pack.evals.first)
    #expect(eval.accuracy > 0.8, "\(eval)")
    #expect(eval.labelled == 24 && eval.none > 0)
    let manifest = pack.manifest
    #expect(manifest.tasks[0].labels == ["topic-0", "topic-1", "topic-2"])
    #expect(manifest.backbone.digest == TinyBackbone.digest && manifest.profile == profileDigest)
    #expect(manifest.evals[0].value == eval.accuracy && manifest.evals[0].floor == 0.5)
    #expect(manifest.nearDuplicatesAllowed && manifest.provenance.seed == 7)
    #expect(manifest.provenance.data.map(\.file) == ["data/train.jsonl", "evals/issue.jsonl"])
    let training = try #require(pack.experts.training)
    #expect(training.trainCount + training.validCount == 90)
    #expect((3..<18).contains(training.validCount), "some of every label's texts")
    #expect(pack.calibration.ownExamples == 90)
    #expect((manifest.experts != nil) == training.shipsExperts)
    #expect(try !written(pack).isEmpty)
  }

  @Test(arguments: [1, 3])
  func `the same source gives the same bytes, on one thread and on two`(_ experts: Int) throws {
    let directory = source(experts: "experts: {layers: 2, width: 8, count: \(experts)}")
    let one = try written(build(directory, threads: 1))
    #expect(try written(build(directory, threads: 2)) == one)
  }

  @Test func `a single label makes a pack whose question is mine or not`() throws {
    let pack = try build(source(labels: 1))
    let training = try #require(pack.experts.training)
    #expect(pack.evals[0].accuracy == 1 && training.experts == nil && !training.shipsExperts)
    #expect(pack.manifest.tasks[0].labels == ["topic-0"] && pack.manifest.experts == nil)
    #expect((pack.evals[0].auroc ?? 0) > 0.8)
    #expect(try !written(pack).isEmpty)
  }

  @Test func `without experts the frozen head ships`() throws {
    let pack = try build(source(experts: "experts: {layers: 0, width: 8}"))
    let training = try #require(pack.experts.training)
    #expect(training.plan == nil && training.experts == nil && pack.manifest.experts == nil)
    #expect(!pack.entries.contains { $0.name == EntryName.experts })
  }

  @Test func `a pack under its own floor is refused`() throws {
    var directory = source(floor: 0.99)
    // Labels that nothing in the texts tells.
    let mixed = directory["data/train.jsonl"].split(separator: "\n").enumerated().map {
      index, line in
      line.replacingOccurrences(of: "topic-\(index % 3)", with: "topic-\((index / 3) % 3)") + "\n"
    }
    directory["data/train.jsonl"] = mixed.joined()
    let error = try #require(#expect(throws: SourceError.self) { try build(directory) })
    #expect(error.code == "below-floor" && error.exitCode == .regression)
    #expect(error.message.hasPrefix("eval `issue`: accuracy 0."), "\(error.message)")
    #expect(error.message.hasSuffix(", floor 0.99 (24 examples)"), "\(error.message)")
  }

  @Test func `experts in more layers than the backbone has are refused`() throws {
    let error = #expect(throws: SourceError.self) {
      try build(source(experts: "experts: {layers: 4, width: 8}"))
    }
    #expect(
      error?.message
        == "`pack.yaml`: `experts.layers`: expected a whole number from 0 to 3, the layers of `tiny`, got 4"
    )
  }

  @Test func `progress names its stages in their order, none past its end`() throws {
    let stages = Mutex<[String]>([])
    _ = try build(source()) { progress in
      #expect((0...1).contains(progress.fraction), "\(progress)")
      stages.withLock { if $0.last != progress.stage { $0.append(progress.stage) } }
    }
    #expect(
      stages.withLock { $0 } == [
        "running the backbone once", "fitting the frozen head", "training experts",
        "fitting the gate",
        "running the evals",
      ])
  }
}

@Suite struct ProfileBuildTests {
  @Test func `a profile has the same bits on one thread and on two`() throws {
    let backbone = try TinyBackbone.make()
    let texts = TinyTexts.mixture(count: 300, seed: 91)
    func files(threads: Int) throws -> [String: [UInt8]] {
      try ProfileBuild(backbone: backbone, pool: ThreadPool(threads: threads))
        .run(corpus: texts, anchors: ["a", "b"]).files()
    }
    let one = try files(threads: 1)
    #expect(try files(threads: 2) == one)
    let profile = try BackboneProfile(files: one, width: TinyBackbone.featureWidth)
    // 300 texts in the proportions 10,000 to 2,000 to 1,500.
    #expect(profile.negativeTexts == Array(texts[222..<266]))
    #expect(profile.probes == Array(texts[266...]))
    #expect(profile.anchorTexts == ["a", "b"])
    let alone = try backbone.features(texts: ["b"], pool: ThreadPool(threads: 1))
    #expect(Array(profile.anchors.suffix(TinyBackbone.featureWidth)) == alone)
  }

  @Test func `a corpus of few texts is refused`() throws {
    let error = #expect(throws: SourceError.self) {
      try ProfileBuild(backbone: try TinyBackbone.make(), pool: ThreadPool(threads: 1))
        .run(corpus: ["a"], anchors: [])
    }
    #expect(error?.message == "the corpus has 1 texts, expected at least 200")
  }
}
