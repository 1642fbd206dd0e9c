import MoEModel
public import ArgumentParser
import MoEBase
import MoEPackFormat
import MoERuntime
import MoEStore

/// `moe-pack eval`.
public struct EvalCommand: MoECommand {
  /// Name and help.
  public static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Run the eval sets of the installed packs, and hold them to their vendors' floors.",
    discussion: """
      For each set: accuracy beside the vendor's claim and floor, the share of the pack's own texts that \
      reach it, the share of near-domain texts that do though they should not, the area under the ROC curve \
      of the one against the other, and how many of the backbone profile's neutral probes it takes. \
      Exit code 10 when a floor is not met. Of one pack it also shows an interval, F1, calibration and the \
      weakest labels.

      --against compares what users get with an earlier generation, text by text: which answers were right \
      there and are wrong now, and how probable so many would be by chance (McNemar's exact test).

      --with and --without ask what would be: every answer and every route that would change, on the eval \
      sets or on your own texts, before anything is installed. Nothing is changed, and no floor is held.

      --html writes a report for a browser, one file with everything in it: results with intervals, \
      confusion matrices, routing, calibration, and the texts whose answers change.

      Examples:
        moe-pack eval
        moe-pack eval example/eu-gdpr --json
        moe-pack eval --against 3 --html report.html
        moe-pack eval --with sg-maritime-law-1.1.0.moepack --input letters.jsonl
      """)

  @Argument(help: ArgumentHelp("The one pack to run; all without it.", valueName: "name"))
  var name: String?

  @Option(
    help: ArgumentHelp("Compare with this generation, text by text.", valueName: "generation"))
  var against: Int?

  @OptionGroup var whatIf: WhatIfOptions

  @Option(help: ArgumentHelp("Write a report for a browser.", valueName: "file"))
  var html: Path?

  /// The words after `moe-pack`.
  public static let words = "eval"

  @OptionGroup var output: OutputOptions
  @OptionGroup var precision: PrecisionOptions
  /// What every command takes.
  @OptionGroup public var global: GlobalOptions

  /// Makes the command.
  public init() {}

  /// Refuses what contradicts itself.
  public func validate() throws {
    guard against == nil || !whatIf.isWanted else {
      throw ValidationError(
        "--against looks back, --with and --without look ahead: take one of them.")
    }
    guard html?.text != "-" else {
      throw ValidationError("--html takes the name of a file.")
    }
  }

  /// Runs the sets.
  public func run(_ session: CommandSession) throws {
    if whatIf.isWanted { return try askWhatIf(session) }
    guard let store = try session.storeForReading() else {
      if let name { throw StoreError.notInstalled(name: name, nearest: nil) }
      if let against { throw StoreError.noGeneration(id: against, newest: 0) }
      return try show([], probes: 0, registered: [], comparison: nil, session)
    }
    let active = try store.active()
    if let name { _ = try store.installedPack(named: name) }
    let earlier = try against.map { try store.generation($0) }
    guard !active.packs.isEmpty else {
      return try show([], probes: 0, registered: [], comparison: nil, session)
    }
    let ground = try session.ground(
      for: active.packs, precision: precision.precision ?? active.precision, needsProbes: true)
    let pool = try session.pool()
    let (packs, registered, flat, comparison) = try session.withProgress { bar in
      let candidate = try session.composition(of: active, on: ground)
      let before = try earlier.map { earlier in
        let wanted = precision.precision ?? earlier.precision
        let own =
          wanted == ground.backbone.precision
          ? ground : try session.ground(for: active.packs, precision: wanted)
        return try session.composition(of: earlier, on: own)
      }
      let suite = try RegressionSuite(
        active: before ?? candidate, candidate: candidate, packs: active.packs,
        probes: ground.probes, operatorEvals: name == nil ? try store.operatorEvals() : [],
        cache: store.cache, pool: pool, progress: bar.handler)
      let packs = try suite.measure(only: name)
      let registered = try suite.measureRegistered()
      let flat = try suite.measureFlat(only: name)
      if !store.isReadOnly { suite.saveEvidence(candidatePassed: true) }
      if let html {
        let questions = try active.packs.filter { name == nil || $0.name.description == name }
          .flatMap { try $0.questions() }
        let whatIf = try before.map {
          try WhatIf(
            asking: questions, before: $0, after: candidate, pool: pool, progress: bar.handler)
        }
        try EvalReport(
          packs: packs, probes: ground.probes.count, registered: registered, flat: flat,
          utilization: try suite.measureUtilization(only: name), composition: candidate,
          comparison: against.map { "since generation \($0)" }
        ).write(
          to: html, asking: questions,
          answers: try whatIf?.after
            ?? candidate.mixture.answer(questions.map(\.text), pool: pool),
          whatIf: whatIf, session)
      }
      return (packs, registered, flat, try earlier.map { _ in try suite.compare(packs) })
    }
    try show(
      packs, probes: ground.probes.count, registered: registered, flat: flat,
      comparison: comparison, session)
    try packs.forEach(RegressionSuite.checkFloors)
  }

  /// Looks at a change that is not made.
  private func askWhatIf(_ session: CommandSession) throws {
    let measures = html != nil && whatIf.input == nil
    let view = try whatIf.run(only: name, needsProbes: measures, session: session) {
      preview, whatIf, bar in
      let view = WhatIfView(whatIf, preview)
      if let html {
        let suite =
          try measures
          ? RegressionSuite(
            active: preview.active, candidate: preview.candidate, packs: preview.candidatePacks,
            probes: preview.probes,
            operatorEvals: name == nil ? session.store().operatorEvals() : [],
            pool: session.pool(), progress: bar.handler) : nil
        try EvalReport(
          packs: try suite?.measure(only: name) ?? [], probes: preview.probes.count,
          registered: try suite?.measureRegistered() ?? [],
          flat: try suite?.measureFlat(only: name),
          utilization: try suite?.measureUtilization(only: name) ?? [],
          composition: preview.candidate,
          comparison: "as it would be " + view.sentence
        ).write(
          to: html, asking: whatIf.questions, answers: whatIf.after, whatIf: whatIf, session)
      }
      return view
    }
    if output.json {
      try session.console.print(json: view.json)
    } else {
      try view.print(to: session.console)
    }
  }

  private func show(
    _ packs: [SuiteReport.Pack], probes: Int, registered: [SuiteReport.Registered],
    flat: SuiteReport.Flat? = nil, comparison: [EvalComparison]?, _ session: CommandSession
  ) throws {
    if output.json {
      var members = [
        JSONMember("probes", .integer(probes)),
        JSONMember("packs", .array(packs.map(\.detailJSON))),
        JSONMember("registered", .array(registered.map(\.json))),
      ]
      if let flat { members.append(JSONMember("flat", flat.json)) }
      if let comparison {
        members.append(JSONMember("against", .array(comparison.map(\.json))))
      }
      return try session.console.print(json: .object(members))
    }
    guard !packs.isEmpty else { return try session.console.print("No packs are installed.") }
    try EvalTable(packs: packs, probes: probes).print(to: session.console)
    for own in registered {
      try session.console.print(
        "\(own.eval), of your own, \(own.pack.map { "for \($0)" } ?? "for no pack"): "
          + "\(own.right) of \(own.examples) answered right")
    }
    for sentence in flat?.sentences ?? [] { try session.console.print(sentence.shown()) }
    if name != nil { try packs.forEach { try EvalDetail(pack: $0).print(to: session.console) } }
    if let comparison, let against {
      try session.console.print()
      for one in comparison {
        try EvalComparisonView(comparison: one, generation: against).print(to: session.console)
      }
    }
  }
}
