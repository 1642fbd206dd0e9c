public import MoEBase

/// Why a `tokenizer.json` cannot be used.
public enum TokenizerError: ActionableError, Equatable {
  /// The file is not JSON.
  case syntax(JSONSyntaxError)
  /// The file lacks something, or holds something else than belongs there.
  case schema(JSONSchemaError)
  /// The file asks for something that would change the token ids and is not implemented.
  case unsupported(path: String, supported: String, found: String)
  /// The length that texts are cut to leaves no room for a token of the text.
  case lengthTooSmall(length: Int, minimum: Int)

  /// A stable word for machines.
  public var code: String {
    switch self {
    case .syntax: "tokenizer-syntax"
    case .schema: "tokenizer-schema"
    case .unsupported: "tokenizer-unsupported"
    case .lengthTooSmall: "tokenizer-length"
    }
  }

  /// What happened, where, expected and got.
  public var message: String {
    switch self {
    case .syntax(let error):
      "`tokenizer.json` is not JSON: \(error.reason), at byte \(error.offset)"
    case .schema(let error):
      "`tokenizer.json`, `\(error.path)`: expected \(error.expected), got \(error.got)"
    case .unsupported(let path, let supported, let found):
      "`tokenizer.json`, `\(path)`: this version tokenizes with \(supported), got \(found)"
    case .lengthTooSmall(let length, let minimum):
      "texts cannot be cut to \(length) tokens: expected at least \(minimum),"
        + " one for the text beside the special tokens, got \(length)"
    }
  }

  /// What to do now.
  public var hint: String {
    switch self {
    case .syntax, .schema:
      "nothing was tokenized; get the backbone's files again from where they were published,"
        + " then `moe-pack backbone add DIR`"
    case .unsupported:
      "nothing was tokenized, because the token ids would differ from those the backbone was"
        + " trained with; `moe-pack backbone list` shows the backbones that work"
    case .lengthTooSmall:
      "correct `max_seq_length` in the backbone's `sentence_bert_config.json`"
    }
  }

  /// The status the process exits with.
  public var exitCode: ExitCode { .badData }
}
