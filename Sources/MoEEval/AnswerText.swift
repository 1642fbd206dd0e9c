/// A short answer as it is compared: lower case, without punctuation, without the articles a, an and the.
///
/// Reference: Rajpurkar et al., *SQuAD* (2016), arXiv:1606.05250, and its `evaluate-v1.1.py`. Differs from the
/// script: punctuation is every scalar of the Unicode punctuation categories, and of ASCII the symbols too.
public struct AnswerText: Sendable, Equatable {
  /// The words that are compared.
  public let words: [String]

  /// Normalises a text.
  public init(_ text: String) {
    var kept = String.UnicodeScalarView()
    for scalar in text.lowercased().unicodeScalars where !Self.isPunctuation(scalar) {
      kept.append(scalar)
    }
    words = String(kept).split(whereSeparator: \.isWhitespace).map(String.init)
      .filter { !["a", "an", "the"].contains($0) }
  }

  /// Whether the answer is exactly an expected one.
  public func matches(anyOf expected: [String]) -> Bool {
    expected.contains { AnswerText($0) == self }
  }

  /// The best F1 of its words against an expected answer's, 0 … 1.
  public func tokenF1(againstBestOf expected: [String]) -> Double {
    expected.map { f1(AnswerText($0)) }.max() ?? 0
  }

  private func f1(_ other: AnswerText) -> Double {
    guard !words.isEmpty, !other.words.isEmpty else { return self == other ? 1 : 0 }
    var counts: [String: Int] = [:]
    for word in other.words { counts[word, default: 0] += 1 }
    var shared = 0
    for word in words where counts[word, default: 0] > 0 {
      counts[word, default: 0] -= 1
      shared += 1
    }
    return 2 * Double(shared) / Double(words.count + other.words.count)
  }

  private static func isPunctuation(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation,
      .initialPunctuation, .finalPunctuation, .otherPunctuation:
      true
    case .mathSymbol, .currencySymbol, .modifierSymbol, .otherSymbol: scalar.isASCII
    default: false
    }
  }
}
