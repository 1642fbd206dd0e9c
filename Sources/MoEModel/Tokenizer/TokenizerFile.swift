import MoEBase

/// What a `tokenizer.json` says, as far as it bears on the ids of one text.
///
/// A key that is not known is refused, and so is a known one with a value that is not implemented. What
/// does not bear on those ids is passed over: `decoder`, `padding`, the template for pairs of texts, and
/// the length and stride of `truncation`, which the caller sets.
struct TokenizerFile {
  /// A token that is matched in the raw text.
  struct AddedToken {
    var content: String
    var id: Int32
  }

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
  /// The ids that stand before those of the text.
  let prefix: [Int32]
  /// The ids that stand after those of the text.
  let suffix: [Int32]

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
    (prefix, suffix) = try Self.template(
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
      for key in ["special", "single_word", "lstrip", "rstrip", "normalized"] {
        _ = try reader.boolean(key)
      }
      try reader.finish()
      let spaces = content.unicodeScalars.contains {
        UnicodeTables.shared[$0.value].contains(.whiteSpace)
      }
      guard !content.isEmpty, !spaces else {
        throw JSONSchemaError(
          path: reader.path(of: "content"), expected: "a token, not empty, without white space",
          got: quoted(content))
      }
      if let first = tokens.first(where: { $0.content.hasBytes(of: content) }) {
        throw JSONSchemaError(
          path: reader.path(of: "content"), expected: "a token that was not added before",
          got: "\(quoted(first.content)) again")
      }
      let expected = vocabulary.id(of: content, guess: id) ?? vocabulary.count
      guard id == expected else {
        throw JSONSchemaError(
          path: reader.path(of: "id"), expected: "\(expected), the id of \(quoted(content))",
          got: "\(id)")
      }
      if expected == vocabulary.count { vocabulary.append(content) }
      tokens.append(AddedToken(content: content, id: Int32(id)))
    }
    return (tokens, vocabulary)
  }

  /// Reads the ids that stand around those of one text.
  private static func template(
    _ processor: JSONReader, vocabularySize: Int
  ) throws(JSONSchemaError) -> (prefix: [Int32], suffix: [Int32]) {
    var processor = processor
    _ = try processor.string("type")
    _ = processor.optional("pair")
    var special = try processor.object("special_tokens")
    var prefix: [Int32] = []
    var suffix: [Int32] = []
    var textCount = 0
    for var piece in try processor.objects("single") {
      if piece.keys == ["Sequence"] {
        var sequence = try piece.object("Sequence")
        let name = try sequence.string("id")
        guard name == "A" else {
          throw JSONSchemaError(
            path: sequence.path(of: "id"), expected: "`A`, the one text", got: quoted(name))
        }
        _ = try sequence.integer("type_id", in: 0...0)
        try sequence.finish()
        textCount += 1
      } else {
        var token = try piece.object("SpecialToken")
        var definition = try special.object(try token.string("id"))
        _ = try token.integer("type_id", in: 0...0)
        try token.finish()
        _ = definition.optional("id")
        _ = definition.optional("tokens")
        let ids = try definition.ids("ids", below: vocabularySize)
        try definition.finish()
        if textCount == 0 { prefix += ids } else { suffix += ids }
      }
      try piece.finish()
    }
    guard textCount == 1 else {
      throw JSONSchemaError(
        path: processor.path(of: "single"), expected: "the sequence `A` once",
        got: "\(textCount) of it")
    }
    try processor.finish()
    return (prefix, suffix)
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

extension JSONReader {
  /// An array of token ids.
  fileprivate mutating func ids(
    _ key: String, below count: Int
  ) throws(JSONSchemaError) -> [Int32] {
    var ids: [Int32] = []
    for (index, value) in try array(key).enumerated() {
      guard case .integer(let number) = value, number >= 0, number < Int64(count) else {
        throw JSONSchemaError(
          path: "\(path(of: key))[\(index)]", expected: "an id from 0 to \(count - 1)",
          got: value.text)
      }
      ids.append(Int32(number))
    }
    return ids
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

/// A name from the file for an error sentence: escaped, and cut off when it is long.
private func quoted(_ name: String) -> String {
  let text = JSONValue.string(String(name.prefix(60))).text.dropFirst().dropLast()
  return "`\(text)`"
}
