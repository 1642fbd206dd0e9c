import MoEBase

/// A step from tokens to a text: the decoder of a `tokenizer.json`, or one of its sequence.
enum DecodingStep: Sendable, Equatable {
  /// No decoder: a space between tokens.
  case joinBySpaces
  /// Bytes spelled by ``ByteAlphabet``; what is not UTF-8 becomes U+FFFD, one for each maximal subpart.
  case spelledBytes
  /// WordPiece: a space before what does not continue a word.
  case wordPieces(prefix: [UInt8], cleansUp: Bool)
  /// A character that stands for a space; in the first token it is dropped if asked.
  case spaces(replacement: [UInt8], dropsFirst: Bool)
  /// Replaces bytes in each token.
  case replace([UInt8], with: [UInt8])
  /// A run of `<0x00>` to `<0xFF>` is bytes; when they are not UTF-8, each is U+FFFD.
  case bytesAsTokens
  /// What follows sees one token.
  case fuse
  /// Drops a character at the start of each token, at most so many times.
  case strip([UInt8], atMost: Int)

  /// Whether what comes after it is one token.
  var fuses: Bool { self == .fuse || self == .spelledBytes }

  /// Reads a decoder.
  static func steps(_ value: JSONValue?) throws(TokenizerError) -> [DecodingStep] {
    do {
      guard let value, value != .null else { return [.joinBySpaces] }
      var steps: [DecodingStep] = []
      try read(value, path: "decoder", into: &steps)
      return steps
    } catch { throw .reading(error) }
  }

  private static func read(
    _ value: JSONValue, path: String, into steps: inout [DecodingStep]
  ) throws {
    var reader = try JSONReader(value, path: path)
    let type = try reader.string("type")
    if steps.contains(where: \.fuses), type != "Strip", type != "Fuse" {
      throw TokenizerError.unsupported(
        path: path, supported: "`Strip` alone after `Fuse` or `ByteLevel`", found: quoted(type))
    }
    switch type {
    case "Sequence":
      for (index, part) in try reader.array("decoders").enumerated() {
        try read(part, path: "\(reader.path(of: "decoders"))[\(index)]", into: &steps)
      }
    case "ByteLevel":
      for key in ["add_prefix_space", "trim_offsets", "use_regex"] { _ = reader.optional(key) }
      steps.append(.spelledBytes)
    case "Metaspace":
      _ = reader.optional("str_rep")
      _ = reader.optional("split")
      let dropsFirst =
        try reader.boolean("add_prefix_space", otherwise: true)
        && reader.optionalString("prepend_scheme") ?? "always" != "never"
      steps.append(.spaces(replacement: try reader.scalar("replacement"), dropsFirst: dropsFirst))
    case "Replace":
      var pattern = try reader.object("pattern")
      let text = try pattern.literal(supported: "texts to be replaced")
      steps.append(.replace(text, with: Array(try reader.string("content").utf8)))
    case "ByteFallback": steps.append(.bytesAsTokens)
    case "Fuse": steps.append(.fuse)
    case "Strip":
      let stop = try reader.integer("stop", in: 0...Int(Int32.max))
      guard stop == 0 else {
        throw TokenizerError.unsupported(
          path: reader.path(of: "stop"), supported: "0", found: "\(stop)")
      }
      steps.append(
        .strip(
          try reader.scalar("content"),
          atMost: try reader.integer("start", in: 0...Int(Int32.max))))
    case "WordPiece":
      steps.append(
        .wordPieces(
          prefix: Array(try reader.string("prefix").utf8), cleansUp: try reader.boolean("cleanup")))
    default:
      throw TokenizerError.unsupported(
        path: reader.path(of: "type"),
        supported: "`ByteLevel`, `Metaspace`, `WordPiece`, or a `Sequence` of `Replace`,"
          + " `ByteFallback`, `Fuse` and `Strip`", found: quoted(type))
    }
    try reader.finish()
  }
}
