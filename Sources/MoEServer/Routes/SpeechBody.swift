import HTTPTypes
import MoEBase
import MoEModel
import MoERuntime

/// The body of `/v1/completions` and `/v1/chat/completions`, in OpenAI's shape.
struct SpeechBody {
  /// One text to be continued: as the model reads it, and as the dispatcher does.
  struct Prompt {
    let tokens: [Int32]
    let said: String
  }

  let name: String
  let model: LanguageModel
  let prompts: [Prompt]
  let options: AnswerOptions
  let sampling: SamplingOptions
  let maximumTokens: Int
  let stops: [String]
  let isStream: Bool
  let includesUsage: Bool

  /// Reads a body.
  ///
  /// - Throws: ``APIError``, `JSONSchemaError`, `GenerationError`, `ChatTemplateError` or `BackboneError`.
  init(_ scope: RequestScope, isChat: Bool) throws {
    var reader = try scope.reader()
    let live = scope.live
    let backbone = live.composition.backbone
    name = try reader.string("model")
    let entitlements = scope.caller.view(of: live)
    scope.audit.masked(entitlements)
    var options = AnswerOptions(permitted: entitlements.permitted)
    if !name.utf8.elementsEqual(backbone.name.utf8) {
      guard let pack = entitlements.pack(named: name) else { throw APIError.noModel(name) }
      options.pack = pack.identity
    }
    self.options = options
    guard let model = live.language else {
      throw APIError(
        .badRequest, "no-language-model",
        "`\(backbone.name)` is an encoder, expected a language model to continue a text",
        hint: "nothing was done; `/v1/predict` and `/v1/embeddings` are what this server can do",
        param: "model")
    }
    self.model = model
    prompts =
      isChat
      ? [try Self.chat(&reader, model)] : try Self.prompts(&reader, model)
    sampling = try Self.sampling(&reader)
    let most = model.decoder.architecture.positionCount
    func tokens(_ key: String) throws -> Int? {
      reader.optional(key) == nil ? nil : try reader.integer(key, in: 1...most)
    }
    let wanted = isChat ? try tokens("max_completion_tokens") : nil
    maximumTokens = try tokens("max_tokens") ?? wanted ?? (isChat ? 256 : 16)
    stops = try Self.stops(&reader)
    isStream = try Self.boolean("stream", &reader)
    if reader.optional("stream_options") != nil {
      var options = try reader.object("stream_options")
      includesUsage = try Self.boolean("include_usage", &options)
      try options.finish()
    } else {
      includesUsage = false
    }
    if reader.optional("n") != nil { _ = try reader.integer("n", in: 1...1) }
    _ = try reader.optionalString("user")
    guard !isStream || prompts.count == 1 else {
      throw APIError.invalid("prompt", expected: "one prompt for a stream", got: "\(prompts.count)")
    }
    try reader.finish()
  }

  private static func boolean(
    _ key: String, _ reader: inout JSONReader
  ) throws(JSONSchemaError) -> Bool {
    reader.optional(key) == nil ? false : try reader.boolean(key)
  }

  private static func prompts(_ reader: inout JSONReader, _ model: LanguageModel) throws -> [Prompt]
  {
    let texts: [String]
    if case .array = try reader.value("prompt") {
      texts = try reader.strings("prompt")
    } else {
      texts = [try reader.string("prompt")]
    }
    guard (1...16).contains(texts.count) else {
      throw APIError.invalid("prompt", expected: "1 to 16 prompts", got: "\(texts.count)")
    }
    return try texts.map {
      Prompt(tokens: try model.checked(model.tokenizer.encode($0)), said: $0)
    }
  }

  private static func chat(_ reader: inout JSONReader, _ model: LanguageModel) throws -> Prompt {
    var messages: [ChatMessage] = []
    for source in try reader.objects("messages") {
      var message = source
      let role = try message.string("role")
      guard ["system", "user", "assistant"].contains(role) else {
        throw APIError.invalid(
          message.path(of: "role"), expected: "`system`, `user` or `assistant`",
          got: "`\(role.printable)`")
      }
      messages.append(ChatMessage(role: role, content: try content(&message)))
      _ = try message.optionalString("name")
      try message.finish()
    }
    guard (1...256).contains(messages.count) else {
      throw APIError.invalid("messages", expected: "1 to 256 messages", got: "\(messages.count)")
    }
    guard let said = messages.last(where: { $0.role == "user" })?.content else {
      throw APIError.invalid("messages", expected: "a message of `user`", got: "none")
    }
    let prompt = try model.chatTemplate().render(messages, addGenerationPrompt: true, date: nil)
    return Prompt(tokens: try model.checked(model.tokenizer.encode(prompt)), said: said)
  }

  /// A text, or a list of parts that are texts.
  private static func content(_ message: inout JSONReader) throws -> String {
    guard case .array = try message.value("content") else { return try message.string("content") }
    return try message.objects("content").map { part throws in
      var part = part
      guard try part.string("type") == "text" else {
        throw APIError.invalid(part.path(of: "type"), expected: "`text`", got: "another kind")
      }
      let text = try part.string("text")
      try part.finish()
      return text
    }.joined()
  }

  private static func sampling(_ reader: inout JSONReader) throws -> SamplingOptions {
    var options = SamplingOptions(temperature: 1, seed: UInt64.random(in: 0 ... .max))
    if reader.optional("temperature") != nil {
      options.temperature = try reader.number("temperature", in: 0...2)
    }
    if reader.optional("top_p") != nil {
      let topP = try reader.number("top_p", in: 0...1)
      guard topP > 0 else {
        throw APIError.invalid("top_p", expected: "more than 0, at most 1", got: "\(topP)")
      }
      options.topP = topP
    }
    if reader.optional("seed") != nil {
      options.seed = UInt64(bitPattern: Int64(try reader.integer("seed", in: Int.min...Int.max)))
    }
    return options
  }

  private static func stops(_ reader: inout JSONReader) throws -> [String] {
    guard let value = reader.optional("stop"), value != .null else { return [] }
    let stops: [String]
    if case .array = value {
      stops = try reader.strings("stop")
    } else {
      stops = [try reader.string("stop")]
    }
    guard stops.count <= 16, stops.allSatisfy({ !$0.isEmpty }) else {
      throw APIError.invalid("stop", expected: "at most 16 texts, none empty", got: "others")
    }
    return stops
  }
}
