public import ArgumentParser
import MoEBase

/// One command: its arguments, and what it does with them.
///
/// A command throws an `ActionableError` for everything that a person can do something about; printing
/// it and the exit code are the root's business.
public protocol MoECommand: ParsableCommand {
  /// What every command takes.
  var global: GlobalOptions { get }
  /// The words that name it after `moe-pack`, told to who waits for a lock.
  static var words: String { get }
  /// Does the work.
  ///
  /// - Throws: `ActionableError`; anything else is shown as the system's refusal.
  func run(_ session: CommandSession) throws
}

extension MoECommand {
  /// The command's own name, where no other stands before it.
  public static var words: String { _commandName }

  /// Runs the command in the context of the process.
  public func run() throws {
    guard let context = CommandContext.current else {
      throw CleanExit.message("commands run through `MoEPack.main()`")
    }
    let session = CommandSession(global, in: context, name: Self.words)
    try session.settings.check()
    try run(session)
    try session.console.flush()
  }
}
