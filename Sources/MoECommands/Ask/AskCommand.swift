public import ArgumentParser
import MoEBase
import MoEModel
import MoERuntime

/// `moe-pack ask`.
public struct AskCommand: MoECommand {
  /// Name and help.
  public static let configuration = CommandConfiguration(
    commandName: "ask",
    abstract:
      "Ask one question, and see which packs answer, how sure they are, and on what authority.",
    discussion: """
      The bars show how the answer is divided among the packs that are responsible and "no pack". When \
      none is responsible, that is said, with the pack that came nearest and how probable it is that the \
      text is its business after all.

      Where the store's packs are for a language model, the responsible pack speaks, and otherwise the model alone: \
      the text streams after the bars. `moe-pack generate` has the options of sampling.

      Examples:
        moe-pack ask "Does a Dutch company need a data protection officer?"
        moe-pack ask --forced "ship's engine oil leak"
        cat letter.txt | moe-pack ask -
      """)

  @Argument(help: ArgumentHelp("The text, or - to read it from standard input.", valueName: "text"))
  var text: String

  @OptionGroup var route: RouteOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var precision: PrecisionOptions
  /// What every command takes.
  @OptionGroup public var global: GlobalOptions

  /// Makes the command.
  public init() {}

  /// Answers the one text.
  public func run(_ session: CommandSession) throws {
    let text =
      self.text == "-" ? try InputFile("-", standardInput: session.context.input).text() : self.text
    guard !text.isBlank else { throw MixtureError.emptyText }
    let composition = try session.composition(in: precision.precision)
    let options = try route.answerOptions(on: composition)
    guard composition.backbone.kind == .encoder else {
      return try speak(text, composition, options, session)
    }
    let encoding = composition.backbone.tokenizer.encode(text)
    let answers = try composition.answer([encoding], options: options, pool: try session.pool())
    for answer in answers {
      if output.json {
        try session.console.print(json: composition.json(of: answer, labels: route.labels))
      } else {
        try AnswerView(answer: answer, composition: composition, labels: route.labels)
          .print(to: session.console)
      }
    }
  }

  /// Lets the responsible pack continue the text, in the model's chat format where it has one.
  private func speak(
    _ text: String, _ composition: Composition, _ options: AnswerOptions, _ session: CommandSession
  ) throws {
    let model = try LanguageModel(composition.backbone)
    let speaker = Speaker(
      model: model, composition: composition, options: options, pool: try session.pool())
    let answer = try speaker.answers([text])[0]
    let encoding =
      if let template = try? model.chatTemplate() {
        model.tokenizer.encode(
          try template.render(
            [ChatMessage(role: "user", content: text)], addGenerationPrompt: true, date: nil))
      } else {
        model.tokenizer.encode(text, specialTokens: .nowhere)
      }
    let request = ContinuationRequest(
      prompt: try model.checked(encoding), sampling: SamplingOptions(),
      maximumTokens: Self.mostTokens, endTokens: model.endTokens,
      experts: speaker.experts(of: answer))
    var continuation = try ContinuationText(model.tokenizer, stops: [])
    if !output.json, let answer {
      try AnswerView(answer: answer, composition: composition, labels: route.labels)
        .printSpeaker(to: session.console)
    }
    let ends = try Continuer(decoder: model.decoder, pool: speaker.pool).run([request]) {
      _, token in
      let piece = continuation.append(token)
      if !output.json { try session.console.stream(piece) }
      return true
    }
    let rest = continuation.finish()
    guard !output.json else {
      return try session.console.print(
        json: speaker.json(of: answer, continuation, request: request, end: ends[0], id: nil))
    }
    try session.console.stream(rest)
    try session.console.print()
    if let answer {
      try AnswerView(answer: answer, composition: composition, labels: route.labels)
        .printEnd(to: session.console)
    }
  }

  /// The most tokens of an answer.
  private static let mostTokens = 256
}
