import MoEBase

/// What the `tokenizer.json` of a byte-pair tokenizer says, as far as it bears on ids and texts.
///
/// A key that is not known is refused, and so is a known one with a value that is not implemented. What
/// does not bear on the ids of one text is passed over: `padding`, the template for pairs of texts, the
/// length and stride of `truncation`, which the caller sets, and whatever concerns offsets.
struct BytePairFile {
  /// What is done to a text first.
  let normalizer: TextNormalizer
  /// How it is split.
  let splitter: PieceSplitter
  /// Whether the pieces are spelled by ``ByteAlphabet``.
  let mapsBytes: Bool
  /// What makes tokens of the pieces.
  let model: BytePair
  /// The tokens that are matched as wholes.
  let addedTokens: [AddedToken]
  /// The tokens of the model and the added ones.
  let vocabulary: Vocabulary
  /// What is put around a text.
  let template: SpecialTokenTemplate

  /// Reads a document whose `model.vocab` and `model.merges` were read before.
  ///
  /// - Throws: `JSONSchemaError`, ``TokenizerError``.
  init(_ document: JSONValue, vocabulary model: Vocabulary, merges: MergeTable) throws {
    var reader = try JSONReader(document)
    for key in ["version", "truncation", "padding", "decoder"] { _ = reader.optional(key) }
    normalizer = TextNormalizer(steps: try Self.normalizer(reader.optional("normalizer")))
    let pieces = try PreTokenizerReader(reader.optional("pre_tokenizer"))
    splitter = PieceSplitter(steps: pieces.steps)
    mapsBytes = pieces.mapsBytes
    var settings = try Self.settings(try reader.object("model"), vocabulary: model)
    settings.mapsBytes = pieces.mapsBytes
    self.model = BytePair(vocabulary: model, merges: merges, settings: settings)
    (addedTokens, vocabulary) = try Self.addedTokens(
      reader.optional("added_tokens") == nil ? [] : try reader.objects("added_tokens"),
      vocabulary: model)
    template = try Self.template(
      reader.optional("post_processor"), path: "post_processor",
      vocabularySize: vocabulary.idCount)
    try reader.finish()
  }

  private static func settings(
    _ reader: JSONReader, vocabulary: Vocabulary
  ) throws -> BytePair.Settings {
    var reader = reader
    _ = try reader.string("type")
    for key in ["vocab", "merges"] { _ = reader.optional(key) }
    let dropout = reader.optional("dropout") ?? .null
    guard [.null, .integer(0), .number(0)].contains(dropout) else {
      throw TokenizerError.unsupported(
        path: reader.path(of: "dropout"), supported: "no dropout", found: dropout.text)
    }
    for key in ["continuing_subword_prefix", "end_of_word_suffix"] {
      let value = reader.optional(key) ?? .null
      guard [.null, .string("")].contains(value) else {
        throw TokenizerError.unsupported(
          path: reader.path(of: key), supported: "none", found: quoted(value.text))
      }
    }
    var settings = BytePair.Settings()
    if let unknown = reader.optional("unk_token"), unknown != .null {
      let token = try reader.string("unk_token")
      guard let id = vocabulary.id(of: token) else {
        throw JSONSchemaError(
          path: reader.path(of: "unk_token"), expected: "a token of `model.vocab`",
          got: quoted(token))
      }
      settings.unknownID = id
    }
    settings.fusesUnknown = try reader.boolean("fuse_unk", otherwise: false)
    settings.fallsBackToBytes = try reader.boolean("byte_fallback", otherwise: false)
    settings.takesWholePieces = try reader.boolean("ignore_merges", otherwise: false)
    try reader.finish()
    return settings
  }

  private static func normalizer(
    _ value: JSONValue?, path: String = "normalizer"
  ) throws -> [TextNormalizer.Step] {
    guard let value, value != .null else { return [] }
    var reader = try JSONReader(value, path: path)
    var steps: [TextNormalizer.Step] = []
    switch try reader.string("type") {
    case "NFC": steps = [.compose]
    case "Prepend": steps = [.prepend(Array(try reader.string("prepend").utf8))]
    case "Replace":
      var pattern = try reader.object("pattern")
      let text = try pattern.literal(supported: "texts to be replaced")
      steps = [.replace(text, with: Array(try reader.string("content").utf8))]
    case "Sequence":
      for (index, part) in try reader.array("normalizers").enumerated() {
        steps += try normalizer(part, path: "\(reader.path(of: "normalizers"))[\(index)]")
      }
    case let type:
      throw TokenizerError.unsupported(
        path: reader.path(of: "type"),
        supported: "`NFC`, `Prepend`, `Replace` or `Sequence` before `BPE`", found: quoted(type))
    }
    try reader.finish()
    return steps
  }

  /// Reads the tokens that are matched as wholes.
  ///
  /// Those that the model lacks take the next ids, in their order, as they do in the reference, which
  /// passes over the ids in the file; where the two differ the file is refused.
  private static func addedTokens(
    _ readers: [JSONReader], vocabulary model: Vocabulary
  ) throws -> (tokens: [AddedToken], vocabulary: Vocabulary) {
    var vocabulary = model
    var tokens: [AddedToken] = []
    var contents: Set<[UInt8]> = []
    var highest = -1
    for var reader in readers {
      let content = try reader.string("content")
      let id = try reader.integer("id", in: 0...Vocabulary.idLimit - 1)
      var token = AddedToken(content: Array(content.utf8), id: Int32(id))
      token.isSpecial = try reader.boolean("special")
      token.isNormalized = try reader.boolean("normalized")
      token.stripsLeft = try reader.boolean("lstrip")
      token.stripsRight = try reader.boolean("rstrip")
      token.isSingleWord = try reader.boolean("single_word")
      try reader.finish()
      guard !content.isEmpty, contents.insert(token.content).inserted else {
        throw JSONSchemaError(
          path: reader.path(of: "content"),
          expected: "a token, not empty, that was not added before", got: quoted(content))
      }
      let next = highest >= model.count ? highest + 1 : model.count
      let expected = model.id(of: content).map(Int.init) ?? next
      guard id == expected else {
        throw JSONSchemaError(
          path: reader.path(of: "id"), expected: "\(expected), the id of \(quoted(content))",
          got: "\(id)")
      }
      if model.id(of: content) == nil {
        let conflict = token.content.withUnsafeBufferPointer { vocabulary.insert($0, id: id) }
        guard conflict == nil else {
          throw JSONSchemaError(
            path: reader.path(of: "id"), expected: "an id that no token of `model.vocab` has",
            got: "\(id)")
        }
      }
      highest = max(highest, id)
      tokens.append(token)
    }
    return (tokens, vocabulary)
  }

  private static func template(
    _ value: JSONValue?, path: String, vocabularySize: Int
  ) throws -> SpecialTokenTemplate {
    var template = SpecialTokenTemplate()
    guard let value, value != .null else { return template }
    var reader = try JSONReader(value, path: path)
    switch try reader.string("type") {
    case "ByteLevel":
      for key in ["add_prefix_space", "trim_offsets", "use_regex"] { _ = reader.optional(key) }
      try reader.finish()
    case "TemplateProcessing":
      template = try SpecialTokenTemplate(reader, vocabularySize: vocabularySize)
    case "Sequence":
      for (index, part) in try reader.array("processors").enumerated() {
        let inner = try Self.template(
          part, path: "\(reader.path(of: "processors"))[\(index)]", vocabularySize: vocabularySize)
        template.prefix = inner.prefix + template.prefix
        template.suffix += inner.suffix
      }
      try reader.finish()
    case let type:
      throw TokenizerError.unsupported(
        path: reader.path(of: "type"),
        supported: "`ByteLevel`, `TemplateProcessing` or `Sequence` after `BPE`",
        found: quoted(type))
    }
    return template
  }
}

extension JSONReader {
  /// A boolean, or what counts when it is absent.
  mutating func boolean(_ key: String, otherwise: Bool) throws(JSONSchemaError) -> Bool {
    optional(key) == nil ? otherwise : try boolean(key)
  }

  /// The bytes of a pattern `{"String": "…"}`, not empty.
  mutating func literal(supported: String) throws -> [UInt8] {
    guard keys == ["String"] else {
      throw TokenizerError.unsupported(
        path: path, supported: supported, found: quoted(keys.joined(separator: ", ")))
    }
    let text = try string("String")
    guard !text.isEmpty else {
      throw JSONSchemaError(
        path: path(of: "String"), expected: "a text that is not empty", got: "an empty one")
    }
    return Array(text.utf8)
  }
}
