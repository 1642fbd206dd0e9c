/// An error that tells a person what happened, where, and what to do now.
///
/// `message` is one sentence without a full stop: what happened, where, expected and got, with names,
/// paths and commands in backticks. `hint` says the state things are in and the next command.
public protocol ActionableError: Error, CustomStringConvertible {
  /// A stable word for machines, in kebab case; once published it never changes its meaning.
  var code: String { get }
  /// What happened, where, expected and got.
  var message: String { get }
  /// What to do now.
  var hint: String { get }
  /// The status the process exits with.
  var exitCode: ExitCode { get }
}

extension ActionableError {
  /// The two paragraphs that are shown on stderr, without colour.
  public var description: String { "error: \(message)\n\nhint: \(hint)" }
}

/// The exit codes of `moe-pack`; append-only, and an unknown one means failure.
public enum ExitCode: Int32, Sendable, CaseIterable {
  /// Done.
  case done = 0
  /// Refused or failed.
  case refused = 1
  /// The regression suite refused the change.
  case regression = 10
  /// Corruption was found.
  case corruption = 11
  /// The command line was wrong.
  case usage = 64
  /// A pack or other input data is bad.
  case badData = 65
  /// A named thing does not exist.
  case notFound = 66
  /// Reading or writing failed.
  case inputOutput = 74
  /// Somebody else holds the lock.
  case locked = 75
  /// A signature or the trust in it was refused.
  case trust = 77
  /// The configuration is wrong.
  case configuration = 78
  /// Interrupted by the user.
  case interrupted = 130
}
