public import ArgumentParser
import MoEBase

/// One command: its arguments, and what it does with them.
///
/// A command throws an `ActionableError` for everything that a person can do something about; printing
/// it and the exit code are the root's business.
public protocol MoECommand: ParsableCommand {
  /// What every command takes.
  var global: GlobalOptions { get }
  /// Does the work.
  ///
  /// - Throws: `ActionableError`; anything else is shown as the system's refusal.
  func run(_ session: CommandSession) throws
}

extension MoECommand {
  /// Runs the command in the context of the process.
  public func run() throws {
    guard let context = CommandContext.current else {
      throw CleanExit.message("commands run through `MoEPack.main()`")
    }
    let session = CommandSession(global, in: context, name: Self._commandName)
    try session.settings.check()
    try run(session)
    try session.console.flush()
  }
}
