import Foundation
public import MoEBase

/// Why output did not get out.
public enum ConsoleError: ActionableError, Equatable {
  /// Whoever read stdout has gone.
  case brokenPipe
  /// The system refused to write.
  case notWritable(target: String, reason: String)

  /// A stable word for machines.
  public var code: String {
    switch self {
    case .brokenPipe: "broken-pipe"
    case .notWritable: "output-not-writable"
    }
  }

  /// What happened, where, expected and got.
  public var message: String {
    switch self {
    case .brokenPipe: "whoever read standard output stopped reading, before all was written"
    case .notWritable(let target, let reason): "\(target) cannot be written: \(reason)"
    }
  }

  /// What to do now.
  public var hint: String {
    switch self {
    case .brokenPipe: "what was not read is lost; no store was changed by that"
    case .notWritable: "what was written so far may be cut short; check the path and the space left"
    }
  }

  /// The status the process exits with.
  public var exitCode: ExitCode { .inputOutput }
}
