public import ArgumentParser
import MoEBase
import MoEStore

/// `moe-pack eval remove`.
public struct EvalRemoveCommand: MoECommand {
  /// Name and help.
  public static let configuration = CommandConfiguration(
    commandName: "remove",
    abstract: "Take away an eval set of your own.",
    discussion: """
      Example:
        moe-pack eval remove small-talk
      """)

  @Argument(help: ArgumentHelp("What the set is called.", valueName: "name"))
  var name: String

  @OptionGroup var output: OutputOptions
  /// What every command takes.
  @OptionGroup public var global: GlobalOptions

  /// The words after `moe-pack`.
  public static let words = "eval remove"

  /// Makes the command.
  public init() {}

  /// Removes the set.
  public func run(_ session: CommandSession) throws {
    guard let store = try session.storeForReading() else {
      throw StoreError.noEval(name: name, names: [])
    }
    let eval = try store.removeOperatorEval(named: name)
    guard !output.json else {
      return try session.console.print(json: eval.json(examples: eval.lineCount))
    }
    try session.console.print(
      "removed `\(eval.name)`: \(eval.lineCount.counted("example")) gate no change any more")
  }
}
