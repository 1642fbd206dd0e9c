/// The WordPiece model: cuts a word greedily into the longest pieces of its vocabulary.
///
/// The first piece is looked up as it stands, the others behind the continuation prefix (`##`). A word
/// that cannot be cut to its end, or that is longer than ``maximumWordScalars``, is one unknown token.
///
/// Reference: Schuster & Nakajima, *Japanese and Korean Voice Search* (2012); greedy matching as in
/// Devlin et al., *BERT* (2018), arXiv:1810.04805.
struct WordPiece: Sendable {
  /// The id of a word that cannot be cut.
  let unknownID: Int32
  /// A longer word, counted in Unicode scalars, is unknown.
  let maximumWordScalars: Int
  private let trie: VocabularyTrie

  private static let wholeRoot = 0
  private static let continuingRoot = 1

  /// Makes a model.
  ///
  /// - Parameters:
  ///   - vocabulary: The tokens; a token's place is its id. Together they are shorter than half of
  ///     ``VocabularyTrie/nodeLimit``.
  ///   - unknownID: The id of a word that cannot be cut.
  ///   - continuationPrefix: What stands before a token that does not begin a word.
  ///   - maximumWordScalars: A longer word is unknown.
  init(
    vocabulary: [String], unknownID: Int32, continuationPrefix: String, maximumWordScalars: Int
  ) {
    self.unknownID = unknownID
    self.maximumWordScalars = maximumWordScalars
    var trie = VocabularyTrie(rootCount: 2)
    let prefix = Array(continuationPrefix.utf8)
    for (id, token) in vocabulary.enumerated() {
      let bytes = token.utf8
      trie.insert(bytes, root: Self.wholeRoot, id: Int32(id))
      if bytes.starts(with: prefix) {
        trie.insert(bytes.dropFirst(prefix.count), root: Self.continuingRoot, id: Int32(id))
      }
    }
    self.trie = trie
  }

  /// Appends the ids of one word to `ids`.
  ///
  /// - Complexity: O(bytes of the word · bytes of the longest token).
  func appendPieces(of word: UnsafeBufferPointer<UInt8>, scalarCount: Int, to ids: inout [Int32]) {
    let mark = ids.count
    var position = 0
    while scalarCount <= maximumWordScalars, position < word.count {
      let root = position == 0 ? Self.wholeRoot : Self.continuingRoot
      guard let match = trie.longestMatch(in: word, from: position, root: root) else { break }
      ids.append(match.id)
      position = match.end
    }
    if position < word.count {
      ids.removeLast(ids.count - mark)
      ids.append(unknownID)
    }
  }
}
