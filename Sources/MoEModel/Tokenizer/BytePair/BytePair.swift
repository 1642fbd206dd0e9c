/// The byte-pair model: a piece of text becomes its characters' tokens, and these are merged by rank.
///
/// Reference: Sennrich, Haddow & Birch (2016), arXiv:1508.07909; bytes as characters as in GPT-2, bytes
/// for unknown characters as in SentencePiece (Kudo & Richardson, 2018, arXiv:1808.06226).
struct BytePair: Sendable {
  /// What a model does beside merging.
  struct Settings: Sendable, Equatable {
    /// The id of a character that is not in the vocabulary; without one it is left out.
    var unknownID: Int32?
    /// Neighbouring unknown characters are one token.
    var fusesUnknown = false
    /// An unknown character becomes the tokens `<0x00>` to `<0xFF>` of its bytes, if all are there.
    var fallsBackToBytes = false
    /// A piece that is a token as a whole is that token.
    var takesWholePieces = false
    /// Pieces are bytes, which the vocabulary spells by ``ByteAlphabet``.
    var mapsBytes = false
  }

  /// The model's tokens.
  let vocabulary: Vocabulary
  private let merges: MergeTable
  private let settings: Settings
  /// The ids of the scalars below U+0800; -1 for none.
  private let alphabet: [Int32]
  /// The id of each byte's character; -1 for none.
  private let byteSymbols: [Int32]
  /// The ids of `<0x00>` to `<0xFF>`; -1 for none.
  private let byteTokens: [Int32]

  /// Makes a model.
  init(vocabulary: Vocabulary, merges: MergeTable, settings: Settings) {
    self.vocabulary = vocabulary
    self.merges = merges
    self.settings = settings
    func id(_ scalar: UInt32) -> Int32 {
      var spelling: [UInt8] = []
      spelling.append(scalar: scalar)
      return spelling.withUnsafeBufferPointer { vocabulary.id(of: $0) ?? -1 }
    }
    alphabet = (0..<0x800).map(id)
    byteSymbols = ByteAlphabet.scalars.map(id)
    byteTokens = (0..<0x100).map { byte in
      let digits = String(byte, radix: 16, uppercase: true)
      return vocabulary.id(of: "<0x\(byte < 16 ? "0" : "")\(digits)>") ?? -1
    }
  }

  /// Appends the ids of one piece of text to `ids`.
  ///
  /// - Complexity: O(n log n) in the bytes of the piece.
  func appendTokens(
    of piece: UnsafeBufferPointer<UInt8>, using merger: inout SymbolMerger, to ids: inout [Int32]
  ) {
    if settings.takesWholePieces, let id = wholeToken(piece) {
      ids.append(id)
      return
    }
    merger.symbols.removeAll(keepingCapacity: true)
    var isUnknownHeld = false
    if settings.mapsBytes {
      for byte in piece {
        append(byteSymbols[Int(byte)], to: &merger.symbols, &isUnknownHeld) {
          var spelling: [UInt8] = []
          spelling.append(scalar: ByteAlphabet.scalars[Int(byte)])
          return spelling
        }
      }
    } else {
      var position = 0
      while position < piece.count {
        let (scalar, length) = piece.scalar(at: position)
        let character = piece.part(position..<position + length)
        let id = scalar < 0x800 ? alphabet[Int(scalar)] : vocabulary.id(of: character) ?? -1
        append(id, to: &merger.symbols, &isUnknownHeld) { Array(character) }
        position += length
      }
    }
    if isUnknownHeld, let unknownID = settings.unknownID { merger.symbols.append(unknownID) }
    merger.merge(by: merges)
    ids.append(contentsOf: merger.symbols)
  }

  private func wholeToken(_ piece: UnsafeBufferPointer<UInt8>) -> Int32? {
    guard settings.mapsBytes else { return vocabulary.id(of: piece) }
    return ByteAlphabet.encode(piece).withUnsafeBufferPointer { vocabulary.id(of: $0) }
  }

  /// Appends one character's symbols.
  ///
  /// As in the reference an unknown token is held back until a known character or the end, so that the
  /// bytes of a character that falls back to them come before it.
  @inline(__always)
  private func append(
    _ id: Int32, to symbols: inout [Int32], _ isUnknownHeld: inout Bool, spelling: () -> [UInt8]
  ) {
    if id >= 0 {
      if isUnknownHeld, let unknownID = settings.unknownID { symbols.append(unknownID) }
      isUnknownHeld = false
      symbols.append(id)
      return
    }
    if settings.fallsBackToBytes {
      let bytes = spelling()
      if bytes.allSatisfy({ byteTokens[Int($0)] >= 0 }) {
        for byte in bytes { symbols.append(byteTokens[Int(byte)]) }
        return
      }
    }
    guard let unknownID = settings.unknownID else { return }
    if isUnknownHeld, !settings.fusesUnknown { symbols.append(unknownID) }
    isUnknownHeld = true
  }
}
