public import MoEBase

/// Why a prompt was not continued.
public enum GenerationError: ActionableError {
  /// The prompt has no tokens.
  case emptyPrompt
  /// The prompt does not fit the model's context.
  case promptTooLong(tokenCount: Int, context: Int)
  /// A stop string is empty.
  case emptyStop
  /// The model gave a number that is not finite.
  case logitsNotFinite

  /// A stable word for machines.
  public var code: String {
    switch self {
    case .emptyPrompt: "prompt-empty"
    case .promptTooLong: "prompt-too-long"
    case .emptyStop: "stop-empty"
    case .logitsNotFinite: "numerical-error"
    }
  }

  /// The sentence.
  public var message: String {
    switch self {
    case .emptyPrompt: "the prompt is empty, expected at least one token"
    case .promptTooLong(let count, let context):
      "the prompt has \(count) tokens, expected at most \(context), the model's context"
    case .emptyStop: "a stop string is empty, expected at least one character"
    case .logitsNotFinite: "the model gave a logit that is not finite, expected numbers"
    }
  }

  /// What to do now.
  public var hint: String {
    switch self {
    case .emptyPrompt, .promptTooLong: "nothing was generated; give another prompt"
    case .emptyStop: "nothing was generated; leave the empty stop string out"
    case .logitsNotFinite:
      "the text so far stands; nothing more is given. `moe-pack backbone info` checks the weights"
    }
  }

  /// The status the process exits with.
  public var exitCode: ExitCode {
    switch self {
    case .emptyPrompt, .promptTooLong, .emptyStop: .badData
    case .logitsNotFinite: .refused
    }
  }
}
