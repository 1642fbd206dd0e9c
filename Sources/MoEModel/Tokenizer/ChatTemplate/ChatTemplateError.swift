public import MoEBase

/// Why a chat template gives no prompt.
public enum ChatTemplateError: ActionableError, Equatable {
  /// The template uses what this version does not understand, or is not well-formed.
  case unsupported(line: Int, what: String)
  /// The template asked for something that its values do not have.
  case failed(line: Int, reason: String)
  /// The template itself refused the messages.
  case raised(message: String)
  /// The rendering took more steps, or more text, than any chat needs.
  case endless(limit: String)
  /// The checkpoint has no template of that name.
  case missing(name: String, known: [String])
  /// `tokenizer_config.json` is not JSON.
  case syntax(JSONSyntaxError)
  /// `tokenizer_config.json` holds something else than belongs there.
  case schema(JSONSchemaError)

  /// A stable word for machines.
  public var code: String {
    switch self {
    case .unsupported: "chat-template-unsupported"
    case .failed: "chat-template-failed"
    case .raised: "chat-template-raised"
    case .endless: "chat-template-endless"
    case .missing: "chat-template-missing"
    case .syntax: "chat-template-syntax"
    case .schema: "chat-template-schema"
    }
  }

  /// What happened, where, expected and got.
  public var message: String {
    switch self {
    case .unsupported(let line, let what):
      "the chat template is not understood, line \(line): \(what)"
    case .failed(let line, let reason): "the chat template failed, line \(line): \(reason)"
    case .raised(let message): "the chat template refuses these messages: \(quoted(message))"
    case .endless(let limit): "the chat template was stopped: expected at most \(limit), got more"
    case .missing(let name, let known):
      "there is no chat template \(quoted(name)): expected "
        + (known.isEmpty
          ? "`chat_template` in `tokenizer_config.json` or `chat_template.jinja`, got neither"
          : "one of \(known.map { quoted($0) }.joined(separator: ", "))")
    case .syntax(let error):
      "`tokenizer_config.json` is not JSON: \(error.reason), at byte \(error.offset)"
    case .schema(let error):
      "`tokenizer_config.json`, `\(error.path)`: expected \(error.expected), got \(error.got)"
    }
  }

  /// What to do now.
  public var hint: String {
    switch self {
    case .raised: "nothing was generated; correct the roles or the order of the messages"
    case .syntax, .schema:
      "nothing was generated; get the backbone's files again from where they were published,"
        + " then `moe-pack backbone add DIR`"
    default: "nothing was generated; a prompt that is not a chat still works with this backbone"
    }
  }

  /// The status the process exits with.
  public var exitCode: ExitCode {
    switch self {
    case .missing: .notFound
    case .raised: .refused
    default: .badData
    }
  }
}
