import MoERuntime
public import ArgumentParser
import MoEBase
import MoEModel

/// `moe-pack embed`.
public struct EmbedCommand: MoECommand {
  /// Name and help.
  public static let configuration = CommandConfiguration(
    commandName: "embed",
    abstract: "Turn texts into embeddings: JSON lines in, JSON lines out, in order.",
    discussion: """
      A request is a line {"id": "…", "text": "…"}, the id being optional. An answer is a line \
      {"id", "embedding", "tokens", "truncated"}: the L2-normalised mean over tokens of the backbone, \
      or with --pack of the backbone with that pack's experts, which is what its labels are read from. \
      "tokens" counts the whole text, special tokens included; when "truncated" is true, only the first \
      256 were used.

      Without --pack no store is needed.

      Example:
        moe-pack embed --input texts.jsonl --output embeddings.jsonl
      """)

  @OptionGroup var stream: StreamOptions

  @Option(help: ArgumentHelp("Embed in the expert space of this pack.", valueName: "name"))
  var pack: String?

  @OptionGroup var precision: PrecisionOptions
  /// What every command takes.
  @OptionGroup public var global: GlobalOptions

  /// Makes the command.
  public init() {}

  /// Embeds the stream.
  public func run(_ session: CommandSession) throws {
    let pool = try session.pool()
    let embed: ([Encoding]) throws -> [Float]
    let backbone: Backbone
    if let pack {
      let composition = try session.composition(in: precision.precision)
      let identity = try composition.pack(named: pack).identity
      backbone = composition.backbone
      embed = { try composition.mixture.embed($0, pack: identity, pool: pool) }
    } else {
      let loaded = try session.ground(
        for: [], precision: precision.precision ?? .f32
      ).backbone
      backbone = loaded
      embed = { try loaded.embed($0, pool: pool) }
    }
    let width = backbone.width
    try RequestStream(stream, session: session, allowsBlankText: true).run { requests in
      let encodings = requests.map { backbone.tokenizer.encode($0.text) }
      let embeddings = try embed(encodings)
      return zip(requests, encodings).enumerated().map { index, pair in
        let values = embeddings[index * width..<(index + 1) * width]
        return .object(
          pair.0.idMembers + [
            JSONMember("embedding", .array(values.map(JSONValue.float))),
            JSONMember("tokens", .integer(pair.1.tokenCount)),
            JSONMember("truncated", .boolean(pair.1.isTruncated)),
          ])
      }
    }
  }
}

extension Request {
  /// The id as the first member of an answer, if there is one.
  var idMembers: [JSONMember] { id.map { [JSONMember("id", $0)] } ?? [] }
}
