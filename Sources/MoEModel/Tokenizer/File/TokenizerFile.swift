import MoEBase

/// What the `tokenizer.json` of a WordPiece tokenizer says, as far as it bears on the ids of one text.
///
/// A key that is not known is refused, and so is a known one with a value that is not implemented. What
/// does not bear on those ids is passed over: `decoder`, `padding`, the template for pairs of texts, and
/// the length and stride of `truncation`, which the caller sets.
struct TokenizerFile {
  /// The most bytes that all tokens of a vocabulary may have together.
  static let vocabularyByteLimit = VocabularyTrie.nodeLimit / 2 - 2

  /// What the normalizer does.
  let normalizer: BertNormalizer
  /// The tokens of the model; a token's place is its id.
  let modelVocabulary: [String]
  /// The id of a word that the model cannot cut.
  let unknownID: Int32
  /// What stands before a piece that does not begin a word.
  let continuationPrefix: String
  /// A longer word is unknown.
  let maximumWordScalars: Int
  /// The tokens that are matched in the raw text.
  let addedTokens: [AddedToken]
  /// The tokens of the model, then the added ones it lacks; a token's place is its id.
  let vocabulary: [String]
  /// The ids that stand around those of the text.
  let template: SpecialTokenTemplate

  /// Reads a document that ``refuseUnsupported(_:)`` let pass.
  init(_ document: JSONValue) throws(JSONSchemaError) {
    var reader = try JSONReader(document)
    for key in ["version", "truncation", "padding", "decoder"] { _ = reader.optional(key) }
    normalizer = try BertNormalizer(try reader.object("normalizer"))
    var preTokenizer = try reader.object("pre_tokenizer")
    _ = try preTokenizer.string("type")
    try preTokenizer.finish()

    var model = try reader.object("model")
    _ = try model.string("type")
    let unknown = try model.string("unk_token")
    continuationPrefix = try model.string("continuing_subword_prefix")
    maximumWordScalars = try model.integer("max_input_chars_per_word", in: 1...1_000_000)
    modelVocabulary = try Self.vocabulary(try model.value("vocab"), path: model.path(of: "vocab"))
    try model.finish()
    guard let unknownIndex = modelVocabulary.id(of: unknown) else {
      throw JSONSchemaError(
        path: model.path(of: "unk_token"), expected: "a token of `model.vocab`",
        got: quoted(unknown))
    }
    unknownID = Int32(unknownIndex)

    (addedTokens, vocabulary) = try Self.addedTokens(
      try reader.objects("added_tokens"), vocabulary: modelVocabulary)
    template = try SpecialTokenTemplate(
      try reader.object("post_processor"), vocabularySize: vocabulary.count)
    try reader.finish()
  }

  /// Brings the tokens into the order of their ids, which are the numbers from 0, each once.
  private static func vocabulary(
    _ value: JSONValue, path: String
  ) throws(JSONSchemaError) -> [String] {
    guard case .object(let members) = value, !members.isEmpty else {
      throw JSONSchemaError(
        path: path, expected: "an object with at least one token",
        got: value == .object([]) ? "an empty one" : value.kind)
    }
    let byteCount = members.reduce(0) { $0 + $1.key.utf8.count }
    guard byteCount <= vocabularyByteLimit else {
      throw JSONSchemaError(
        path: path, expected: "tokens of at most \(vocabularyByteLimit) bytes together",
        got: "\(byteCount)")
    }
    var tokens = [String?](repeating: nil, count: members.count)
    let expected = "whole numbers from 0 to \(members.count - 1), each once"
    for member in members {
      guard case .integer(let number) = member.value else {
        throw JSONSchemaError(
          path: path, expected: expected, got: "\(member.value.kind) for \(quoted(member.key))")
      }
      guard let id = Int(exactly: number), tokens.indices.contains(id) else {
        throw JSONSchemaError(
          path: path, expected: expected, got: "\(number) for \(quoted(member.key))")
      }
      if let other = tokens[id] {
        throw JSONSchemaError(
          path: path, expected: expected,
          got: "\(id) for both \(quoted(other)) and \(quoted(member.key))")
      }
      tokens[id] = member.key
    }
    return tokens.compactMap { $0 }
  }

  /// Reads the tokens that are matched in the raw text.
  ///
  /// Those that the model lacks take the next ids, in their order. `lstrip` and `rstrip` are known and
  /// change nothing: they move white space into the token, and the pre-tokenizer drops it anyway.
  private static func addedTokens(
    _ readers: [JSONReader], vocabulary: [String]
  ) throws(JSONSchemaError) -> (tokens: [AddedToken], vocabulary: [String]) {
    var vocabulary = vocabulary
    var tokens: [AddedToken] = []
    for var reader in readers {
      let content = try reader.string("content")
      let id = try reader.integer("id", in: 0...Int(Int32.max))
      let isSpecial = try reader.boolean("special")
      for key in ["single_word", "lstrip", "rstrip", "normalized"] { _ = try reader.boolean(key) }
      try reader.finish()
      let spaces = content.unicodeScalars.contains {
        UnicodeTables.shared[$0.value].contains(.whiteSpace)
      }
      guard !content.isEmpty, !spaces else {
        throw JSONSchemaError(
          path: reader.path(of: "content"), expected: "a token, not empty, without white space",
          got: quoted(content))
      }
      if tokens.contains(where: { $0.content.elementsEqual(content.utf8) }) {
        throw JSONSchemaError(
          path: reader.path(of: "content"), expected: "a token that was not added before",
          got: "\(quoted(content)) again")
      }
      let expected = vocabulary.id(of: content, guess: id) ?? vocabulary.count
      guard id == expected else {
        throw JSONSchemaError(
          path: reader.path(of: "id"), expected: "\(expected), the id of \(quoted(content))",
          got: "\(id)")
      }
      if expected == vocabulary.count { vocabulary.append(content) }
      tokens.append(AddedToken(content: Array(content.utf8), id: Int32(id), isSpecial: isSpecial))
    }
    return (tokens, vocabulary)
  }
}

extension BertNormalizer {
  /// Reads the settings; `strip_accents` of `null` means what `lowercase` says.
  fileprivate init(_ reader: JSONReader) throws(JSONSchemaError) {
    var reader = reader
    _ = try reader.string("type")
    cleansText = try reader.boolean("clean_text")
    spacesIdeographs = try reader.boolean("handle_chinese_chars")
    lowercases = try reader.boolean("lowercase")
    if case .null? = reader.optional("strip_accents") {
      stripsAccents = lowercases
    } else {
      stripsAccents = try reader.boolean("strip_accents")
    }
    try reader.finish()
  }
}

extension String {
  /// Whether both are the same bytes; `==` would take canonically equivalent texts for the same.
  fileprivate func hasBytes(of other: String) -> Bool { utf8.elementsEqual(other.utf8) }
}

extension [String] {
  /// The place of a token, compared as bytes; `guess` is looked at first.
  fileprivate func id(of token: String, guess: Int = 0) -> Int? {
    if indices.contains(guess), self[guess].hasBytes(of: token) { return guess }
    let count = token.utf8.count
    return firstIndex { $0.utf8.count == count && $0.hasBytes(of: token) }
  }
}
