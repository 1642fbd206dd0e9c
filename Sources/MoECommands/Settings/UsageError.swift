import ArgumentParser
public import MoEBase

/// A command line that is none, in the form of every other error.
public struct UsageError: ActionableError, Equatable {
  /// What is wrong, as the parser says it, without a full stop.
  public let message: String
  /// What to do now.
  public let hint: String

  /// Takes what the parser of the command line says.
  ///
  /// - Parameters:
  ///   - said: Its whole message: `Error:`, `Help:`, `Usage:` and `See` in paragraphs of lines.
  ///   - help: The command that explains, where the message names none.
  init(_ said: String, help: String = "moe-pack --help") {
    var fault: [String] = []
    var usage = ""
    var help = help
    for line in said.split(separator: "\n").map({ $0.drop { $0 == " " } }) {
      if line.hasPrefix("Usage: ") {
        usage = "`\(line.dropFirst("Usage: ".count))`"
      } else if line.hasPrefix("See '"), let command = line.split(separator: "'").dropFirst().first
      {
        help = String(command)
      } else if !line.hasPrefix("Help: ") {
        fault.append(
          line.hasPrefix("Error: ") ? String(line.dropFirst("Error: ".count)) : String(line))
      }
    }
    let sentence = fault.joined(separator: " ")
    let trimmed = sentence.hasSuffix(".") ? String(sentence.dropLast()) : sentence
    message = "the command line: " + trimmed.prefix(1).lowercased() + trimmed.dropFirst()
    hint =
      "nothing was done; " + (usage.isEmpty ? "" : "expected \(usage); ") + "see `\(help)`"
  }

  /// An argument whose bytes are no text.
  init(argument: Int) {
    message =
      "argument \(argument) of the command line is not UTF-8: expected a text, got other bytes"
    hint =
      "nothing was done; convert it to UTF-8, or give a text on standard input: `moe-pack ask -`"
  }

  /// A stable word for machines.
  public var code: String { "usage" }

  /// The status the process exits with.
  public var exitCode: MoEBase.ExitCode { .usage }
}
