import Foundation
public import MoEBase

/// Why output did not get out.
public enum ConsoleError: ActionableError, Equatable {
  /// Whoever read stdout has gone.
  case brokenPipe
  /// The system refused to open it for writing.
  case notOpened(target: String, reason: String)
  /// The system refused to write.
  case notWritable(target: String, reason: String)

  /// A stable word for machines.
  public var code: String {
    switch self {
    case .brokenPipe: "broken-pipe"
    case .notOpened, .notWritable: "output-not-writable"
    }
  }

  /// What happened, where, expected and got.
  public var message: String {
    switch self {
    case .brokenPipe:
      "whoever read standard output stopped reading: expected a reader until all was written, "
        + "got a broken pipe"
    case .notOpened(let target, let reason):
      "\(target) cannot be written: expected a file that can be made or replaced, got \(reason)"
    case .notWritable(let target, let reason):
      "\(target) cannot be written: expected room and permission, got \(reason)"
    }
  }

  /// What to do now.
  public var hint: String {
    switch self {
    case .brokenPipe:
      "what was not read is lost, and nothing was undone: after a change of the store, "
        + "`moe-pack list` shows what is installed"
    case .notOpened: "nothing was answered or written; check the path and its permissions"
    case .notWritable:
      "what was written so far may be cut short, and nothing was undone; check the path and the space "
        + "left"
    }
  }

  /// The status the process exits with.
  public var exitCode: ExitCode { .inputOutput }
}
