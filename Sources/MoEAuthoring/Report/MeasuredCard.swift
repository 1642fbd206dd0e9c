import Foundation
import MoEBase
import MoEEval
import MoEPackFormat

/// The part of a pack's card that is measured: what the build found, added to what the vendor wrote.
///
/// The same pack has the same text: nothing in it depends on the time or the machine's speed.
struct MeasuredCard {
  let manifest: Manifest
  let evals: [EvalResult]

  /// The heading of the part.
  static let heading = "## Measured"

  /// The vendor's card with the part at its end; a part that stands there already is written anew.
  func text(after card: [UInt8]) -> [UInt8] {
    var text = String(decoding: card, as: UTF8.self)
    guard text.utf8.elementsEqual(card) else { return card }
    if let old = text.range(of: "\n\(Self.heading)\n") { text = String(text[..<old.lowerBound]) }
    while text.last?.isWhitespace == true { text.removeLast() }
    return Array((text + "\n\n" + part).utf8)
  }

  private var part: String {
    ([Self.heading, "", lead, "", results] + evals.compactMap(labels) + [gate, ""])
      .joined(separator: "\n")
  }

  private var lead: String {
    let trained = manifest.provenance.data.first?.rows ?? 0
    let experts =
      manifest.experts.map {
        "\($0.count.of("expert")) of width \($0.width) in \($0.layers.count.of("layer"))"
      } ?? "no experts: the head on the frozen backbone was as good"
    return
      "By `moe-pack pack build`, on `\(manifest.backbone.name)`, from \(trained) training texts: \(experts)."
  }

  private var results: String {
    var lines = [
      "| eval | metric | result | 95 % interval | floor | texts | reach the pack | near texts that do |",
      "|---|---|---|---|---|---|---|---|",
    ]
    for (claim, result) in zip(manifest.evals, evals) {
      let interval = Metric(rawValue: claim.metric).flatMap(result.interval)
      lines.append(
        "| \(claim.name) | \(claim.metric) | \(claim.value.fixed(3)) | "
          + (interval.map { "\($0.low.fixed(3)) – \($0.high.fixed(3))" } ?? "–")
          + " | \(claim.floor.fixed(3)) | \(result.labelled) | \(Self.share(result.ownSelectedShare)) | "
          + (result.noneSelectedShare.map { "\(Self.share($0)) of \(result.none)" } ?? "–") + " |")
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// What an eval gave for each label; `nil` where it has none.
  private func labels(_ result: EvalResult) -> String? {
    let scores = result.labelScores.filter { $0.support > 0 || $0.predicted > 0 }
    guard !scores.isEmpty else { return nil }
    var lines = [
      "| \(result.name): label | texts | precision | recall | F1 |", "|---|---|---|---|---|",
    ]
    for score in scores {
      let cells = [score.precision, score.recall, score.f1].map { $0?.fixed(3) ?? "–" }
      let label = score.label.replacing("|", with: "\\|")
      lines.append("| \(label) | \(score.support) | \(cells.joined(separator: " | ")) |")
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private var gate: String {
    let calibration = manifest.dispatcher.calibration
    return
      "Of \(calibration.ownExamples) own texts held out, \(Self.share(calibration.ownRecall)) pass the gate; of "
      + "\(calibration.negativeExamples) background texts, \(Self.share(calibration.falseActivation))."
  }

  private static func share(_ value: Double) -> String { "\((value * 100).fixed(1)) %" }
}
