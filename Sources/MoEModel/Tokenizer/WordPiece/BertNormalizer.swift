/// What the normalizer of a BERT tokenizer does, in this order.
struct BertNormalizer: Sendable, Equatable {
  /// Removes controls, format characters, U+0000 and U+FFFD, and makes all white space a space.
  var cleansText: Bool
  /// Puts spaces around CJK ideographs.
  var spacesIdeographs: Bool
  /// Decomposes canonically (NFD) and removes nonspacing marks.
  var stripsAccents: Bool
  /// Applies the full lower-case mapping to each scalar, whatever stands around it.
  var lowercases: Bool
}

/// The tokens that are found in the raw text, before it is normalised: `[CLS]`, `[MASK]` and the like.
///
/// The leftmost match wins, and of those that begin there the longest.
struct AddedTokens: Sendable {
  /// Whether a token begins with this byte.
  private(set) var isFirstByte = [Bool](repeating: false, count: 256)
  private var trie = VocabularyTrie(rootCount: 1)

  /// Makes the set; contents are not empty.
  init(_ tokens: [AddedToken]) {
    for token in tokens {
      trie.insert(token.content, root: 0, id: token.id)
      if let first = token.content.first { isFirstByte[Int(first)] = true }
    }
  }

  /// The longest token that begins at `start`.
  func longestMatch(
    in bytes: UnsafeBufferPointer<UInt8>, from start: Int
  ) -> (id: Int32, end: Int)? {
    trie.longestMatch(in: bytes, from: start, root: 0)
  }
}
