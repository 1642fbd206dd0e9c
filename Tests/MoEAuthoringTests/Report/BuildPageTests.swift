import Foundation
import MoEAuthoring
import MoEBase
import MoEEval
import MoEModel
import MoEPackFormat
import MoETensor
import MoETestSupport
import MoETraining
import Testing

/// The report and the card of a build on the tiny backbone.
@Suite struct BuildPageTests {
  private static let hostile = "<script>console.error('taken')</script> & \u{202E}gnitirw"

  /// A build of two experts a layer, one of its training texts and a label hostile.
  private func built(floor: Double = 0.3) throws -> BuiltPack {
    let backbone = try TinyBackbone.make()
    var generator = SeededGenerator(seed: 81)
    let texts = (0..<440).map { _ in TinyTexts.text(topic: nil, using: &generator) }
    let profile = try ProfileBuild(backbone: backbone, pool: ThreadPool(threads: 2))
      .run(corpus: Array(texts[0..<400]), anchors: Array(texts[400...]))
    var directory = SourceDirectory()
    let labels = ["topic-0", "<b>topic | 1</b>"]
    var seen: Set<String> = []
    func examples(_ count: Int) -> [(label: String, text: String)] {
      var examples: [(label: String, text: String)] = []
      while examples.count < count * labels.count {
        let topic = examples.count % labels.count
        let text = TinyTexts.text(topic: topic, using: &generator)
        if seen.insert(text).inserted { examples.append((labels[topic], text)) }
      }
      return examples
    }
    directory.set("data/train.jsonl", examples(30))
    directory.set("data/valid.jsonl", examples(5) + [("topic-0", Self.hostile)])
    var measured = examples(8)
    // A mistake of the vendor's keeps the pack under a floor of 1.
    if floor == 1 { measured[0].label = labels[1] }
    directory.set("evals/issue.jsonl", measured)
    directory["evals/issue.jsonl"] += #"{"text": "nobody of here", "expect": "none"}"# + "\n"
    directory["labels.yaml"] = labels.map { "\"\($0)\": {title: A}\n" }.joined()
    directory.replace("width: 8, count: 3, topK: 2", by: "width: 8, count: 2, topK: 1")
    directory.replace("floor: 0.5", by: "floor: \(floor)")
    return try PackBuild(
      source: try directory.read(allowsNearDuplicates: true), backbone: backbone,
      profile: (profile, BackboneProfile.digest(of: profile.files())), pool: ThreadPool(threads: 2)
    ).measured()
  }

  private func page(_ built: BuiltPack) -> String {
    BuildPage(
      built,
      circumstances: BuildPage.Circumstances(archiveSize: 12_345, seconds: 1.5, threads: 2)
    ).html
  }

  @Test func `it shows how the pack was learnt, and nothing from outside`() throws {
    let built = try built()
    let html = page(built)
    for piece in [
      "id=\"results-chart\"", "id=\"labels-1-recall\"", "id=\"labels-1-confusion\"", "id=\"loss\"",
      "id=\"accuracy\"", "id=\"ablation\"", "id=\"validation-confusion\"", "Hardest texts",
      "id=\"gate-scores\"", "near the domain (negatives)", "12345",
    ] {
      #expect(html.contains(piece), "\(piece)")
    }
    #expect(!html.contains("<script") && !html.contains("http://") && !html.contains("https://"))
    #expect(html.contains("&lt;script&gt;console.error") && !html.contains("\u{202E}"))
    #expect(!html.contains("<b>topic") && html.contains("&lt;b&gt;topic | 1&lt;/b&gt;"))
    #expect(built.validation?.result.labelled == 11)
    #expect(built.gateScores.own.count == built.calibration.ownExamples)
    #expect(built.gateScores.background.count == built.calibration.negativeExamples)
    #expect(built.gateScores.near.count == 1)
  }

  @Test func `a pack below its floor has a report too, which says so`() throws {
    let built = try built(floor: 1)
    #expect(built.shortfall?.code == "below-floor")
    #expect(page(built).contains("not written"))
  }

  @Test func `the card holds what was measured, after what the vendor wrote`() throws {
    let built = try built()
    let entry = try #require(built.entries.first { $0.name == EntryName.card })
    let card = String(decoding: entry.bytes, as: UTF8.self)
    #expect(card.hasPrefix("# A law\n\n## Measured\n"))
    let eval = built.evals[0]
    #expect(card.contains("| issue | accuracy | \(eval.accuracy.fixed(3)) |"))
    #expect(card.contains("| <b>topic \\| 1</b> | 8 |"))
    #expect(card.contains("Of \(built.calibration.ownExamples) own texts held out"))
  }

  @Test(.enabled(if: Browser.isThere, "needs chromium; tools/test browser installs it"))
  func `a browser shows it without a complaint, at the width of a telephone and of a desk`() throws
  {
    let directory = try TemporaryDirectory()
    let file = try directory.write(page(try built()).utf8, to: "pack.html")
    let views = try Browser.views(of: file.path)
    #expect(views.count == 4)
    for view in views { #expect(Browser.faults(of: view, charts: 8) == []) }
  }
}
