import MoEModel
public import ArgumentParser
import MoEBase
import MoERuntime
import MoEStore

/// `moe-pack eval`.
public struct EvalCommand: MoECommand {
  /// Name and help.
  public static let configuration = CommandConfiguration(
    commandName: "eval",
    abstract: "Run the eval sets of the installed packs, and hold them to their vendors' floors.",
    discussion: """
      For each set: accuracy beside the vendor's claim and floor, the share of the pack's own texts that \
      reach it, the share of near-domain texts that do though they should not, the area under the ROC curve \
      of the one against the other, and how many of the backbone profile's neutral probes it takes. \
      Exit code 10 when a floor is not met.

      Examples:
        moe-pack eval
        moe-pack eval example/eu-gdpr --json
      """)

  @Argument(help: ArgumentHelp("The one pack to run; all without it.", valueName: "name"))
  var name: String?

  @OptionGroup var output: OutputOptions
  /// What every command takes.
  @OptionGroup public var global: GlobalOptions

  /// Makes the command.
  public init() {}

  /// Runs the sets.
  public func run(_ session: CommandSession) throws {
    guard let store = try session.storeForReading() else {
      if let name { throw StoreError.notInstalled(name: name, nearest: nil) }
      return try show([], probes: 0, session)
    }
    let active = try store.active()
    if let name { _ = try store.installedPack(named: name) }
    guard !active.packs.isEmpty else { return try show([], probes: 0, session) }
    let ground = try session.ground(for: active.packs, needsProbes: true)
    let composition = try Composition(
      backbone: ground.backbone, profile: ground.profile, generation: active.id,
      packs: active.packs, dispatcher: Dispatcher(threshold: active.threshold))
    let pool = try session.pool()
    let packs = try session.withProgress { bar in
      try RegressionSuite(
        active: composition, candidate: composition, packs: active.packs, probes: ground.probes,
        pool: pool, progress: bar.handler
      ).measure(only: name)
    }
    try show(packs, probes: ground.probes.count, session)
    try packs.forEach(RegressionSuite.checkFloors)
  }

  private func show(
    _ packs: [SuiteReport.Pack], probes: Int, _ session: CommandSession
  ) throws {
    if output.json {
      try session.console.print(
        json: ["probes": .integer(probes), "packs": .array(packs.map(\.json))])
    } else if packs.isEmpty {
      try session.console.print("No packs are installed.")
    } else {
      try EvalTable(packs: packs, probes: probes).print(to: session.console)
    }
  }
}
