public import MoEBase

/// What is wrong with the input of `ask`, `predict`, `embed` or `tokenize`.
public enum InputError: ActionableError, Equatable {
  /// The file is not there.
  case missing(source: String)
  /// The system refused to read it.
  case unreadable(source: String, reason: String)
  /// A line is not a request; `lineCount` lines before it are good.
  case badLine(source: String, line: Int, expected: String, got: String, lineCount: Int)
  /// A line got no answer, and why; `lineCount` lines before it have theirs.
  case unanswered(source: String, line: Int, reason: String, exitCode: ExitCode, lineCount: Int)
  /// A whole text is not UTF-8.
  case notUTF8(source: String, offset: Int)
  /// A whole text is too long.
  case tooLong(source: String, limit: Int)

  /// A stable word for machines.
  public var code: String {
    switch self {
    case .missing: "input-not-found"
    case .unreadable: "input-not-readable"
    case .badLine: "input-line"
    case .unanswered: "input-line-unanswered"
    case .notUTF8: "input-not-utf8"
    case .tooLong: "input-too-long"
    }
  }

  /// What happened, where, expected and got.
  public var message: String {
    switch self {
    case .missing(let source): "\(source) does not exist, expected a file of requests"
    case .unreadable(let source, let reason):
      "\(source) cannot be read: expected a file or a pipe, got \(reason)"
    case .badLine(let source, let line, let expected, let got, _):
      "\(source), line \(line): expected \(expected), got \(got)"
    case .unanswered(let source, let line, let reason, _, _):
      "\(source), line \(line): \(reason)"
    case .notUTF8(let source, let offset):
      "\(source) is not UTF-8: expected a character, got something else at byte \(offset)"
    case .tooLong(let source, let limit):
      "\(source) is too long: expected at most \(limit) bytes, got more"
    }
  }

  /// What to do now.
  public var hint: String {
    switch self {
    case .missing: "nothing was answered; check the path; `-` reads standard input"
    case .unreadable: "check the path and its permissions; nothing more was answered"
    case .badLine(_, let line, _, _, let count):
      "\(Self.written(count)); correct line \(line), which is one JSON object: "
        + #"{"id": "…", "text": "…"}, the id being optional"#
    case .unanswered(_, let line, _, _, let count):
      "\(Self.written(count)), and nothing from line \(line) on"
    case .notUTF8: "nothing was answered; convert the text to UTF-8"
    case .tooLong:
      "nothing was answered; a text is cut to the first tokens anyway, so give its beginning"
    }
  }

  /// The status the process exits with.
  public var exitCode: ExitCode {
    switch self {
    case .missing: .notFound
    case .unreadable: .inputOutput
    case .unanswered(_, _, _, let code, _): code
    case .badLine, .notUTF8, .tooLong: .badData
    }
  }

  private static func written(_ count: Int) -> String {
    switch count {
    case 0: "nothing was written"
    case 1: "the answer of line 1 was written"
    default: "the answers of lines 1 to \(count) were written"
    }
  }
}
