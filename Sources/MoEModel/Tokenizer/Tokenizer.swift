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

/// Turns texts into token ids, exactly as Hugging Face `tokenizers` does with the same `tokenizer.json`.
///
/// Implemented: `BertNormalizer`, `BertPreTokenizer`, `WordPiece`, `TemplateProcessing`, and added tokens
/// that are matched in the raw text. A file that asks for anything else is refused.
///
/// The ids do not depend on the toolchain's version of Unicode. A value is immutable and may be shared.
public struct Tokenizer: Sendable {
  /// The kinds of tokenizers.
  private enum Pipeline: Sendable {
    case bert(BertWordScanner, WordPiece)
  }

  private let pipeline: Pipeline
  private let vocabulary: [String]
  private let prefix: [Int32]
  private let suffix: [Int32]
  /// The most ids that a text becomes, special tokens included.
  public let maximumLength: Int
  /// How many ids there are; they are the numbers from 0.
  public var vocabularySize: Int { vocabulary.count }

  /// Reads a `tokenizer.json`.
  ///
  /// - Parameters:
  ///   - json: The bytes of the file.
  ///   - maximumLength: The most tokens of a text, special tokens included; the file's own `truncation` and
  ///     `padding` do not count.
  /// - Throws: ``TokenizerError``, when the file is not well-formed or asks for what is not implemented, or
  ///   when `maximumLength` leaves no room for the text.
  public init(json: [UInt8], maximumLength: Int) throws(TokenizerError) {
    let document: JSONValue
    do throws(JSONSyntaxError) { document = try JSONValue(parsing: json) } catch {
      throw .syntax(error)
    }
    try TokenizerFile.refuseUnsupported(document)
    let file: TokenizerFile
    do throws(JSONSchemaError) { file = try TokenizerFile(document) } catch { throw .schema(error) }
    let minimum = file.prefix.count + file.suffix.count + 1
    guard maximumLength >= minimum else {
      throw .lengthTooSmall(length: maximumLength, minimum: minimum)
    }
    self.maximumLength = maximumLength
    vocabulary = file.vocabulary
    prefix = file.prefix
    suffix = file.suffix
    pipeline = .bert(
      BertWordScanner(
        normalizer: file.normalizer,
        addedTokens: AddedTokens(file.addedTokens.map { ($0.content, $0.id) })),
      WordPiece(
        vocabulary: file.modelVocabulary, unknownID: file.unknownID,
        continuationPrefix: file.continuationPrefix, maximumWordScalars: file.maximumWordScalars))
  }

  /// The token of an id, or `nil` when there is none.
  public func token(_ id: Int32) -> String? {
    vocabulary.indices.contains(Int(id)) ? vocabulary[Int(id)] : nil
  }

  /// The ids of a text.
  ///
  /// - Complexity: O(bytes of the text), with memory for the ids kept and one word.
  public func encode(_ text: String) -> Encoding {
    var text = text
    return text.withUTF8 { encode(wellFormed: $0) }
  }

  /// The ids of a text in UTF-8.
  ///
  /// Bytes that are not well-formed are read as U+FFFD, one for each maximal subpart (Unicode, section
  /// 3.9), as `String(decoding:as:)` does, and Python with `errors="replace"`.
  public func encode(utf8 bytes: some Collection<UInt8>) -> Encoding {
    encode(String(decoding: bytes, as: UTF8.self))
  }

  /// The words of a text as the model gets them: normalised and split; added tokens stand as they are.
  public func words(in text: String) -> [String] {
    var text = text
    var list = WordList(tokenizer: self)
    switch pipeline {
    case .bert(let scanner, _):
      text.withUTF8 { scanner.scan($0, wordLimit: .max, into: &list) }
    }
    return list.words
  }

  private func encode(wellFormed text: UnsafeBufferPointer<UInt8>) -> Encoding {
    switch pipeline {
    case .bert(let scanner, let model):
      var pieces = WordPieceList(
        model: model, limit: maximumLength - prefix.count - suffix.count,
        capacity: min(text.count / 3, maximumLength) + 16)
      scanner.scan(text, wordLimit: model.maximumWordScalars, into: &pieces)
      return Encoding(
        ids: prefix + pieces.ids + suffix,
        tokenCount: prefix.count + pieces.tokenCount + suffix.count)
    }
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
private struct WordList: WordReceiver {
  let tokenizer: Tokenizer
  private(set) var words: [String] = []

  init(tokenizer: Tokenizer) { self.tokenizer = tokenizer }

  mutating func receive(word bytes: UnsafeBufferPointer<UInt8>, scalarCount: Int) {
    words.append(String(decoding: bytes, as: UTF8.self))
  }

  mutating func receive(addedToken id: Int32) {
    if let token = tokenizer.token(id) { words.append(token) }
  }
}
