import MoEBase
import MoEEval
public import MoEModel
import MoETensor

/// The part of a report that is about the experts of a language model: how its routers spread tokens over them, and
/// what one softmax with the packs' would cost.
public struct ExpertSection: Sendable {
  private let layers: [ExpertUtilization]
  private let flat: SuiteReport.Flat?

  /// Makes a section; `nil` where there is nothing to show.
  ///
  /// - Parameters:
  ///   - layers: What the backbone's routers did with the packs' own texts, a layer each.
  ///   - flat: The drift of the flat mode; `nil` where there is none.
  public init?(_ layers: [ExpertUtilization], flat: SuiteReport.Flat?) {
    guard !layers.isEmpty || flat != nil else { return nil }
    self.layers = layers
    self.flat = flat
  }

  var markup: Markup {
    (layers.isEmpty ? .empty : spread) + (flat.map(drift) ?? .empty)
  }

  /// Which experts took which share of the tokens, and how evenly.
  private var spread: Markup {
    let most = layers.map(\.shares.count).max() ?? 0
    let map = HeatMap(
      id: "experts-map",
      title: "Tokens by expert: of a thousand places in each layer, how many each takes",
      rowTitle: "layer", rows: layers.map { "layer \($0.layer)" },
      columns: (0..<most).map { "expert \($0)" },
      counts: layers.map { layer in
        (0..<most).map { $0 < layer.shares.count ? Int((layer.shares[$0] * 1000).rounded()) : 0 }
      },
      // Darkest where an expert takes five times its fair share.
      totals: layers.map { max(1, 5000 / max(1, $0.shares.count)) }
    ) { _, _ in .plain }
    let imbalance = layers.map {
      BarChart.Row(
        label: "layer \($0.layer) · \($0.usedCount) of \($0.shares.count) experts used",
        value: $0.loadImbalance, shown: $0.loadImbalance.fixed(2))
    }
    let entropy = layers.map { layer in
      BarChart.Row(
        label: "layer \(layer.layer)",
        value: layer.entropy / Elementary.log(Double(max(2, layer.shares.count))),
        shown: "\(layer.entropy.fixed(2)) nats")
    }
    return .paragraph(
      "What the model's own routers do with the packs' own texts. An imbalance of 1 is even; the entropy's full "
        + "width is a router that cannot tell experts apart.", style: "quiet")
      + map.figure.markup
      + .columns([
        BarChart(
          id: "experts-imbalance", title: "Load imbalance: the greatest share over the mean",
          rows: imbalance
        ).figure.markup,
        BarChart(
          id: "experts-entropy", title: "Mean entropy of the router's probabilities", rows: entropy,
          most: 1
        ).figure.markup,
      ])
  }

  private func drift(_ flat: SuiteReport.Flat) -> Markup {
    let heading = Markup.element("h3", [:], .text("Flat mode"))
    if let refusal = flat.refusal { return heading + .paragraph(refusal + ".", style: "quiet") }
    guard !flat.drifts.isEmpty else { return .empty }
    let rows = flat.drifts.flatMap { drift in
      [
        BarChart.Row(
          label: "\(drift.pack) · isolated, as it answers", value: drift.isolated,
          shown: "\(drift.isolated.fixed(3)) nats per byte"),
        BarChart.Row(
          label: "\(drift.pack) · flat", value: drift.flat,
          shown: "\(drift.flat.fixed(3)) nats per byte, "
            + (drift.drift < 0 ? "" : "+") + drift.drift.fixed(3),
          tone: drift.drift > 0 ? .bad : .good),
      ]
    }
    return heading
      + .paragraph(
        "What an exported checkpoint computes, the experts of all packs among the model's own in one softmax, on "
          + "some of each pack's own texts.", style: "quiet")
      + BarChart(
        id: "flat-drift", title: "Isolated and flat, nats per byte (lower is better)", rows: rows
      ).figure.markup
  }
}
