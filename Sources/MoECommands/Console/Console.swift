import MoEBase

/// Where a command's data and messages go: data to stdout, all else to stderr.
///
/// Data that cannot be written stops the command; messages that cannot be written are let go.
public final class Console: Sendable {
  /// How much is said beside the data.
  enum Verbosity: Int, Sendable, Comparable {
    case quiet, normal, verbose

    static func < (left: Verbosity, right: Verbosity) -> Bool { left.rawValue < right.rawValue }
  }

  let output: OutputBuffer
  private let messages: OutputBuffer
  private let verbosity: Verbosity
  private let hasColor: Bool
  private let messagesHaveColor: Bool

  /// Makes a console on two open descriptors, in a process's environment.
  public convenience init(output: Int32, messages: Int32, environment: [String: String]) {
    self.init(
      output: OutputBuffer(descriptor: output, target: "standard output"),
      messages: OutputBuffer(descriptor: messages, target: "standard error"),
      verbosity: .normal, environment: environment, isColorAllowed: true)
  }

  init(
    output: OutputBuffer, messages: OutputBuffer, verbosity: Verbosity,
    environment: [String: String], isColorAllowed: Bool
  ) {
    self.output = output
    self.messages = messages
    self.verbosity = verbosity
    let isWanted =
      isColorAllowed && environment["NO_COLOR", default: ""].isEmpty
      && environment["TERM"] != "dumb"
    hasColor = isWanted && output.isTerminal
    messagesHaveColor = isWanted && messages.isTerminal
  }

  /// The same console with a command's own settings.
  func configured(
    verbosity: Verbosity, isColorAllowed: Bool, environment: [String: String]
  ) -> Console {
    Console(
      output: output, messages: messages, verbosity: verbosity, environment: environment,
      isColorAllowed: isColorAllowed)
  }

  // MARK: - Data

  /// Prints one line of data; whatever came from outside must have gone through `shown()`.
  func print(_ line: String = "") throws(ConsoleError) {
    try output.write(Array(line.utf8) + [0x0A])
  }

  /// Prints a piece of a text from outside at once: its own bytes where a program reads them, and without
  /// control characters where a person does.
  func stream(_ piece: String) throws(ConsoleError) {
    guard !piece.isEmpty else { return }
    let lines = piece.split(separator: "\t", omittingEmptySubsequences: false)
    let shown = lines.map { String($0).shown(keepsLines: true) }.joined(separator: "\t")
    try output.write(Array((output.isTerminal ? shown : piece).utf8))
    try output.flush()
  }

  /// Prints a JSON document on one line.
  func print(json: JSONValue) throws(ConsoleError) {
    try output.write(json.bytes + [0x0A])
  }

  /// Brings everything printed to whoever reads.
  func flush() throws(ConsoleError) { try output.flush() }

  /// The text in a style, where stdout is a terminal that shows colours.
  func styled(_ text: String, _ style: Style) -> String {
    hasColor ? style.applied(to: text) : text
  }

  // MARK: - Messages

  /// Says something in passing, unless the user asked for quiet.
  func note(_ line: String) { message(line, from: .normal) }

  /// Says something that only a user who asked for details wants to read.
  func detail(_ line: String) { message(line, from: .verbose) }

  /// Shows an error: its sentence and what to do now.
  func report(_ error: any ActionableError) {
    let text = error.description.shown(keepsLines: true)
    guard messagesHaveColor, text.hasPrefix("error:") else { return say(text) }
    say(Style.red.applied(to: "error:") + text.dropFirst("error:".count))
  }

  /// Whether progress should be shown: a person looks at stderr and did not ask for quiet.
  var showsProgress: Bool { messages.isTerminal && verbosity > .quiet }

  /// Writes raw text to stderr at once; for progress.
  func draw(_ text: String) {
    try? messages.write(Array(text.utf8))
    try? messages.flush()
  }

  private func message(_ line: String, from least: Verbosity) {
    guard verbosity >= least else { return }
    say(line.shown(keepsLines: true))
  }

  private func say(_ text: String) { draw(text + "\n") }
}

/// How a piece of text stands out on a terminal; it is understandable without.
enum Style: Sendable {
  case bold, dim, green, red, cyan

  func applied(to text: String) -> String {
    let code =
      switch self {
      case .bold: 1
      case .dim: 2
      case .red: 31
      case .green: 32
      case .cyan: 36
      }
    return "\u{1B}[\(code)m\(text)\u{1B}[0m"
  }
}
