import Foundation
import MoEAuthoring
import MoEBase
import MoEEval
import MoEModel
import MoEPackFormat
import MoETensor
import MoETestSupport
import MoETraining
import SafeTensors
import Testing

/// Whole builds of packs whose texts may have any number of labels, on the tiny backbone.
@Suite struct TagBuildTests {
  private let backbone: Backbone
  private let profile: BackboneProfile

  init() throws {
    backbone = try TinyBackbone.make()
    var generator = SeededGenerator(seed: 81)
    let texts = (0..<440).map { _ in TinyTexts.text(topic: nil, using: &generator) }
    profile = try ProfileBuild(backbone: backbone, pool: ThreadPool(threads: 2))
      .run(corpus: Array(texts[0..<400]), anchors: Array(texts[400...]))
  }

  private func build(_ source: SourceDirectory, threads: Int = 2) throws -> BuiltPack {
    try PackBuild(
      source: try source.read(allowsNearDuplicates: true), backbone: backbone,
      profile: (profile, TinyBackbone.profileDigest), pool: ThreadPool(threads: threads)
    ).run()
  }

  private var source: SourceDirectory {
    var source = SourceDirectory()
    source.files = TinyTags.files()
    return source
  }

  /// The same with every seventh eval text's labels wrong, for the tiny backbone learns them without a mistake.
  private var muddled: SourceDirectory {
    var source = source
    source["evals/topics.jsonl"] = source["evals/topics.jsonl"].split(separator: "\n").enumerated()
      .map { index, line in
        let wrong = line.replacingOccurrences(of: "[\"tag-", with: "[\"tag-2\",\"tag-")
          .replacingOccurrences(of: "[]", with: "[\"tag-0\"]")
          .replacingOccurrences(of: "[\"tag-2\",\"tag-2\"]", with: "[]")
        return (index % 7 == 0 && !line.contains(",\"tag-2") ? wrong : String(line)) + "\n"
      }.joined()
    return source
  }

  @Test func `a source of tags becomes a pack that gives the right sets`() throws {
    let built = try build(source)
    let eval = built.evals[0]
    let manifest = built.manifest
    #expect(manifest.tasks[0].kind == .tag && manifest.tasks[0].labels == TinyTags.labels)
    #expect(manifest.features == ["tag"] && manifest.evals[0].metric == "microF1")
    #expect(eval.labelled == 60 && eval.none == 16)
    #expect((eval.value(.microF1) ?? 0) > 0.8, "\(eval.tags)")
    #expect((eval.value(.accuracy) ?? 0) > 0.5, "\(eval.tags)")
    #expect(manifest.evals[0].value == eval.value(.microF1))
    let heads = try SafeTensorsFile(
      bytes: try #require(built.entries.first { $0.name == EntryName.heads }).bytes, name: "heads")
    #expect(
      heads.tensors.map(\.name).sorted() == ["topics.bias", "topics.threshold", "topics.weight"])
    let thresholds = try heads.floatArray("topics.threshold", shape: [3])
    #expect(thresholds.allSatisfy { (0...1).contains($0) } && Set(thresholds).count > 1)
    #expect(thresholds == built.experts.training?.thresholds)
    let validation = try #require(built.validation)
    let score = try #require(validation.result.value(.microF1))
    let training = try #require(built.experts.training)
    let shipped =
      training.shipsExperts ? training.experts?.validation.score : training.frozen.score
    // The thresholds' own F1 on these texts, measured once more through the pack's bytes.
    #expect(abs(score - (shipped ?? 0)) < 0.05)
    // Every label, and the texts without one, are held out.
    let held = validation.examples
    for label in TinyTags.labels { #expect(held.contains { $0.labels.contains(label) }) }
    #expect(held.contains { $0.labels.isEmpty } && (20...60).contains(held.count))
  }

  @Test func `the same source gives the same bytes, on one thread and on two`() throws {
    func bytes(threads: Int) throws -> [[UInt8]] {
      try build(source, threads: threads).entries.map(\.bytes)
    }
    #expect(try bytes(threads: 1) == bytes(threads: 2))
  }

  @Test func `a set's result is what is counted by hand from its answers`() throws {
    let built = try build(muddled)
    let eval = built.evals[0]
    var (right, expected, given, exact) = (0, 0, 0, 0)
    var f1: [Double] = []
    for case .tagged(_, let score) in eval.scores {
      right += Set(score.expected).intersection(score.given).count
      expected += score.expected.count
      given += score.given.count
      exact += score.expected == score.given ? 1 : 0
    }
    for label in 0..<3 {
      var (hits, all) = (0, 0)
      for case .tagged(_, let score) in eval.scores {
        let sides = (score.expected.contains(label), score.given.contains(label))
        hits += sides.0 && sides.1 ? 1 : 0
        all += (sides.0 ? 1 : 0) + (sides.1 ? 1 : 0)
      }
      f1.append(2 * Double(hits) / Double(all))
    }
    #expect(eval.value(.microF1) == 2 * Double(right) / Double(expected + given))
    #expect(abs((eval.value(.macroF1) ?? 0) - f1.reduce(0, +) / 3) < 1e-12)
    #expect(eval.correct == exact && eval.labelScores.compactMap(\.f1) == f1)
    for metric in [Metric.microF1, .macroF1, .accuracy] {
      let value = try #require(eval.value(metric))
      let interval = try #require(eval.interval(metric))
      #expect(interval.low <= value && value <= interval.high && interval.low < 1)
    }
    let interval = try #require(eval.f1Interval(of: 1))
    #expect(interval.low <= f1[1] && f1[1] <= interval.high)
    #expect(eval.value(.balancedAccuracy) == nil && eval.confusion.labels.isEmpty)
    let pairs = LabelPairs(eval)
    #expect(
      pairs.expected[0][0] == eval.tags.support[0] && pairs.given[1][1] == eval.tags.predicted[1])
  }

  @Test func `report and card tell of sets, and draw no confusion`() throws {
    let built = try build(source)
    let page = BuildPage(
      built, circumstances: BuildPage.Circumstances(archiveSize: 1, seconds: 1, threads: 1)
    ).html
    for piece in [
      "F1 of each label, worst first", "as expected", "as given", "Micro-averaged F1 on the texts",
      "with exactly their labels", "microF1 of topics", "no label",
    ] { #expect(page.contains(piece), "\(piece)") }
    #expect(!page.contains("against predicted ones"))
    let card = String(
      decoding: try #require(built.entries.first { $0.name == EntryName.card }).bytes,
      as: UTF8.self)
    #expect(card.contains("| topics | microF1 | ") && card.contains("| tag-2 | 20 | "))
  }

  @Test(.enabled(if: Browser.isThere, "needs chromium; tools/test browser installs it"))
  func `a browser shows the report without a complaint, at the width of a telephone and of a desk`()
    throws
  {
    let directory = try TemporaryDirectory()
    let page = BuildPage(
      try build(source),
      circumstances: BuildPage.Circumstances(archiveSize: 1, seconds: 1, threads: 1)
    ).html
    let file = try directory.write(page.utf8, to: "tags.html")
    let views = try Browser.views(of: file.path)
    #expect(views.count == 4)
    for view in views { #expect(Browser.faults(of: view, charts: 9) == []) }
  }

  @Test func `a floor that is missed is said in the metric's name`() throws {
    var source = muddled
    source["pack.yaml"] = TinyTags.description(floor: 1)
    let error = #expect(throws: SourceError.self) { try build(source) }
    #expect(
      error?.message.hasPrefix("eval `topics`: microF1 0.") == true, "\(String(describing: error))")
  }

  @Test func `one tag alone is learnt too, for it may not apply`() throws {
    var source = source
    for file in ["data/train.jsonl", "evals/topics.jsonl"] {
      source[file] = source[file].split(separator: "\n").map { line in
        line.replacingOccurrences(of: "\"tag-0\",", with: "")
          .replacingOccurrences(of: ",\"tag-2\"", with: "")
          .replacingOccurrences(of: "\"tag-0\"", with: "")
          .replacingOccurrences(of: "\"tag-2\"", with: "") + "\n"
      }.joined()
    }
    let built = try build(source)
    #expect(built.manifest.tasks[0].labels == ["tag-1"])
    #expect((built.evals[0].value(.microF1) ?? 0) > 0.8)
    #expect(built.experts.training?.experts != nil)
  }
}
