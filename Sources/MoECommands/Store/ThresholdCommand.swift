public import ArgumentParser
import MoEBase
import MoERuntime
import MoEStore

/// `moe-pack threshold`.
public struct ThresholdCommand: MoECommand {
  /// Name and help.
  public static let configuration = CommandConfiguration(
    commandName: "threshold",
    abstract: "Show or set how probable a pack must be to answer in this store.",
    discussion: """
      Each pack says how probable it is that a text is its own and not the background's. Packs at or \
      under the store's threshold do not answer. 0.5 is what vendors calibrate for; a higher one answers \
      less and errs less. Setting it makes a generation, which passes the regression suite and can be \
      rolled back.

      Examples:
        moe-pack threshold
        moe-pack threshold 0.8
        moe-pack threshold 0.8 --dry-run
      """)

  @Argument(
    help: ArgumentHelp(
      "The new threshold, from \(least) to \(greatest).", valueName: "probability"))
  var threshold: Double?

  @OptionGroup var change: ChangeOptions
  @OptionGroup var output: OutputOptions
  /// What every command takes.
  @OptionGroup public var global: GlobalOptions

  /// Makes the command.
  public init() {}

  private static let least = 0.001
  private static let greatest = 0.999

  /// Refuses what is no probability.
  public func validate() throws {
    guard let threshold, !(Self.least...Self.greatest).contains(threshold) else { return }
    throw ValidationError(
      "the threshold is \(threshold), expected a probability from \(Self.least) to \(Self.greatest)"
    )
  }

  /// Sets or shows the threshold.
  public func run(_ session: CommandSession) throws {
    if let threshold {
      let change = try change.change(in: session)
      return try self.change.run(change, session: session, output: output) { installer in
        try installer.set(threshold: threshold, change)
      }
    }
    let active = try session.storeForReading()?.active()
    let threshold = active?.threshold ?? Generation.defaultThreshold
    if output.json {
      try session.console.print(json: [
        "generation": .integer(active?.id ?? 0), "threshold": .number(threshold),
      ])
    } else {
      let isDefault = threshold == Generation.defaultThreshold
      try session.console.print(
        "A pack answers when it is more than \(AnswerView.percent(threshold)) probable"
          + (isDefault ? " (the default)." : "."))
    }
  }
}
