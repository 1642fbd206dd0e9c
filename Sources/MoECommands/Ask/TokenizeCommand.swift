public import ArgumentParser
import MoEBase
import MoEModel

/// `moe-pack tokenize`.
public struct TokenizeCommand: MoECommand {
  /// Name and help.
  public static let configuration = CommandConfiguration(
    commandName: "tokenize",
    abstract: "Turn texts into the backbone's token ids: JSON lines in, JSON lines out, in order.",
    discussion: """
      A request is a line {"id": "…", "text": "…"}, the id being optional. An answer is a line \
      {"id", "tokens", "truncated"}; the special tokens are among the ids, and "truncated" is true when \
      the text has more tokens than the backbone takes. No store is needed.

      Example:
        echo '{"text": "arrest of ships"}' | moe-pack tokenize
      """)

  @OptionGroup var stream: StreamOptions
  /// What every command takes.
  @OptionGroup public var global: GlobalOptions

  /// Makes the command.
  public init() {}

  /// Tokenizes the stream.
  public func run(_ session: CommandSession) throws {
    let tokenizer = try session.tokenizer()
    try RequestStream(stream, session: session, allowsBlankText: true).run { requests in
      requests.map { request in
        let encoding = tokenizer.encode(request.text)
        return .object(
          request.idMembers + [
            JSONMember("tokens", .array(encoding.ids.map { .integer(Int64($0)) })),
            JSONMember("truncated", .boolean(encoding.isTruncated)),
          ])
      }
    }
  }
}
