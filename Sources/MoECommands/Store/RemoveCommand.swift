public import ArgumentParser
import MoEBase
import MoERuntime

/// `moe-pack remove`.
public struct RemoveCommand: MoECommand {
  /// Name and help.
  public static let configuration = CommandConfiguration(
    commandName: "remove",
    abstract: "Take packs out of the active generation.",
    discussion: """
      The packs that stay answer as they did, which the regression suite proves; with --no-eval nothing is \
      proven and no backbone is needed. A pack that another one requires goes only together with it, or \
      with --force, which waits for no proof either. The files stay until `moe-pack gc`, and `moe-pack rollback` brings \
      the packs back.

      Example:
        moe-pack remove example/sg-maritime-law
      """)

  @Argument(help: ArgumentHelp("The packs' names, namespace/name.", valueName: "name"))
  var names: [String]

  @Flag(help: "Take them out at once: no regression suite, whatever requires them.")
  var force = false

  @OptionGroup var change: ChangeOptions
  @OptionGroup var output: OutputOptions
  /// What every command takes.
  @OptionGroup public var global: GlobalOptions

  /// Makes the command.
  public init() {}

  /// Removes the packs.
  public func run(_ session: CommandSession) throws {
    var change = try change.change(in: session)
    if force {
      change.checking = .none
      change.isForced = true
    }
    try self.change.run(change, session: session, output: output) { installer in
      try installer.remove(names, change)
    }
  }
}
