public import ArgumentParser
import MoEBase
import MoEModel
import MoERuntime

/// `moe-pack generate`.
public struct GenerateCommand: MoECommand {
  /// Name and help.
  public static let configuration = CommandConfiguration(
    commandName: "generate",
    abstract:
      "Continue a prompt with a language model and the store's packs for it, token by token.",
    discussion: """
      The dispatcher reads the prompt once and decides which pack speaks, if any; that pack's experts then stand beside \
      the model's own networks until the text ends, and the pack is named. Without a responsible pack, or with \
      --backbone, the model speaks alone. The text appears as it is generated. The same prompt, options and seed give \
      the same text, whatever the number of threads. With --chat the prompt is a message in the model's own chat format; special tokens \
      written inside it count as plain text.

      Examples:
        moe-pack generate --backbone olmoe "The capital of Singapore is" --max-tokens 20
        moe-pack generate --chat --temperature 0.7 --seed 1 "What is a bill of lading?"
        moe-pack generate --input prompts.jsonl --output texts.jsonl
      """)

  /// How many prompts of a file are continued together.
  private static let batchCount = 16

  @Argument(
    help: ArgumentHelp("The prompt, or - to read it from standard input.", valueName: "prompt"))
  var prompt: String?

  @OptionGroup var generation: GenerationOptions
  @Option(
    help: ArgumentHelp("Make this pack speak, whatever the dispatcher says.", valueName: "name"))
  var pack: String?
  @Flag(help: "Make the nearest pack speak, even under its threshold.")
  var forced = false
  @Option(
    name: .shortAndLong,
    help: ArgumentHelp(
      "Continue the prompts of a file instead, one {\"id\", \"text\"} a line, many at once.",
      valueName: "file"))
  var input: Path?
  @Option(
    name: .shortAndLong,
    help: ArgumentHelp(
      "With --input, the file to write, or - for standard output.", valueName: "file"))
  var output = Path.standard
  @Flag(help: "Print JSON.")
  var json = false
  /// What every command takes.
  @OptionGroup public var global: GlobalOptions

  /// Makes the command.
  public init() {}

  /// Refuses what does not go together.
  public func validate() throws {
    guard (prompt == nil) != (input == nil) else {
      throw ValidationError("give either a prompt or --input FILE")
    }
    try generation.check()
  }

  /// Continues the prompt, or the prompts of a file.
  public func run(_ session: CommandSession) throws {
    let speaker = try session.speaker(
      backbone: generation.backbone, pack: pack, isForced: forced)
    let writer = try PromptWriter(
      speaker.model, options: generation, now: session.context.now())
    let continuer = Continuer(decoder: speaker.model.decoder, pool: speaker.pool)
    guard let prompt else { return try stream(speaker, writer, continuer, session) }
    let text =
      prompt == "-" ? try InputFile("-", standardInput: session.context.input).text() : prompt
    let answer = try speaker.answers([text])[0]
    let request = try writer.request(text, experts: speaker.experts(of: answer))
    var continuation = try ContinuationText(speaker.model.tokenizer, stops: generation.stop)
    let clock = ContinuousClock()
    var instants = [clock.now]
    let ends = try continuer.run([request]) { _, token in
      instants.append(clock.now)
      let piece = continuation.append(token)
      if !json { try session.console.stream(piece) }
      return !continuation.isStopped
    }
    let rest = continuation.finish()
    if json {
      try session.console.print(
        json: speaker.json(of: answer, continuation, request: request, end: ends[0], id: nil))
    } else {
      try session.console.stream(rest)
      try session.console.print()
      if let sentence = speaker.sentence(answer) { session.console.note(sentence) }
    }
    describe(instants, prompt: request.prompt.count, session)
  }

  /// With `--verbose`, how long it took.
  private func describe(
    _ instants: [ContinuousClock.Instant], prompt: Int, _ session: CommandSession
  ) {
    guard instants.count > 1 else { return }
    let first = instants[1] - instants[0]
    session.console.detail(
      "prompt: \(prompt.counted("token")) in \(first.seconds.fixed(3)) s, "
        + "\((Double(prompt) / first.seconds).fixed(1)) a second")
    guard instants.count > 2 else { return }
    let rest = instants[instants.count - 1] - instants[1]
    session.console.detail(
      "continuation: \((instants.count - 2).counted("more token")) in \(rest.seconds.fixed(3)) s, "
        + "\((Double(instants.count - 2) / rest.seconds).fixed(1)) a second")
  }

  /// Continues the prompts of a file, in batches.
  private func stream(
    _ speaker: Speaker, _ writer: PromptWriter, _ continuer: Continuer, _ session: CommandSession
  ) throws {
    try RequestStream(
      input: input ?? .standard, output: output, session: session, allowsBlankText: true,
      batchCount: Self.batchCount
    ).run { lines in
      let answers = try speaker.answers(lines.map(\.text))
      let requests = try zip(lines, answers).map {
        try writer.request($0.text, experts: speaker.experts(of: $1))
      }
      var texts = try lines.map { _ in
        try ContinuationText(speaker.model.tokenizer, stops: generation.stop)
      }
      let ends = try continuer.run(requests) { index, token in
        _ = texts[index].append(token)
        return !texts[index].isStopped
      }
      return lines.indices.map { index in
        _ = texts[index].finish()
        return speaker.json(
          of: answers[index], texts[index], request: requests[index], end: ends[index],
          id: lines[index].id)
      }
    }
  }
}

extension Speaker {
  /// What is told of a continuation to machines.
  func json(
    of answer: Answer?, _ continuation: ContinuationText, request: ContinuationRequest,
    end: ContinuationEnd, id: JSONValue?
  ) -> JSONValue {
    .object(
      members(answer, id: id) + [
        JSONMember("backbone", .string(model.name)), JSONMember("digest", .digest(model.digest)),
        JSONMember("text", .string(continuation.text)), JSONMember("end", .string(end.rawValue)),
        JSONMember("promptTokens", .integer(request.prompt.count)),
        JSONMember("tokens", .integer(continuation.tokenCount)),
      ])
  }
}
