/// From a text to the pieces and added tokens of a byte-pair tokenizer.
///
/// Added tokens that are not normalised are found in the raw text; each stretch between them is normalised,
/// the other added tokens are found in it, and what is left is split into pieces.
struct BytePairPipeline: Sendable {
  private let rawTokens: AddedTokenSet
  private let normalizedTokens: AddedTokenSet
  private let normalizer: TextNormalizer
  private let splitter: PieceSplitter
  /// The model that takes the pieces.
  let model: BytePair
  /// Whether ``words`` are shown with characters in place of bytes.
  private let mapsBytes: Bool

  /// Makes a pipeline.
  init(_ file: BytePairFile) {
    normalizer = file.normalizer
    splitter = file.splitter
    model = file.model
    mapsBytes = file.mapsBytes
    rawTokens = AddedTokenSet(file.addedTokens.filter { !$0.isNormalized })
    let normalizer = file.normalizer
    normalizedTokens = AddedTokenSet(
      file.addedTokens.filter(\.isNormalized).map { token in
        var token = token
        token.content = token.content.withUnsafeBufferPointer { content in
          normalizer.withNormalized(content) { Array($0) }
        }
        return token
      })
  }

  /// Gives `receiver` the pieces and added tokens of a text, in order.
  func scan<Receiver: PieceReceiver>(
    _ text: UnsafeBufferPointer<UInt8>, matching: SpecialTokenMatching,
    into receiver: inout Receiver
  ) {
    rawTokens.forEachPart(of: text, matching: matching) { part in
      switch part {
      case .token(let id): receiver.receive(addedToken: id)
      case .text(let stretch):
        normalizer.withNormalized(text.part(stretch)) { normalized in
          normalizedTokens.forEachPart(of: normalized, matching: matching.within(stretch)) {
            switch $0 {
            case .token(let id): receiver.receive(addedToken: id)
            case .text(let range):
              splitter.split(
                normalized.part(range), isAtStart: stretch.lowerBound == 0 && range.lowerBound == 0,
                into: &receiver)
            }
          }
        }
      }
    }
  }

  /// A piece as the vocabulary spells it.
  func spelling(of piece: UnsafeBufferPointer<UInt8>) -> String {
    guard mapsBytes else { return String(decoding: piece, as: UTF8.self) }
    return String(decoding: ByteAlphabet.encode(piece), as: UTF8.self)
  }
}

/// Collects the ids of pieces, up to a limit, and counts the rest.
struct BytePairTokenList: PieceReceiver {
  private let model: BytePair
  private let limit: Int
  private var merger = SymbolMerger()
  private(set) var ids: [Int32] = []
  private(set) var tokenCount = 0

  init(model: BytePair, limit: Int, capacity: Int) {
    self.model = model
    self.limit = limit
    ids.reserveCapacity(capacity)
  }

  mutating func receive(piece: UnsafeBufferPointer<UInt8>) {
    let before = ids.count
    model.appendTokens(of: piece, using: &merger, to: &ids)
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
