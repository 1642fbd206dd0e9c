/// A token that is matched in a text as a whole, and how.
struct AddedToken: Sendable, Equatable {
  /// Its text.
  var content: [UInt8]
  /// Its id.
  var id: Int32
  /// It steers the model, and is not part of a text.
  var isSpecial = false
  /// It is matched after normalising, and normalised itself.
  var isNormalized = false
  /// It takes the white space before it along.
  var stripsLeft = false
  /// It takes the white space after it along.
  var stripsRight = false
  /// It is none beside a letter, a mark, a digit or a connector.
  var isSingleWord = false
}

/// The tokens of a byte-pair tokenizer that are matched in a text as wholes.
///
/// The leftmost match wins, of those that begin there the longest. A match that is refused (beside a word,
/// or a special token in plain text) is passed over whole.
struct AddedTokenSet: Sendable {
  /// A stretch of a text.
  enum Part {
    case text(Range<Int>)
    case token(Int32)
  }

  private var tokens: [AddedToken] = []
  private var trie = VocabularyTrie(rootCount: 1)
  private var isFirstByte = [Bool](repeating: false, count: 256)

  /// Makes a set; contents are not empty, and of equal ones the first counts.
  init(_ tokens: [AddedToken]) {
    for token in tokens {
      let existing = token.content.withUnsafeBufferPointer {
        trie.longestMatch(in: $0, from: 0, root: 0)
      }
      guard existing?.end != token.content.count, let first = token.content.first else { continue }
      trie.insert(token.content, root: 0, id: Int32(self.tokens.count))
      isFirstByte[Int(first)] = true
      self.tokens.append(token)
    }
  }

  /// Gives `body` the parts of a text, in order.
  func forEachPart(
    of text: UnsafeBufferPointer<UInt8>, matching: SpecialTokenMatching, _ body: (Part) -> Void
  ) {
    var done = 0
    var position = 0
    while position < text.count {
      guard !tokens.isEmpty, isFirstByte[Int(text[position])],
        let match = trie.longestMatch(in: text, from: position, root: 0)
      else {
        position += 1
        continue
      }
      let token = tokens[Int(match.id)]
      if token.isSpecial, let end = matching.plainEnd(of: position..<match.end) {
        position = end
        continue
      }
      if token.isSingleWord, isBesideWord(position..<match.end, in: text) {
        position = match.end
        continue
      }
      var start = position
      position = match.end
      if token.stripsLeft { start = max(done, spaceStart(before: start, in: text)) }
      if token.stripsRight { position = spaceEnd(match.end, in: text) }
      if done < start { body(.text(done..<start)) }
      body(.token(token.id))
      done = position
    }
    if done < text.count { body(.text(done..<text.count)) }
  }

  private func isBesideWord(_ range: Range<Int>, in text: UnsafeBufferPointer<UInt8>) -> Bool {
    let classes = ScalarClasses.shared
    let isBefore =
      range.lowerBound > 0
      && classes[text.scalar(before: range.lowerBound).scalar].contains(.word)
    let isAfter =
      range.upperBound < text.count
      && classes[text.scalar(at: range.upperBound).scalar].contains(.word)
    return isBefore || isAfter
  }

  private func spaceStart(before start: Int, in text: UnsafeBufferPointer<UInt8>) -> Int {
    var position = start
    while position > 0 {
      let (scalar, length) = text.scalar(before: position)
      guard ScalarClasses.shared[scalar].contains(.space) else { break }
      position -= length
    }
    return position
  }

  private func spaceEnd(_ start: Int, in text: UnsafeBufferPointer<UInt8>) -> Int {
    var position = start
    while position < text.count {
      let (scalar, length) = text.scalar(at: position)
      guard ScalarClasses.shared[scalar].contains(.space) else { break }
      position += length
    }
    return position
  }
}
