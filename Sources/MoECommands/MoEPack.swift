public import ArgumentParser
import Foundation
import MoEBase

/// The root command, `moe-pack`.
public struct MoEPack: ParsableCommand {
  /// Name, help and subcommands.
  public static let configuration = CommandConfiguration(
    commandName: "moe-pack",
    abstract: "Ask and manage a mixture of signed domain packs on one shared language model.",
    discussion: """
      A domain pack is a signed archive: what a domain's experts learned on top of the shared \
      backbone model, when they are responsible, and eval sets that prove it. Installing one never \
      changes what the others answer.

      First steps:
        moe-pack backbone list
        moe-pack trust add publisher.pub --namespace example
        moe-pack install sg-maritime-law-1.0.0.moepack
        moe-pack ask "Can we arrest the ship for unpaid bunkers?"

      Exit codes: 0 done, 1 refused, 10 the regression suite refused, 11 corruption found, 64 usage, \
      65 bad input, 66 not found, 74 input/output, 75 locked, 77 signature or trust refused, \
      78 configuration, 130 interrupted.
      """,
    version: Self.version,
    groupedSubcommands: [
      CommandGroup(
        name: "Request",
        subcommands: [
          AskCommand.self, PredictCommand.self, AnalyzeCommand.self, GenerateCommand.self,
          ScoreCommand.self,
          EmbedCommand.self, TokenizeCommand.self, RouteCommand.self,
        ]),
      CommandGroup(
        name: "Store",
        subcommands: [
          InstallCommand.self, RemoveCommand.self, ListCommand.self, InfoCommand.self,
          VerifyCommand.self, EvalsCommand.self, ThresholdCommand.self, PrecisionCommand.self,
          HistoryCommand.self,
          DiffCommand.self, RollbackCommand.self, PinCommand.self, LockCommand.self,
          SyncCommand.self, GCCommand.self, DoctorCommand.self,
        ]),
      CommandGroup(name: "Server", subcommands: [ServeCommand.self, AccessCommand.self]),
      CommandGroup(
        name: "Trust", subcommands: [TrustCommand.self, BackboneCommand.self]),
      CommandGroup(
        name: "Vendor", subcommands: [PackCommand.self, KeyCommand.self, ExportCommand.self]),
    ])

  /// The version of the program.
  public static let version = "0.1.0"

  /// Makes the command.
  public init() {}

  /// Runs the program with the arguments of the process, and ends it.
  public static func main() {
    ProcessSetup.guardStreams()
    ProcessSetup.handleSignals()
    let environment = ProcessInfo.processInfo.environment
    let context = CommandContext(
      environment: environment,
      console: Console(output: STDOUT_FILENO, messages: STDERR_FILENO, environment: environment),
      now: { Date() }, userName: NSUserName(), giveWay: { ThreadPriority.lower(to: $0) })
    do throws(UsageError) {
      Foundation.exit(run(try ProcessSetup.arguments(), in: context))
    } catch {
      context.console.report(error)
      Foundation.exit(error.exitCode.rawValue)
    }
  }

  /// Runs one command line.
  ///
  /// - Returns: The status to exit with.
  public static func run(_ arguments: [String], in context: CommandContext) -> Int32 {
    do {
      var command = try parseAsRoot(arguments)
      try CommandContext.$current.withValue(context) { try command.run() }
      try context.console.flush()
      return MoEBase.ExitCode.done.rawValue
    } catch {
      return finish(error, in: context)
    }
  }

  private static func finish(_ error: any Error, in context: CommandContext) -> Int32 {
    // What was printed before the error belongs to whoever reads.
    try? context.console.flush()
    if let error = error as? any ActionableError {
      context.console.report(error)
      return error.exitCode.rawValue
    }
    let code = exitCode(for: error)
    guard code != .failure || error is CleanExit || error is ValidationError else {
      let wrapped = SystemError(error)
      context.console.report(wrapped)
      return wrapped.exitCode.rawValue
    }
    let message = fullMessage(for: error)
    guard !message.isEmpty else { return code.rawValue }
    if code.isSuccess {
      do {
        try context.console.print(message)
        try context.console.flush()
      } catch {
        context.console.report(error)
        return error.exitCode.rawValue
      }
      return code.rawValue
    }
    let usage = UsageError(message)
    context.console.report(usage)
    return usage.exitCode.rawValue
  }
}
