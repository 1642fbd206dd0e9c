import ArgumentParser
import Foundation
public import MoEBase

/// An error of the system or a library that has no sentence of its own.
public struct SystemError: ActionableError {
  private let reason: String
  private let isInputOutput: Bool

  /// Wraps an error that nobody expected here.
  public init(_ error: any Error) {
    switch error {
    case let error as CocoaError:
      let path = (error.userInfo[NSFilePathErrorKey] as? String).map { "`\($0)`: " } ?? ""
      reason = path + error.localizedDescription
      isInputOutput = true
    case let error as POSIXError:
      reason = String(cString: strerror(error.code.rawValue))
      isInputOutput = true
    default:
      reason = "\(error)"
      isInputOutput = false
    }
  }

  /// A stable word for machines.
  public var code: String { isInputOutput ? "system-io" : "internal" }

  /// What happened.
  public var message: String {
    isInputOutput
      ? "the system refused to read or write: \(reason)" : "this was not expected: \(reason)"
  }

  /// What to do now.
  public var hint: String {
    isInputOutput
      ? "check the path, its permissions and the space left; `moe-pack list` shows that the store is whole"
      : "please report it with the command that was run; `moe-pack list` shows that the store is whole"
  }

  /// The status the process exits with.
  public var exitCode: MoEBase.ExitCode { isInputOutput ? .inputOutput : .refused }
}
