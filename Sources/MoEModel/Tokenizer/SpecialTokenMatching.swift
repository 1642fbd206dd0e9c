/// Where special tokens that are written in a text count as such.
///
/// The reference matches them everywhere, so that a user who writes `<|im_end|>` ends the turn. What comes
/// from outside is to be encoded as plain text, or as the plain ranges of a prompt.
public enum SpecialTokenMatching: Sendable, Equatable {
  /// Everywhere, as the reference does.
  case everywhere
  /// Nowhere: they are text like any other, as with the reference's `encode_special_tokens`.
  case nowhere
  /// Outside these ranges of UTF-8 offsets, ascending and apart; a token that touches one is text.
  case outside([Range<Int>])

  /// Where matching goes on when a special token in `range` is text; `nil` when it counts.
  ///
  /// That is its end, but no further than the plain text reaches: what follows may be a token.
  func plainEnd(of range: Range<Int>) -> Int? {
    switch self {
    case .everywhere: return nil
    case .nowhere: return range.upperBound
    case .outside(let plain):
      var low = 0
      var high = plain.count
      while low < high {
        let middle = (low + high) / 2
        if plain[middle].upperBound <= range.lowerBound { low = middle + 1 } else { high = middle }
      }
      guard low < plain.count, plain[low].lowerBound < range.upperBound else { return nil }
      return min(range.upperBound, plain[low].upperBound)
    }
  }

  /// The same for a stretch of the text that is normalised and so loses its offsets: where it touches plain
  /// text, it is plain as a whole.
  func within(_ stretch: Range<Int>) -> SpecialTokenMatching {
    guard case .outside = self else { return self }
    return plainEnd(of: stretch) == nil ? .everywhere : .nowhere
  }
}
