public import ArgumentParser
import Foundation
import MoEBase
import MoEPackFormat
import MoERuntime
import MoEStore

/// `moe-pack pack test`.
public struct PackTestCommand: MoECommand {
  /// Name and help.
  public static let configuration = CommandConfiguration(
    commandName: "test",
    abstract: "Run the gate that an operator's store would run, before you give a pack away.",
    discussion: """
      Installs the pack into an empty store that is thrown away: archive and digests are checked, its evals \
      run against their floors and claims, and the neutral probes of the backbone show what it would take \
      from others. With --beside the same is done in a second such store that holds those packs already: \
      the suite then says which of their answers would change, and which texts both claim. The packs may \
      be signed by anyone; the store of this machine is not touched.

      The exit code is 0 where every gate passed, and 10 where one refused the pack.

      Examples:
        moe-pack pack test tickets.moepack
        moe-pack pack test tickets.moepack --beside sg-maritime-law-1.0.0.moepack --beside eu-gdpr-1.0.0.moepack
      """)

  @Argument(help: ArgumentHelp("The pack file.", valueName: "file"))
  var file: Path

  @Option(
    help: ArgumentHelp(
      "A pack that is installed there already. May stand several times.", valueName: "file"))
  var beside: [Path] = []

  @Option(
    name: .customLong("limit"),
    help: ArgumentHelp(
      "Let the suite pass more or less than its defaults; may be given several times.",
      discussion: "Keys: \(GateLimits.keys.joined(separator: ", ")).", valueName: "key=value"))
  var limits: [String] = []

  @OptionGroup var format: OutputOptions
  /// What every command takes.
  @OptionGroup public var global: GlobalOptions

  /// The words that name it.
  public static let words = "pack test"

  /// Makes the command.
  public init() {}

  /// Refuses limits that are none.
  public func validate() throws {
    for text in limits {
      var limits = GateLimits()
      if let expected = limits.set(text) {
        throw ValidationError("--limit \(text.shown()): expected \(expected)")
      }
    }
  }

  /// Runs the gate, once or twice.
  public func run(_ session: CommandSession) throws {
    let alone = try gate([], session)
    if !format.json { try show("in an empty store", alone, on: session.console) }
    var together: Installer.Outcome?
    if !beside.isEmpty {
      together = try gate(beside, session)
      if let together, !format.json {
        try session.console.print()
        try show("beside \(beside.count.counted("pack"))", together, on: session.console)
      }
    }
    guard format.json else { return }
    try session.console.print(json: [
      "alone": alone.report?.json ?? .null, "beside": together?.report?.json ?? .null,
    ])
  }

  /// Installs the pack where these are installed.
  private func gate(_ others: [Path], _ session: CommandSession) throws -> Installer.Outcome {
    try WorkDirectory.with("moe-pack-test") { directory in
      let store = try Store(at: directory.appending(path: "store"), options: session.storeOptions)
      var limits = GateLimits()
      for text in self.limits { _ = limits.set(text) }
      let change = Installer.Change(
        actor: session.context.userName, time: session.context.timestamp, limits: limits)
      let key = SigningKey()
      // Whoever signed them, or nobody: what is under test is what they do, and the store goes when it is done.
      let root = RootDocument(
        expires: session.context.now().addingTimeInterval(86_400).ISO8601Format(),
        rootKeys: [key.publicKey], rules: [NamespaceRule(.all, keys: [], level: .off)])
      try store.importRoot(
        UnverifiedRoot(signing: root, with: [key]), by: change.actor, at: change.time)
      let pool = try session.pool()
      func install(_ paths: [Path]) throws -> Installer.Outcome {
        let active = try store.active()
        return try session.withProgress { bar in
          try session.installer(for: store, active.packs, pool: pool, progress: bar.handler)
            .install(paths.map(\.url), change)
        }
      }
      if !others.isEmpty { _ = try install(others) }
      return try install([file])
    }
  }

  private func show(
    _ place: String, _ outcome: Installer.Outcome, on console: Console
  ) throws {
    if let report = outcome.report {
      try EvalTable(packs: report.packs, probes: report.probes).print(to: console)
      try SuiteView(report: report).print(to: console)
      if report.compared > 0 {
        try console.print(
          "\(report.compared.counted("answer")) that the pack has no part in: the same bytes before and after"
        )
      }
    }
    try console.print("The gate \(place) passed.")
  }
}
