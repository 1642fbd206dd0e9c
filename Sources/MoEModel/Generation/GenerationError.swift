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
  /// The model's configuration names neither a beginning nor an end token.
  case noPrefixToken

  /// A stable word for machines.
  public var code: String {
    switch self {
    case .emptyPrompt: "prompt-empty"
    case .promptTooLong: "prompt-too-long"
    case .emptyStop: "stop-empty"
    case .logitsNotFinite: "numerical-error"
    case .noPrefixToken: "prefix-token-missing"
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
    case .noPrefixToken:
      "`config.json` names neither `bos_token_id` nor `eos_token_id`, expected one to begin a text with"
    }
  }

  /// What to do now.
  public var hint: String {
    switch self {
    case .emptyPrompt, .promptTooLong: "nothing was generated; give another prompt"
    case .emptyStop: "nothing was generated; leave the empty stop string out"
    case .logitsNotFinite:
      "the text so far stands; nothing more is given. `moe-pack backbone info` checks the weights"
    case .noPrefixToken: "nothing was scored; add one to the checkpoint and register it again"
    }
  }

  /// The status the process exits with.
  public var exitCode: ExitCode {
    switch self {
    case .emptyPrompt, .promptTooLong, .emptyStop: .badData
    case .logitsNotFinite: .refused
    case .noPrefixToken: .configuration
    }
  }
}
