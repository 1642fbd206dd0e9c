/// Texts by their three-word shingles, to find near duplicates without comparing every pair.
///
/// Two texts are *nearly the same* when they have the same words (letters and digits, in lower case), or when the
/// sets of their three-word shingles have a Jaccard index of at least 0.7 and the shorter text has at least six
/// words.
///
/// Reference: Broder, *On the resemblance and containment of documents* (1997).
struct ShingleIndex {
  /// The Jaccard index from which two texts are near duplicates.
  static let nearness = 0.7
  /// The fewest words of a text that is compared by shingles.
  static let leastWords = 6

  private var shingleCounts: [Int] = []
  private var wordCounts: [Int] = []
  private var byWords: [String: [Int]] = [:]
  private var byShingle: [String: [Int]] = [:]

  /// Indexes texts.
  init(_ texts: [String]) {
    for (index, text) in texts.enumerated() {
      let words = Self.words(text)
      let shingles = Self.shingles(words)
      shingleCounts.append(shingles.count)
      wordCounts.append(words.count)
      byWords[words.joined(separator: " "), default: []].append(index)
      for shingle in shingles { byShingle[shingle, default: []].append(index) }
    }
  }

  /// The texts that are nearly the same as `text`, in their order; itself among them, if it is in.
  func nearDuplicates(of text: String) -> [Int] {
    let words = Self.words(text)
    let same = words.isEmpty ? [] : byWords[words.joined(separator: " ")] ?? []
    guard words.count >= Self.leastWords else { return same }
    let shingles = Self.shingles(words)
    var shared: [Int: Int] = [:]
    for shingle in shingles {
      for index in byShingle[shingle] ?? [] { shared[index, default: 0] += 1 }
    }
    let near = shared.filter { index, count in
      let union = shingles.count + shingleCounts[index] - count
      return wordCounts[index] >= Self.leastWords
        && Double(count) >= Self.nearness * Double(union)
    }
    return Set(same).union(near.keys).sorted()
  }

  /// The runs of letters and digits, in lower case.
  static func words(_ text: String) -> [String] {
    text.lowercased().split { !$0.isLetter && !$0.isNumber }.map(String.init)
  }

  private static func shingles(_ words: [String]) -> Set<String> {
    guard words.count >= 3 else { return [words.joined(separator: " ")] }
    return Set((0...words.count - 3).map { words[$0..<$0 + 3].joined(separator: " ") })
  }
}
