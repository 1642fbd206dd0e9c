public import ArgumentParser
import MoEBase
import MoERuntime
import MoEStore

/// `moe-pack precision`.
public struct PrecisionCommand: MoECommand {
  /// Name and help.
  public static let configuration = CommandConfiguration(
    commandName: "precision",
    abstract: "Show or set the precision that this store answers in.",
    discussion: """
      f32 is what vendors build and measure in. bf16 rounds inputs and weights of the linear maps to 16 \
      bits, int8 to bytes with scales: both are faster where the CPU has dot products of them, and answer \
      a little differently; labels that this leaves in doubt are told in f32, which takes those texts \
      longer. Each has bits of its own, the same on every CPU. Setting it makes a generation, which passes \
      the regression suite in that precision and can be rolled back.

      Examples:
        moe-pack precision
        moe-pack precision int8
        moe-pack precision int8 --dry-run
      """)

  @Argument(help: ArgumentHelp("The new precision: f32, bf16 or int8.", valueName: "precision"))
  var precision: Precision?

  @OptionGroup var change: ChangeOptions
  @OptionGroup var output: OutputOptions
  /// What every command takes.
  @OptionGroup public var global: GlobalOptions

  /// Makes the command.
  public init() {}

  /// Sets or shows the precision.
  public func run(_ session: CommandSession) throws {
    if let precision {
      let change = try change.change(in: session)
      return try self.change.run(change, session: session, output: output) { installer in
        try installer.set(precision: precision, change)
      }
    }
    let active = try session.storeForReading()?.active()
    let precision = active?.precision ?? .f32
    if output.json {
      try session.console.print(json: [
        "generation": .integer(active?.id ?? 0), "precision": .string(precision.rawValue),
      ])
    } else {
      try session.console.print(
        "This store answers in \(precision.rawValue)"
          + (precision == .f32 ? " (the default)." : "."))
    }
  }
}
