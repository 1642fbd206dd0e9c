import MoEBase

/// The token ids of one text.
public struct Encoding: Sendable, Equatable {
  /// The ids, special tokens included, at most as many as the tokenizer's maximum length.
  public let ids: [Int32]
  /// How many tokens the whole text has, special tokens included.
  public let tokenCount: Int
  /// Whether tokens of the text were cut off at its end.
  public var isTruncated: Bool { tokenCount > ids.count }

  /// Makes an encoding.
  public init(ids: [Int32], tokenCount: Int) {
    self.ids = ids
    self.tokenCount = tokenCount
  }
}

/// Turns texts into token ids and back, exactly as Hugging Face `tokenizers` does with the same
/// `tokenizer.json`.
///
/// Implemented are the WordPiece tokenizers of BERT and the byte-pair tokenizers of LLMs, on bytes
/// (GPT-2, OLMo, Qwen, Granite, DBRX, Llama 3) and on characters with byte fallback (Llama 2, Mixtral).
/// A file that asks for anything else is refused.
///
/// The ids do not depend on the toolchain's version of Unicode. A value is immutable and may be shared.
public struct Tokenizer: Sendable {
  /// The kinds of tokenizers.
  private enum Pipeline: Sendable {
    /// The second scanner takes special tokens for plain text.
    case bert(BertWordScanner, plain: BertWordScanner, WordPiece)
    case bytePair(BytePairPipeline)
  }

  private let pipeline: Pipeline
  private let vocabulary: Vocabulary
  private let template: SpecialTokenTemplate
  /// How tokens become a text again.
  let decodingSteps: [DecodingStep]
  /// The ids of the tokens that steer a model and are not part of a text, ascending.
  public let specialTokenIDs: [Int32]
  /// The most ids that a text becomes, special tokens included.
  public let maximumLength: Int
  /// One more than the highest id; every token's id is at least 0.
  public var vocabularySize: Int { vocabulary.idCount }

  /// Reads a `tokenizer.json`.
  ///
  /// - Parameters:
  ///   - json: The bytes of the file.
  ///   - maximumLength: The most tokens of a text, special tokens included; the file's own `truncation` and
  ///     `padding` do not count.
  /// - Throws: ``TokenizerError``, when the file is not well-formed or asks for what is not implemented, or
  ///   when `maximumLength` leaves no room for the text.
  public init(json: [UInt8], maximumLength: Int) throws(TokenizerError) {
    let document: TokenizerDocument
    do { document = try TokenizerDocument(json) } catch { throw .reading(error) }
    let special: [AddedToken]
    switch document {
    case .wordPiece(let file, let steps):
      vocabulary = Vocabulary(file.vocabulary)
      template = file.template
      decodingSteps = steps
      special = file.addedTokens.filter(\.isSpecial)
      let plain = file.addedTokens.filter { !$0.isSpecial }
      pipeline = .bert(
        BertWordScanner(
          normalizer: file.normalizer, addedTokens: AddedTokens(file.addedTokens)),
        plain: BertWordScanner(normalizer: file.normalizer, addedTokens: AddedTokens(plain)),
        WordPiece(
          vocabulary: file.modelVocabulary, unknownID: file.unknownID,
          continuationPrefix: file.continuationPrefix, maximumWordScalars: file.maximumWordScalars))
    case .bytePair(let file, let steps):
      vocabulary = file.vocabulary
      template = file.template
      decodingSteps = steps
      special = file.addedTokens.filter(\.isSpecial)
      pipeline = .bytePair(BytePairPipeline(file))
    }
    specialTokenIDs = special.map(\.id).sorted()
    let minimum = template.prefix.count + template.suffix.count + 1
    guard maximumLength >= minimum else {
      throw .lengthTooSmall(length: maximumLength, minimum: minimum)
    }
    self.maximumLength = maximumLength
  }

  /// The token of an id, or `nil` when there is none.
  public func token(_ id: Int32) -> String? { vocabulary[id] }

  /// The bytes of an id's token, for as long as `body` runs; `nil` when there is none.
  func withToken<Result>(
    _ id: Int32, _ body: (UnsafeBufferPointer<UInt8>) -> Result
  ) -> Result? { vocabulary.withToken(id, body) }

  /// The id of a token, compared as bytes, or `nil` when there is none.
  public func id(of token: String) -> Int32? { vocabulary.id(of: token) }

  /// Whether an id is that of a token that steers a model and is not part of a text.
  public func isSpecial(_ id: Int32) -> Bool {
    var low = 0
    var high = specialTokenIDs.count
    while low < high {
      let middle = (low + high) / 2
      if specialTokenIDs[middle] < id { low = middle + 1 } else { high = middle }
    }
    return low < specialTokenIDs.count && specialTokenIDs[low] == id
  }

  /// The ids of a text, with what the file puts around it, and special tokens matched in it.
  public func encode(_ text: String) -> Encoding { encode(text, addingSpecialTokens: true) }

  /// The ids of a text.
  ///
  /// - Parameters:
  ///   - text: The text.
  ///   - addingSpecialTokens: Whether the file's post-processor adds what it puts around a text (`[CLS]`,
  ///     the beginning of a sequence).
  ///   - matching: Where special tokens written in the text count; a tokenizer of BERT's kind with ranges
  ///     of plain text matches them nowhere.
  ///   - limit: The most ids; ``maximumLength`` where absent.
  /// - Returns: The ids, cut to the limit, and how many there were.
  /// - Complexity: O(n log n) in the bytes of the longest word, O(n) in those of the text, with memory for
  ///   the ids kept and one word.
  public func encode(
    _ text: String, addingSpecialTokens: Bool = true,
    specialTokens matching: SpecialTokenMatching = .everywhere, limit: Int? = nil
  ) -> Encoding {
    var text = text
    let added = addingSpecialTokens ? template : SpecialTokenTemplate()
    return text.withUTF8 {
      encode(wellFormed: $0, added, matching, limit: limit ?? maximumLength)
    }
  }

  /// The ids of a text in UTF-8.
  ///
  /// Bytes that are not well-formed are read as U+FFFD, one for each maximal subpart (Unicode, section
  /// 3.9), as `String(decoding:as:)` does, and Python with `errors="replace"`.
  public func encode(utf8 bytes: some Collection<UInt8>) -> Encoding {
    encode(String(decoding: bytes, as: UTF8.self))
  }

  /// The text of ids; ids without a token are left out.
  public func decode(_ ids: some Sequence<Int32>, skippingSpecialTokens: Bool = false) -> String {
    var decoder = TokenStreamDecoder(self, skippingSpecialTokens: skippingSpecialTokens)
    var text = ""
    for id in ids { text += decoder.append(id) }
    return text + decoder.finish()
  }

  /// The words of a text as the model gets them: normalised and split; added tokens stand as they are.
  public func words(in text: String) -> [String] {
    var text = text
    var list = WordList(tokenizer: self)
    switch pipeline {
    case .bert(let scanner, _, _):
      text.withUTF8 { scanner.scan($0, wordLimit: .max, into: &list) }
    case .bytePair(let pipeline):
      text.withUTF8 { pipeline.scan($0, matching: .everywhere, into: &list) }
    }
    return list.words
  }

  /// A piece as the vocabulary spells it.
  fileprivate func spelling(of piece: UnsafeBufferPointer<UInt8>) -> String {
    guard case .bytePair(let pipeline) = pipeline else {
      return String(decoding: piece, as: UTF8.self)
    }
    return pipeline.spelling(of: piece)
  }

  private func encode(
    wellFormed text: UnsafeBufferPointer<UInt8>, _ added: SpecialTokenTemplate,
    _ matching: SpecialTokenMatching, limit most: Int
  ) -> Encoding {
    let limit = most - added.prefix.count - added.suffix.count
    let capacity = min(text.count / 3, most) + 16
    let ids: [Int32]
    let count: Int
    switch pipeline {
    case .bert(let scanner, let plain, let model):
      var pieces = WordPieceList(model: model, limit: limit, capacity: capacity)
      let chosen = matching == .everywhere || matching == .outside([]) ? scanner : plain
      chosen.scan(text, wordLimit: model.maximumWordScalars, into: &pieces)
      (ids, count) = (pieces.ids, pieces.tokenCount)
    case .bytePair(let pipeline):
      var tokens = BytePairTokenList(model: pipeline.model, limit: limit, capacity: capacity)
      pipeline.scan(text, matching: matching, into: &tokens)
      (ids, count) = (tokens.ids, tokens.tokenCount)
    }
    return Encoding(
      ids: added.prefix + ids + added.suffix,
      tokenCount: added.prefix.count + count + added.suffix.count)
  }
}

/// Collects the ids of words, up to a limit, and counts the rest.
private struct WordPieceList: WordReceiver {
  private let model: WordPiece
  private let limit: Int
  private(set) var ids: [Int32] = []
  private(set) var tokenCount = 0

  init(model: WordPiece, limit: Int, capacity: Int) {
    self.model = model
    self.limit = limit
    ids.reserveCapacity(capacity)
  }

  mutating func receive(word bytes: UnsafeBufferPointer<UInt8>, scalarCount: Int) {
    let before = ids.count
    model.appendPieces(of: bytes, scalarCount: scalarCount, to: &ids)
    count(from: before)
  }

  mutating func receive(addedToken id: Int32) {
    ids.append(id)
    count(from: ids.count - 1)
  }

  private mutating func count(from before: Int) {
    tokenCount += ids.count - before
    if ids.count > limit { ids.removeLast(ids.count - limit) }
  }
}

/// Collects words.
private struct WordList: WordReceiver, PieceReceiver {
  let tokenizer: Tokenizer
  private(set) var words: [String] = []

  init(tokenizer: Tokenizer) { self.tokenizer = tokenizer }

  mutating func receive(word bytes: UnsafeBufferPointer<UInt8>, scalarCount: Int) {
    words.append(String(decoding: bytes, as: UTF8.self))
  }

  mutating func receive(piece: UnsafeBufferPointer<UInt8>) {
    words.append(tokenizer.spelling(of: piece))
  }

  mutating func receive(addedToken id: Int32) {
    if let token = tokenizer.token(id) { words.append(token) }
  }
}
