import MoEBase
import MoEEval
import MoEPackFormat

/// The report of `eval` as one HTML page: results, what would change, routing, and each pack by itself.
public struct EvalPage: Sendable {
  /// What the page is about, and where it comes from.
  public struct Heading: Sendable {
    /// The store's generation.
    public var generation: Int
    /// The digest of the composition.
    public var composition: String
    /// Name and digest of the backbone.
    public var backbone: String
    /// When, in ISO 8601.
    public var time: String
    /// What is compared with what: `with example/x 1.0.0`; `nil` where nothing is.
    public var comparison: String?

    /// Makes a heading.
    public init(
      generation: Int, composition: String, backbone: String, time: String, comparison: String?
    ) {
      self.generation = generation
      self.composition = composition
      self.backbone = backbone
      self.time = time
      self.comparison = comparison
    }
  }

  private let heading: Heading
  private let packs: [SuiteReport.Pack]
  private let probes: Int
  private let registered: [SuiteReport.Registered]
  private let experts: ExpertSection?
  private let routing: RoutingMatrix?
  private let whatIf: WhatIf?

  /// Makes a page.
  ///
  /// - Parameters:
  ///   - heading: What it is about.
  ///   - packs: What was measured; empty where only the operator's own texts were asked.
  ///   - probes: How many neutral probes were run.
  ///   - registered: The operator's own eval sets.
  ///   - experts: What a language model's routers do; `nil` where there are none.
  ///   - routing: Which packs were selected for which sets; `nil` where no sets were asked.
  ///   - whatIf: The answers before and after; `nil` where nothing is compared.
  public init(
    heading: Heading, packs: [SuiteReport.Pack], probes: Int,
    registered: [SuiteReport.Registered] = [], experts: ExpertSection? = nil,
    routing: RoutingMatrix?, whatIf: WhatIf?
  ) {
    self.heading = heading
    self.packs = packs
    self.probes = probes
    self.registered = registered
    self.experts = experts
    self.routing = routing
    self.whatIf = whatIf
  }

  /// The page as text.
  public var html: String {
    var document = HTMLDocument(title: "Evaluation of the installed packs", lead: lead)
    if !packs.isEmpty { document.add("results", "Results", results) }
    if let whatIf { document.add("changes", "What changes", ChangeSection(whatIf).markup) }
    if let routing, !routing.rows.isEmpty {
      document.add("routing", "Routing", figure(of: routing))
    }
    if let experts { document.add("experts", "Experts", experts.markup) }
    for (index, pack) in packs.enumerated() {
      document.add(
        "pack-\(index + 1)", pack.label,
        PackSection(pack, id: "pack-\(index + 1)", probes: probes).markup)
    }
    return document.html
  }

  private var lead: Markup {
    var sentence = "Generation \(heading.generation), \(heading.backbone), \(heading.time)"
    if let comparison = heading.comparison { sentence += ": \(comparison)" }
    return .paragraph(sentence + ".")
      + .element(
        "p", ["class": "quiet"], .text("Composition "),
        .element("code", [:], .text(heading.composition)))
  }

  private var evals: [(pack: SuiteReport.Pack, eval: SuiteReport.Eval)] {
    packs.flatMap { pack in pack.evals.map { (pack, $0) } }
  }

  /// Name and version of a pack, without its namespace where that tells it from the others.
  private func short(_ pack: SuiteReport.Pack) -> String {
    let name = pack.name.unqualified
    let isAlone = packs.count { $0.name.unqualified.utf8.elementsEqual(name.utf8) } == 1
    return isAlone ? "\(name) \(pack.version)" : pack.label
  }

  private var results: Markup {
    let unmet = evals.count { !$0.eval.meetsFloor }
    var tiles = [
      ("\(packs.count)", packs.count == 1 ? "pack" : "packs", false),
      (
        "\(evals.reduce(0) { $0 + $1.eval.result.labelled + $1.eval.result.none })", "eval texts",
        false
      ),
      ("\(evals.count - unmet) of \(evals.count)", "floors met", unmet > 0),
    ]
    if let whatIf {
      tiles.append(("\(whatIf.changes.count)", "answers change", false))
      let fallen = whatIf.count(.rightToWrong)
      tiles.append(("\(fallen)", "right → wrong", fallen > 0))
    }
    return .tiles(tiles) + intervals.map(\.figure.markup).joined + selection
  }

  /// A chart of the results of each metric that is claimed.
  private var intervals: [IntervalChart] {
    var metrics: [String] = []
    for (_, eval) in evals where !metrics.contains(eval.claim.metric) {
      metrics.append(eval.claim.metric)
    }
    return metrics.map { metric in
      let title = Metric(rawValue: metric)?.title ?? metric
      return IntervalChart(
        id: metric, title: "Results of each eval set, the pack's own: \(title)",
        rows: evals.filter { $0.eval.claim.metric == metric }.map { pack, eval in
          IntervalChart.Row(
            label: "\(short(pack)) · \(eval.claim.name)", value: eval.value,
            interval: eval.interval.map { $0.low...$0.high },
            floor: eval.claim.floor > 0 ? eval.claim.floor : nil, claim: eval.claim.value)
        })
    }
  }

  /// The shares of texts for which each pack is selected.
  private var selection: Markup {
    let own = evals.filter { $0.eval.result.labelled > 0 }.map { pack, eval in
      BarChart.Row(
        label: "\(short(pack)) · \(eval.claim.name)", value: eval.result.ownSelectedShare,
        shown: eval.result.ownSelectedShare.share)
    }
    let near = evals.compactMap { pack, eval in
      eval.result.noneSelectedShare.map { share in
        BarChart.Row(
          label: "\(short(pack)) · \(eval.claim.name)", value: share, shown: share.share, tone: .bad
        )
      }
    }
    let taken = packs.map { pack in
      BarChart.Row(
        label: short(pack), value: Double(pack.probesSelected) / Double(max(1, probes)),
        shown: "\(pack.probesSelected) of \(probes)", tone: .bad)
    }
    let answered = registered.filter { $0.examples > 0 }.map { own in
      BarChart.Row(
        label: "\(own.eval) · \(own.pack?.unqualified ?? "no pack")",
        value: Double(own.right) / Double(own.examples), shown: "\(own.right) of \(own.examples)")
    }
    let charts = [
      ("registered", "Your own eval sets: texts answered right", answered),
      ("own", "Own texts that reach their pack", own),
      ("near", "Near-domain texts that reach it though they should not", near),
      ("probes", "Neutral probes that it takes", taken),
    ]
    return .columns(
      charts.filter { !$0.2.isEmpty }.map {
        BarChart(id: "selected-\($0.0)", title: $0.1, rows: $0.2, most: 1).figure.markup
      })
  }

  private func figure(of routing: RoutingMatrix) -> Markup {
    let map = HeatMap(
      id: "routing-map", title: "For how many texts of each set each pack is selected",
      rowTitle: "texts",
      rows: routing.rows.map { "\($0.pack.unqualified) · \($0.eval)\($0.isNone ? ", near" : "")" },
      columns: routing.packs.map(\.unqualified) + ["no pack"],
      counts: routing.rows.map { $0.selected + [$0.unrouted] },
      totals: routing.rows.map(\.texts)
    ) { row, column in
      guard column < routing.packs.count else { return routing.rows[row].isNone ? .good : .plain }
      let isOwn = routing.rows[row].pack.utf8.elementsEqual(routing.packs[column].utf8)
      return isOwn && !routing.rows[row].isNone ? .good : .bad
    }
    return .paragraph(
      "A row is a set's own texts, or its near-domain texts, which its pack must leave alone. Blue is where "
        + "texts should go, orange where they should not; at most two packs answer a text.",
      style: "quiet") + map.figure.markup
  }
}

extension Double {
  /// The share in per cent.
  var share: String { "\((self * 100).fixed(1)) %" }
}

extension String {
  /// A pack's name without its namespace.
  fileprivate var unqualified: String { split(separator: "/").last.map(String.init) ?? self }
}
