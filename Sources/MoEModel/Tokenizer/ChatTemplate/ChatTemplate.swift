public import MoEBase

/// One turn of a chat.
public struct ChatMessage: Sendable, Equatable {
  /// Who speaks: `system`, `user`, `assistant`.
  public var role: String
  /// What is said.
  public var content: String

  /// Makes a message.
  public init(role: String, content: String) {
    self.role = role
    self.content = content
  }
}

/// A chat as the model reads it.
public struct ChatPrompt: Sendable, Equatable {
  /// The whole prompt.
  public let text: String
  /// The ranges of UTF-8 offsets that messages and variables wrote, and not the template.
  public let outsideRanges: [Range<Int>]

  /// Makes a prompt.
  public init(text: String, outsideRanges: [Range<Int>]) {
    self.text = text
    self.outsideRanges = outsideRanges
  }
}

/// Renders messages as the prompt that a model was trained on, as transformers' `apply_chat_template` does
/// with the template of the checkpoint.
///
/// The template is Jinja 2, of which the part that chat templates use is understood: `if`, `for` with its
/// `loop`, `set`, `namespace`, `macro`, expressions, slices, and the filters, tests and methods that
/// ``TemplateFilters`` and ``TemplateInterpreter`` name. What is not understood is refused, with its line.
/// Nothing of a template is executed as code, and its steps are counted.
public struct ChatTemplate: Sendable {
  private let statements: [TemplateStatement]
  private let variables: [String: TemplateValue]

  /// Reads a template.
  ///
  /// - Parameters:
  ///   - source: The template.
  ///   - variables: What its names mean beside the messages: `bos_token` and the like.
  /// - Throws: ``ChatTemplateError``, when it uses what is not understood.
  public init(source: String, variables: [String: String] = [:]) throws(ChatTemplateError) {
    statements = try TemplateParser.statements(of: source)
    self.variables = variables.mapValues { .text($0) }
  }

  /// The prompt of messages.
  ///
  /// - Parameters:
  ///   - messages: The turns so far.
  ///   - addGenerationPrompt: Whether the prompt ends where the assistant's answer begins.
  ///   - date: What `strftime_now` tells; a template that asks for it is refused without one.
  ///   - options: More names and values, as `enable_thinking`; they count as written from outside.
  /// - Returns: The prompt, and which parts of it came from outside.
  /// - Throws: ``ChatTemplateError``, when the template refuses the messages, or fails on them.
  public func render(
    _ messages: [ChatMessage], addGenerationPrompt: Bool, date: ChatDate? = nil,
    options: [String: JSONValue] = [:]
  ) throws(ChatTemplateError) -> ChatPrompt {
    let turns = messages.map { message in
      JSONValue.object([
        JSONMember("role", .string(message.role)), JSONMember("content", .string(message.content)),
      ])
    }
    return try render(turns, addGenerationPrompt: addGenerationPrompt, date: date, options: options)
  }

  /// The prompt of messages that hold more than a role and a content.
  ///
  /// - Parameters:
  ///   - messages: The turns so far, objects as a chat API takes them.
  ///   - addGenerationPrompt: Whether the prompt ends where the assistant's answer begins.
  ///   - date: What `strftime_now` tells; a template that asks for it is refused without one.
  ///   - options: More names and values; they count as written from outside.
  /// - Returns: The prompt, and which parts of it came from outside.
  /// - Throws: ``ChatTemplateError``, when the template refuses the messages, or fails on them.
  public func render(
    _ messages: [JSONValue], addGenerationPrompt: Bool, date: ChatDate? = nil,
    options: [String: JSONValue] = [:]
  ) throws(ChatTemplateError) -> ChatPrompt {
    var names = variables
    names["tools"] = TemplateValue.none
    names["documents"] = TemplateValue.none
    for (name, value) in options { names[name] = TemplateValue(value) }
    names["messages"] = .list(messages.map { TemplateValue($0) })
    names["add_generation_prompt"] = .boolean(addGenerationPrompt)
    let text = try TemplateInterpreter.render(statements, variables: names, date: date)
    return ChatPrompt(text: text.string, outsideRanges: text.outsideRanges)
  }
}

extension Tokenizer {
  /// The ids of a prompt, whose template brings its own special tokens; those that a message wrote are text.
  public func encode(_ prompt: ChatPrompt) -> Encoding {
    encode(
      prompt.text, addingSpecialTokens: false, specialTokens: .outside(prompt.outsideRanges))
  }
}
