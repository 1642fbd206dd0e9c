public import ArgumentParser
import MoEBase
import MoEStore

/// `moe-pack pin`.
public struct PinCommand: MoECommand {
  /// Name and help.
  public static let configuration = CommandConfiguration(
    commandName: "pin",
    abstract: "Keep an installed pack as it is, or let it change again.",
    discussion: """
      A pinned pack is neither upgraded nor removed, by no install, remove, rollback or sync, until its pin \
      is taken away. Only a revocation does not ask. `moe-pack list` shows what is pinned.

      Examples:
        moe-pack pin example/sg-maritime-law
        moe-pack pin --remove example/sg-maritime-law
      """)

  @Argument(help: ArgumentHelp("The pack's name, namespace/name.", valueName: "name"))
  var name: String

  @Flag(help: "Let the pack change again.")
  var remove = false

  @OptionGroup var output: OutputOptions
  /// What every command takes.
  @OptionGroup public var global: GlobalOptions

  /// Makes the command.
  public init() {}

  /// Pins or unpins.
  public func run(_ session: CommandSession) throws {
    guard session.storeExists() else { throw StoreError.notInstalled(name: name, nearest: nil) }
    let store = try session.store()
    if remove, try !store.pins().contains(where: { $0.utf8.elementsEqual(name.utf8) }) {
      _ = try store.installedPack(named: name)
    }
    let hasChanged = try remove ? store.unpin(name) : store.pin(name)
    guard !output.json else {
      return try session.console.print(json: [
        "pack": .string(name), "pinned": .boolean(!remove), "changed": .boolean(hasChanged),
      ])
    }
    let state = remove ? "not pinned" : "pinned"
    try session.console.print(
      "\(name.shown()) \(hasChanged ? "is" : "was") \(state)\(hasChanged ? " now" : " already")")
  }
}
