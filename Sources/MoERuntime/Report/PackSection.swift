import MoEBase
import MoEEval
import MoEPackFormat

/// The part of a report that is about one pack: metrics, calibration, labels.
struct PackSection {
  private let pack: SuiteReport.Pack
  private let id: String
  private let probes: Int

  init(_ pack: SuiteReport.Pack, id: String, probes: Int) {
    self.pack = pack
    self.id = id
    self.probes = probes
  }

  var markup: Markup {
    .element(
      "p", ["class": "quiet"], .text("Pack "), .element("code", [:], .text("\(pack.digest)")))
      + pack.evals.enumerated().map { section(of: $1, id: "\(id)-eval-\($0 + 1)") }.joined
  }

  private func section(of eval: SuiteReport.Eval, id: String) -> Markup {
    let result = eval.result
    let state = eval.meetsFloor ? Markup.badge("floor met", .good) : .badge("below its floor", .bad)
    let heading = Markup.element("h3", [:], .text(eval.claim.name + " "), state)
    let sentence =
      "\(result.labelled) labelled texts, of which \(result.ownSelectedShare.share) reach the pack"
      + (result.noneSelectedShare.map {
        "; \(result.none) near-domain texts, of which \($0.share) do"
      }
        ?? "")
    let name = "\(pack.label), \(eval.claim.name)"
    let diagram = ReliabilityDiagram(
      id: "\(id)-calibration", title: "Calibration of \(name)", reliability: result.reliability)
    return heading + .paragraph(sentence + ".", style: "quiet")
      + .columns([
        .card(metrics(of: eval, name: name), labels(of: result, name: name)), diagram.figure.markup,
      ]) + confusion(of: result, id: id, name: name)
  }

  private func metrics(of eval: SuiteReport.Eval, name: String) -> Markup {
    var table = DataTable(
      "Metrics of \(name), with 95 % bootstrap intervals",
      [.text("metric"), .number("value"), .number("from"), .number("to"), .text("better")])
    for metric in Metric.allCases {
      guard let value = eval.result.value(metric) else { continue }
      let interval = eval.result.interval(metric)
      table.add([
        metric.title, value.fixed(3), interval?.low.fixed(3) ?? "–", interval?.high.fixed(3) ?? "–",
        metric.isHigherBetter ? "higher" : "lower",
      ])
    }
    table.add(["claim", eval.claim.value.fixed(3), "–", "–", "higher"])
    table.add(["floor", eval.claim.floor.fixed(3), "–", "–", "higher"])
    return table.markup
  }

  private func labels(of result: EvalResult, name: String) -> Markup {
    var table = DataTable(
      "Labels of \(name)",
      [
        .text("label"), .number("examples"), .number("predicted"), .number("precision"),
        .number("recall"), .number("F1"),
      ])
    for score in result.labelScores {
      table.add([
        score.label, "\(score.support)", "\(score.predicted)", score.precision?.fixed(3) ?? "–",
        score.recall?.fixed(3) ?? "–", score.f1?.fixed(3) ?? "–",
      ])
    }
    return .details("Precision and recall of each label", table.markup)
  }

  private func confusion(of result: EvalResult, id: String, name: String) -> Markup {
    let matrix = result.confusion
    if result.hasTags { return result.pairFigures(id: id, name: name) }
    guard matrix.total > 0 else { return .empty }
    return HeatMap(
      id: "\(id)-confusion", title: "Expected labels (rows) and given labels (columns) of \(name)",
      rowTitle: "expected", rows: matrix.labels, columns: matrix.labels, counts: matrix.counts
    ) { $0 == $1 ? .good : .bad }.figure.markup
  }
}
