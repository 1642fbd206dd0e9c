import Foundation

/// Asks whoever sits at a terminal; there is none where a script runs the command.
struct Questions {
  private let console: Console
  private let input: Int32

  /// The most lines that are read before the default is taken.
  private static let tries = 3

  /// Asks on the session's terminal; `nil` where its input or its messages are none.
  init?(_ session: CommandSession) {
    guard isatty(session.context.input) == 1, session.console.showsProgress else { return nil }
    console = session.console
    input = session.context.input
  }

  /// Asks one question; an empty line, or none, takes the default.
  ///
  /// - Throws: ``InputError``.
  func ask(
    _ question: String, default answer: String, accepts: (String) -> Bool
  ) throws(InputError) -> String {
    var reader = LineReader(descriptor: input, source: "the terminal", limit: 4096)
    for _ in 0..<Self.tries {
      console.draw("\(question) [\(answer)]: ")
      guard let line = try reader.lines(count: 1, sizeBytes: 1).first else { return answer }
      let text = String(decoding: line.bytes, as: UTF8.self)
        .trimmingCharacters(in: .whitespacesAndNewlines)
      if text.isEmpty { return answer }
      if accepts(text) { return text }
      console.draw("that does not fit; as in `\(answer)`\n")
    }
    return answer
  }
}
