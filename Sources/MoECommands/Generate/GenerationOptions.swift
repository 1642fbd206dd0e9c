import ArgumentParser
import Foundation
import MoEBase
import MoEModel

/// How prompts are continued.
struct GenerationOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The language model; the only one registered where it is not named.", valueName: "name"))
  var backbone: String?

  @Flag(help: "Take the prompt as a message in the model's chat format.")
  var chat = false

  @Option(help: ArgumentHelp("With --chat, the system message before it.", valueName: "text"))
  var system: String?

  @Option(help: ArgumentHelp("The most tokens to add.", valueName: "n"))
  var maxTokens = 256

  @Option(
    help: ArgumentHelp(
      "What logits are divided by; 0 takes the likeliest token.", valueName: "t"))
  var temperature = 0.0

  @Option(help: ArgumentHelp("Choose among the n likeliest tokens.", valueName: "n"))
  var topK: Int?

  @Option(
    help: ArgumentHelp(
      "Choose among the likeliest tokens that together have this probability.", valueName: "p"))
  var topP: Double?

  @Option(help: ArgumentHelp("The seed of the draws.", valueName: "n"))
  var seed: UInt64 = 0

  @Option(help: ArgumentHelp("End before this text; may be given several times.", valueName: "text"))
  var stop: [String] = []

  /// Refuses values that mean nothing.
  func check() throws {
    guard maxTokens >= 0 else { throw ValidationError("--max-tokens: expected 0 or more") }
    guard temperature >= 0, temperature.isFinite else {
      throw ValidationError("--temperature: expected 0 or more, got \(temperature)")
    }
    guard topK ?? 1 >= 1 else { throw ValidationError("--top-k: expected 1 or more") }
    guard topP ?? 1 > 0, topP ?? 1 <= 1 else {
      throw ValidationError("--top-p: expected more than 0, at most 1")
    }
    guard system == nil || chat else { throw ValidationError("--system needs --chat") }
  }

  /// How tokens are chosen.
  var sampling: SamplingOptions {
    SamplingOptions(temperature: temperature, topK: topK, topP: topP, seed: seed)
  }
}

/// Makes requests of prompts.
struct PromptWriter {
  let model: LanguageModel
  private let options: GenerationOptions
  private let template: ChatTemplate?
  private let date: ChatDate?

  init(_ model: LanguageModel, options: GenerationOptions, now: Date) throws {
    self.model = model
    self.options = options
    template = options.chat ? try model.chatTemplate() : nil
    date = nil
  }

  /// The request of one prompt.
  ///
  /// - Throws: `GenerationError` or `ChatTemplateError`.
  func request(_ text: String) throws -> ContinuationRequest {
    let encoding: Encoding
    if let template {
      var messages = [ChatMessage(role: "user", content: text)]
      if let system = options.system {
        messages.insert(ChatMessage(role: "system", content: system), at: 0)
      }
      encoding = model.tokenizer.encode(
        try template.render(messages, addGenerationPrompt: true, date: date))
    } else {
      encoding = model.tokenizer.encode(text)
    }
    return ContinuationRequest(
      prompt: try model.checked(encoding), sampling: options.sampling,
      maximumTokens: options.maxTokens, endTokens: model.endTokens)
  }
}

/// The text of one continuation as it grows.
struct ContinuationText {
  private var decoder: TokenStreamDecoder
  private var scanner: StopScanner
  private var text = ""
  private var tokenCount = 0

  /// Whether a stop string was found.
  var isStopped: Bool { scanner.isStopped }

  init(_ model: LanguageModel, stops: [String]) throws {
    decoder = TokenStreamDecoder(model.tokenizer, skippingSpecialTokens: true)
    scanner = try StopScanner(stops: stops)
  }

  /// Takes a token; returns what can be shown of the text now.
  mutating func append(_ token: Int32) -> String {
    tokenCount += 1
    let piece = scanner.append(decoder.append(token))
    text += piece
    return piece
  }

  /// Ends the text; returns the rest of it.
  mutating func finish() -> String {
    let piece = scanner.append(decoder.finish()) + scanner.finish()
    text += piece
    return piece
  }

  /// What is told of it to machines.
  func json(
    model: LanguageModel, request: ContinuationRequest, end: ContinuationEnd, id: JSONValue?
  ) -> JSONValue {
    var members: [JSONMember] = []
    if let id { members.append(JSONMember("id", id)) }
    members += [
      JSONMember("backbone", .string(model.name)), JSONMember("digest", .digest(model.digest)),
      JSONMember("text", .string(text)), JSONMember("end", .string(end.rawValue)),
      JSONMember("promptTokens", .integer(request.prompt.count)),
      JSONMember("tokens", .integer(tokenCount)),
    ]
    return .object(members)
  }
}
