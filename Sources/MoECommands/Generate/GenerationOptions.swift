import ArgumentParser
import Foundation
import MoEBase
import MoEModel

/// How prompts are continued.
struct GenerationOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The language model, which then speaks without packs; otherwise the one that the store's packs are for, or "
        + "the only one registered.", valueName: "name"))
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

  @Option(
    help: ArgumentHelp("End before this text; may be given several times.", valueName: "text"))
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
  /// - Parameters:
  ///   - text: The prompt.
  ///   - experts: Those that speak, by layer.
  /// - Returns: The request.
  /// - Throws: `GenerationError` or `ChatTemplateError`.
  func request(
    _ text: String, experts: [Int: SparseNetwork]? = nil
  ) throws -> ContinuationRequest {
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
      maximumTokens: options.maxTokens, endTokens: model.endTokens, experts: experts)
  }
}
