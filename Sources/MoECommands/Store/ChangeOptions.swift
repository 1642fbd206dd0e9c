import ArgumentParser
import Foundation
import MoEBase
import MoEPackFormat
import MoERuntime
import MoEStore

/// What commands that change a store's packs take.
struct ChangeOptions: ParsableArguments {
  @Flag(
    name: [.customShort("n"), .long], help: "Do everything but the change itself.")
  var dryRun = false

  @Flag(help: "Run no regression suite; the generation is marked unproven.")
  var noEval = false

  @Option(
    help: ArgumentHelp("Why, for `moe-pack history`.", valueName: "text"))
  var reason: String?

  @Option(
    name: .customLong("limit"),
    help: ArgumentHelp(
      "Let the suite pass more or less than the configuration says; may be given several times.",
      discussion: "Keys: \(GateLimits.keys.joined(separator: ", ")).", valueName: "key=value"))
  var limits: [String] = []

  private static let reasonBytes = 400

  /// Refuses a reason that a history cannot show, and limits that are none.
  func validate() throws {
    for text in limits {
      var limits = GateLimits()
      if let expected = limits.set(text) {
        throw ValidationError("--limit \(text.shown()): expected \(expected)")
      }
    }
    guard let reason, !isShownText(reason, atMost: Self.reasonBytes) else { return }
    throw ValidationError(
      "--reason takes one line of at most \(Self.reasonBytes) bytes, without control characters.")
  }

  /// The change as the installer takes it.
  ///
  /// - Throws: ``ConfigurationError``.
  func change(in session: CommandSession) throws -> Installer.Change {
    var limits = try session.settings.gateLimits()
    for text in self.limits { _ = limits.set(text) }
    return Installer.Change(
      actor: session.context.userName, time: session.context.timestamp, reason: reason,
      checking: noEval ? .none : .suite, isDryRun: dryRun, limits: limits)
  }

  /// Makes a change and shows what came of it.
  func run(
    _ change: Installer.Change, session: CommandSession, output: OutputOptions,
    _ body: (Installer) throws -> Installer.Outcome
  ) throws {
    let start = ContinuousClock.now
    // First of all, since opening a store takes time from a server, too.
    let pool = try session.changePool(change.checking)
    let store = try session.store()
    let before = try store.active()
    let outcome = try session.withProgress { bar in
      try body(
        session.installer(for: store, before.packs, pool: pool, progress: bar.handler))
    }
    for warning in outcome.warnings {
      session.console.note("warning: \(warning.message); its namespace has level `warn`")
    }
    let view = ChangeView(
      outcome: outcome, before: before, isDryRun: dryRun,
      seconds: (ContinuousClock.now - start).seconds)
    if output.json {
      try session.console.print(json: view.json)
    } else {
      try view.print(to: session.console)
    }
  }
}

extension Duration {
  /// The duration in seconds.
  var seconds: Double {
    Double(components.seconds) + Double(components.attoseconds) * 1e-18
  }
}
