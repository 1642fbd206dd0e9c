public import ArgumentParser
import Foundation
import MoEBase
import MoERuntime
import MoEStore

/// `moe-pack rollback`.
public struct RollbackCommand: MoECommand {
  /// Name and help.
  public static let configuration = CommandConfiguration(
    commandName: "rollback",
    abstract: "Bring back the packs of an earlier generation, as a new generation.",
    discussion: """
      Without a number: the generation that was active before the last change. `moe-pack history` lists \
      the generations; those whose packs `moe-pack gc` let go of cannot come back.

      Examples:
        moe-pack rollback
        moe-pack rollback 3
      """)

  @Argument(help: ArgumentHelp("The generation to bring back.", valueName: "generation"))
  var generation: Int?

  @OptionGroup var change: ChangeOptions
  @OptionGroup var output: OutputOptions
  /// What every command takes.
  @OptionGroup public var global: GlobalOptions

  /// Makes the command.
  public init() {}

  /// Restores the generation.
  public func run(_ session: CommandSession) throws {
    let change = try change.change(in: session)
    let target: Int
    if let generation {
      target = generation
    } else {
      let active = try session.storeForReading()?.active()
      guard let parent = active?.parent else {
        throw StoreError.noEarlierGeneration(store: session.settings.storeDirectory.path)
      }
      target = parent
    }
    try self.change.run(change, session: session, output: output) { installer in
      try installer.restore(generation: target, change)
    }
  }
}
