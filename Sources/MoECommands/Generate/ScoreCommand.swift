public import ArgumentParser
import MoEBase
import MoEModel
import MoERuntime

/// `moe-pack score`.
public struct ScoreCommand: MoECommand {
  /// Name and help.
  public static let configuration = CommandConfiguration(
    commandName: "score",
    abstract:
      "Tell how well a language model predicts texts: JSON lines in, JSON lines out, in order.",
    discussion: """
      A request is a line {"id": "…", "text": "…"}. An answer is a line that names who spoke, as `generate --json` \
      does, with the text's "nats" (−log p of its tokens, after one prefix token), its UTF-8 "bytes", its "tokens", and \
      "logits", the digest of every logit's bits: equal where two compositions say the same. The dispatcher reads the \
      text itself.

      Examples:
        moe-pack score --input texts.jsonl --output scores.jsonl
        moe-pack score --backbone olmoe --input texts.jsonl
      """)

  @OptionGroup var stream: StreamOptions
  @Option(
    help: ArgumentHelp(
      "The language model, which then speaks without packs; otherwise the one that the store's packs are for, or "
        + "the only one registered.", valueName: "name"))
  var backbone: String?
  @Option(
    help: ArgumentHelp("Make this pack speak, whatever the dispatcher says.", valueName: "name"))
  var pack: String?
  @Flag(help: "Make the nearest pack speak, even under its threshold.")
  var forced = false
  /// What every command takes.
  @OptionGroup public var global: GlobalOptions

  /// Makes the command.
  public init() {}

  /// Scores the stream.
  public func run(_ session: CommandSession) throws {
    let speaker = try session.speaker(backbone: backbone, pack: pack, isForced: forced)
    let scorer = TextScorer(decoder: speaker.model.decoder, pool: speaker.pool)
    try RequestStream(
      input: stream.input, output: stream.output, session: session, allowsBlankText: false,
      batchCount: Self.batchCount
    ).run { lines in
      let answers = try speaker.answers(lines.map(\.text))
      let pieces = try zip(lines, answers).map {
        try speaker.model.scoringRequests($0.text, experts: speaker.experts(of: $1))
      }
      var scores = try scorer.scores(pieces.flatMap(\.self))[...]
      return lines.indices.map { index in
        let own = scores.prefix(pieces[index].count)
        scores = scores.dropFirst(own.count)
        return .object(
          speaker.members(answers[index], id: lines[index].id) + [
            JSONMember("backbone", .string(speaker.model.name)),
            JSONMember("nats", .number(-own.reduce(0) { $0 + $1.logLikelihood })),
            JSONMember("bytes", .integer(lines[index].text.utf8.count)),
            JSONMember("tokens", .integer(pieces[index].reduce(0) { $0 + $1.text.count })),
            JSONMember("logits", .digest(Self.digest(own))),
          ])
      }
    }
  }

  /// How many texts are scored together.
  private static let batchCount = 64

  /// One digest of the pieces of a text.
  private static func digest(_ scores: ArraySlice<TextScore>) -> Digest {
    var builder = DigestBuilder()
    for score in scores { builder.update(score.digest.bytes) }
    return builder.finish()
  }
}
