public import ArgumentParser
import MoEBase
import MoEPackFormat
import MoEStore

/// `moe-pack eval list`.
public struct EvalListCommand: MoECommand {
  /// Name and help.
  public static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "List the eval sets of your own.",
    discussion: """
      Example:
        moe-pack eval list --json
      """)

  @OptionGroup var output: OutputOptions
  /// What every command takes.
  @OptionGroup public var global: GlobalOptions

  /// The words after `moe-pack`.
  public static let words = "eval list"

  /// Makes the command.
  public init() {}

  /// Prints the list.
  public func run(_ session: CommandSession) throws {
    let store = try session.storeForReading()
    let evals = try store?.operatorEvals() ?? []
    guard !output.json else {
      return try session.console.print(
        json: ["evals": .array(evals.map { $0.json(examples: $0.lineCount) })])
    }
    guard !evals.isEmpty else {
      return try session.console.print("No eval sets of your own are registered.")
    }
    let installed = Set(try store?.active().packs.map(\.name) ?? [])
    var table = Table([
      .text("eval"), .text("pack"), .number("examples"), .text("added"), .text("by"), .text(""),
    ])
    for eval in evals {
      let isAsleep = eval.pack.map { !installed.contains($0) } ?? false
      table.add(
        eval.name, eval.pack?.description ?? "none", "\(eval.lineCount)", eval.addedAt,
        eval.actor, isAsleep ? "the pack is not installed" : "")
    }
    try table.print(to: session.console)
  }
}

extension OperatorEval {
  /// How many examples it has, one a line.
  var lineCount: Int { lines.split(separator: UInt8(ascii: "\n")).count }
}
