public import ArgumentParser
import Foundation

/// A path on the command line: never empty, for an empty one would mean the current directory.
public struct Path: ExpressibleByArgument, Sendable, Equatable {
  /// What the user wrote.
  let text: String

  /// Takes what is not empty.
  public init?(argument: String) {
    guard !argument.isEmpty else { return nil }
    text = argument
  }

  /// Standard input or output.
  static let standard = Path(text: "-")

  init(text: String) {
    self.text = text
  }

  /// What help shows as the default.
  public var defaultValueDescription: String { text }

  /// The file or directory it names.
  var url: URL { URL(fileURLWithPath: text) }
  /// The directory it names.
  var directory: URL { URL(fileURLWithPath: text, isDirectory: true) }
  /// The same path with a suffix.
  func appending(_ suffix: String) -> URL { URL(fileURLWithPath: text + suffix) }
}
