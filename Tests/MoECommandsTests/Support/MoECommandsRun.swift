import Foundation
import MoECommands
import MoERuntime

/// Runs a command line on descriptors of the caller.
enum MoECommandsRun {
  static func run(
    _ arguments: [String], environment: [String: String], input: Int32, output: Int32,
    ground: Installer.Ground?
  ) -> Int32 {
    MoEPack.run(
      arguments,
      in: CommandContext(
        environment: environment,
        console: Console(output: output, messages: STDERR_FILENO, environment: environment),
        input: input, now: { Date(timeIntervalSince1970: 0) }, userName: "tester", ground: ground))
  }
}
