import MoEBase
import MoEEval
import MoEModel
import MoEPackFormat
import MoETraining

/// The report of a build as one HTML page: what came out, how it was learnt, and where it is weak.
public struct BuildPage: Sendable {
  /// What of a build is not in the pack.
  public struct Circumstances: Sendable {
    /// The size of the archive, in bytes; `nil` where none was written.
    public var archiveSize: Int?
    /// How long the build took, in seconds.
    public var seconds: Double
    /// How many threads shared the work.
    public var threads: Int

    /// States them.
    public init(archiveSize: Int?, seconds: Double, threads: Int) {
      self.archiveSize = archiveSize
      self.seconds = seconds
      self.threads = threads
    }
  }

  let built: BuiltPack
  let circumstances: Circumstances
  var manifest: Manifest { built.manifest }

  /// Makes a page.
  ///
  /// - Parameters:
  ///   - built: The pack, whether it reached its floors or not.
  ///   - circumstances: What of the build is not in it.
  public init(_ built: BuiltPack, circumstances: Circumstances) {
    self.built = built
    self.circumstances = circumstances
  }

  /// The page as text.
  public var html: String {
    var document = HTMLDocument(
      title: "\(manifest.pack) \(manifest.version)", lead: lead)
    document.add("results", "Results", results)
    for (index, eval) in built.evals.enumerated() where !eval.labels.isEmpty {
      document.add(
        "labels-\(index + 1)", "Labels of eval \(eval.name)",
        labels(eval, id: "labels-\(index + 1)"))
    }
    if let training = built.experts.training {
      document.add("learning", "Learning", learning(training))
    }
    if let validation = built.validation {
      document.add("validation", "Validation", ValidationSection(validation).markup)
    }
    document.add("gate", "When the pack is responsible", gate)
    if let experts = manifest.experts {
      document.add("experts", "Experts", utilization(experts))
    }
    document.add("size", "Size and speed", size)
    return document.html
  }

  private var lead: Markup {
    .paragraph(
      "\(manifest.summary). Release \(manifest.release), on \(manifest.backbone.name), by "
        + "\(manifest.provenance.trainer) with seed \(manifest.provenance.seed).")
      + (built.shortfall.map { error in
        Markup.element(
          "p", [:], .badge("not written", .bad), .text(" \(error.message). \(error.hint)."))
      } ?? .empty)
  }

  // MARK: - Results

  private var results: Markup {
    let unmet = zip(manifest.evals, built.evals).count { claim, _ in !Self.reaches(claim) }
    let calibration = built.calibration
    let tiles = Markup.tiles([
      (
        manifest.evals.map { $0.value.fixed(3) }.joined(separator: " · "),
        manifest.evals.map { "\($0.metric) of \($0.name)" }.joined(separator: " · "), unmet > 0
      ),
      ("\(manifest.evals.count - unmet) of \(manifest.evals.count)", "floors met", unmet > 0),
      ("\((calibration.ownRecall * 100).fixed(1)) %", "own texts pass the gate", false),
      ("\((calibration.falseActivation * 100).fixed(2)) %", "background texts do", false),
    ])
    let chart = IntervalChart(
      id: "results-chart", title: "Results of the evals, with 95 % intervals",
      rows: zip(manifest.evals, built.evals).map { claim, result in
        IntervalChart.Row(
          label: "\(claim.name) · \(claim.metric) of \(result.labelled)", value: claim.value,
          interval: Metric(rawValue: claim.metric).flatMap(result.interval).map {
            $0.low...$0.high
          },
          floor: claim.floor)
      })
    return tiles + chart.figure.markup
      + .columns(
        zip(manifest.evals, built.evals).enumerated().map { index, pair in
          .card(metrics(pair.0, pair.1))
        })
  }

  private static func reaches(_ claim: Manifest.Evaluation) -> Bool {
    let isHigherBetter = Metric(rawValue: claim.metric)?.isHigherBetter ?? true
    return isHigherBetter ? claim.value >= claim.floor : claim.value <= claim.floor
  }

  private func metrics(_ claim: Manifest.Evaluation, _ result: EvalResult) -> Markup {
    var table = DataTable(
      "Eval \(claim.name)", [.text("figure"), .number("value"), .number("from"), .number("to")])
    for metric in Metric.allCases {
      guard let value = result.value(metric) else { continue }
      let interval = result.interval(metric)
      table.add([
        metric.title, value.fixed(3), interval?.low.fixed(3) ?? "–", interval?.high.fixed(3) ?? "–",
      ])
    }
    table.add(["own texts that reach the pack", result.ownSelectedShare.fixed(3), "–", "–"])
    if let none = result.noneSelectedShare {
      table.add(["of \(result.none) to leave alone", none.fixed(3), "–", "–"])
    }
    return table.markup
  }

  // MARK: - Labels

  private func labels(_ result: EvalResult, id: String) -> Markup {
    let scores = result.labelScores.filter { $0.support > 0 || $0.predicted > 0 }
    let worst = scores.sorted { ($0.recall ?? 0, $0.label) < ($1.recall ?? 0, $1.label) }
    let chart =
      result.hasTags
      ? f1Chart(result, id: id)
      : IntervalChart(
        id: "\(id)-recall", title: "Share of each label's texts that are found, worst first",
        rows: worst.filter { $0.support > 0 }.map { score in
          let hits = (0..<score.support).map { $0 < score.truePositives }
          return IntervalChart.Row(
            label: "\(score.label) (\(score.support))", value: score.recall ?? 0,
            interval: BootstrapInterval(proportionOf: hits, seed: 1).map { $0.low...$0.high })
        })
    var table = DataTable(
      "Labels of eval \(result.name)",
      [
        .text("label"), .number("texts"), .number("predicted"), .number("precision"),
        .number("recall"), .number("F1"),
      ])
    for score in scores {
      table.add(
        [score.label, "\(score.support)", "\(score.predicted)"]
          + [score.precision, score.recall, score.f1].map { $0?.fixed(3) ?? "–" })
    }
    return chart.figure.markup + .card(table.markup)
      + (result.hasTags
        ? result.pairFigures(id: id, name: result.name)
        : result.confusion.figure(
          id: "\(id)-confusion", title: "Expected labels (rows) against predicted ones"
        ).markup)
  }

  /// The F1 of each label, where a text may have several.
  private func f1Chart(_ result: EvalResult, id: String) -> IntervalChart {
    let scores = result.labelScores.enumerated().filter { $0.element.f1 != nil }
      .sorted {
        ($0.element.f1 ?? 0, $0.element.label) < ($1.element.f1 ?? 0, $1.element.label)
      }
    return IntervalChart(
      id: "\(id)-f1", title: "F1 of each label, worst first",
      rows: scores.map { label, score in
        IntervalChart.Row(
          label: "\(score.label) (\(score.support))", value: score.f1 ?? 0,
          interval: result.f1Interval(of: label).map { $0.low...$0.high })
      })
  }

  // MARK: - Learning

  private func learning(_ training: TaskTraining) -> Markup {
    let verdict =
      "\(training.trainCount) texts to learn from, \(training.validCount) held out. "
      + (training.shipsExperts
        ? "The experts beat the head on the frozen backbone there, and ship."
        : training.experts == nil
          ? "No experts were tried; the head on the frozen backbone ships."
          : "The experts did not beat the head on the frozen backbone there: the smaller pack ships.")
    var markup = Markup.paragraph(verdict)
    guard let experts = training.experts else { return markup }
    let score = (training.scoreName ?? Metric.accuracy.title).capitalizedFirst
    let epochs = experts.history
    if !epochs.isEmpty {
      markup += .columns([
        LineChart(
          id: "loss", title: "Training loss, nats a text", stepTitle: "epoch",
          values: epochs.map(\.loss), marked: experts.epoch > 0 ? experts.epoch : nil
        ).figure.markup,
        LineChart(
          id: "accuracy", title: "\(score) on the texts held out", stepTitle: "epoch",
          values: epochs.map(\.score),
          reference: (label: "frozen head", value: training.frozen.score),
          marked: experts.epoch > 0 ? experts.epoch : nil
        ).figure.markup,
      ])
    }
    let plan = training.plan.map { "top \($0.layers.count.of("layer")), width \($0.width)" } ?? ""
    let rows = [
      ("frozen head", training.frozen.score), ("experts, \(plan)", experts.validation.score),
    ]
    return markup
      + IntervalChart(
        id: "ablation", title: "With and without experts, on the texts held out",
        rows: rows.map { name, value in
          let right = Int((value * Double(training.validCount)).rounded())
          let hits = (0..<training.validCount).map { $0 < right }
          // An F1 is no share of texts: its interval is not this one.
          let interval = BootstrapInterval(proportionOf: hits, seed: 1).map { $0.low...$0.high }
          return IntervalChart.Row(
            label: name, value: value, interval: training.scoreName == nil ? interval : nil)
        }
      ).figure.markup
  }

  // MARK: - Gate

  private var gate: Markup {
    let calibration = built.calibration
    let ridges = ScoreRidges(
      id: "gate-scores", title: "Scores of texts that the gate was not fitted to", unit: "nats",
      groups: [
        ScoreRidges.Group(label: "the pack's own", scores: built.gateScores.own, tone: .good),
        ScoreRidges.Group(label: "background", scores: built.gateScores.background, tone: .bad),
        ScoreRidges.Group(
          label: "near the domain (negatives)", scores: built.gateScores.near, tone: .bad),
      ], threshold: calibration.threshold)
    return .paragraph(
      "A text reaches the pack when its score exceeds the threshold of \(calibration.threshold.fixed(3)). "
        + "\((calibration.ownRecall * 100).fixed(1)) % of \(calibration.ownExamples) own texts do, and "
        + "\((calibration.falseActivation * 100).fixed(2)) % of \(calibration.negativeExamples) background texts. "
        + ngrams
    )
      + ridges.figure.markup
  }

  /// What words have to say in the score.
  private var ngrams: String {
    let share = built.manifest.dispatcher.ngramShare
    return share > 0
      ? "Its words and pairs of words make \((share * 100).fixed(0)) % of a text's score, its sense the rest."
      : "Words have no say in the score: there were too few texts to learn them from, or they tell nothing."
  }

  // MARK: - Experts

  private func utilization(_ experts: Manifest.Experts) -> Markup {
    let layers = experts.layers.map(String.init).joined(separator: ", ")
    var markup = Markup.paragraph(
      "\(experts.count.of("expert")) of width \(experts.width) in each of layers \(layers), top-\(experts.topK) a token."
    )
    if experts.utilization.isEmpty {
      markup += .paragraph(
        "With one expert a layer there is no router: every token goes through it.")
    }
    return markup
      + .columns(
        zip(experts.layers, experts.utilization).map { layer, router in
          BarChart(
            id: "layer-\(layer)",
            title:
              "Layer \(layer): tokens by expert, load imbalance \(router.loadImbalance.fixed(2))",
            rows: router.shares.enumerated().map { expert, share in
              BarChart.Row(
                label: "expert \(expert)", value: share, shown: "\((share * 100).fixed(1)) %",
                tone: router.deadExperts.contains(expert) ? .bad : .good)
            }, most: 1
          ).figure.markup
        })
  }

  // MARK: - Size

  private var size: Markup {
    var table = DataTable("Entries of the pack", [.text("entry"), .number("bytes")])
    for entry in built.entries { table.add([entry.name, "\(entry.bytes.count)"]) }
    if let archive = circumstances.archiveSize { table.add(["the archive", "\(archive)"]) }
    var facts = DataTable("The build", [.text("what"), .number("how much")])
    facts.add(["build, seconds", circumstances.seconds.fixed(1)])
    facts.add(["threads", "\(circumstances.threads)"])
    facts.add(["an eval text, milliseconds, asked twice", (built.secondsPerText * 1000).fixed(2)])
    for file in manifest.provenance.data { facts.add([file.file, "\(file.rows) rows"]) }
    facts.add(["dispatcher rows", "\(manifest.dispatcher.rows)"])
    return .columns([.card(table.markup), .card(facts.markup)])
  }
}

extension String {
  /// The text with a capital to begin with.
  fileprivate var capitalizedFirst: String { prefix(1).uppercased() + dropFirst() }
}

extension ConfusionMatrix {
  /// The matrix as a map: the diagonal is where texts should be.
  func figure(id: String, title: String) -> Figure {
    HeatMap(
      id: id, title: title, rowTitle: "expected", rows: labels, columns: labels, counts: counts
    ) { $0 == $1 ? .good : .bad }.figure
  }
}
