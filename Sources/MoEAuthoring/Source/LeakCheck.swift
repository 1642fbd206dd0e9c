/// Finds texts that stand twice: within a file, and between training and evals.
///
/// Two texts are *the same* when their bytes are. They are *nearly the same* when they have the same words
/// (letters and digits, in lower case), or when the sets of their three-word shingles have a Jaccard index
/// of at least 0.7 and the shorter text has at least six words.
struct LeakCheck {
  /// The Jaccard index from which two texts are near duplicates.
  static let nearness = 0.7
  /// The fewest words of a text that is compared by shingles.
  static let leastWords = 6

  let source: PackSource

  /// Runs every check.
  ///
  /// - Throws: ``SourceError/duplicate(text:first:second:)`` or ``SourceError/leak(eval:training:isExact:)``.
  func run() throws {
    var files = [source.train]
    if let valid = source.valid { files.append(valid) }
    if let negatives = source.negatives { files.append(negatives) }
    let seen = try unique(files)
    let seenInEvals = try unique(source.evals.map(\.file))
    for (text, place) in seenInEvals.sorted(by: { $0.value < $1.value }) {
      if let training = seen[text] {
        throw SourceError.leak(
          eval: place.description, training: training.description, isExact: true)
      }
    }
    guard !source.nearDuplicatesAllowed else { return }
    let index = ShingleIndex(
      files.flatMap { file in
        file.examples.map { ($0.text, Place(file: file.name, line: $0.line)) }
      })
    for eval in source.evals {
      for example in eval.file.examples {
        guard let near = index.nearDuplicate(of: example.text) else { continue }
        throw SourceError.leak(
          eval: Place(file: eval.file.name, line: example.line).description,
          training: near.description, isExact: false)
      }
    }
  }

  /// Where a text stands.
  struct Place: Comparable, CustomStringConvertible {
    let file: String
    let line: Int
    var description: String { "`\(file)` line \(line)" }
    static func < (left: Place, right: Place) -> Bool {
      (left.file, left.line) < (right.file, right.line)
    }
  }

  private func unique(_ files: [ExampleFile]) throws -> [[UInt8]: Place] {
    var seen: [[UInt8]: Place] = [:]
    for file in files {
      for example in file.examples {
        let place = Place(file: file.name, line: example.line)
        if let first = seen.updateValue(place, forKey: Array(example.text.utf8)) {
          throw SourceError.duplicate(
            text: example.text, first: first.description, second: place.description)
        }
      }
    }
    return seen
  }
}

/// Texts by their three-word shingles, to find near duplicates without comparing every pair.
private struct ShingleIndex {
  private var places: [LeakCheck.Place] = []
  private var shingleCounts: [Int] = []
  private var wordCounts: [Int] = []
  private var byWords: [String: Int] = [:]
  private var byShingle: [String: [Int]] = [:]

  init(_ texts: [(text: String, place: LeakCheck.Place)]) {
    for (index, entry) in texts.enumerated() {
      let words = Self.words(entry.text)
      let shingles = Self.shingles(words)
      places.append(entry.place)
      shingleCounts.append(shingles.count)
      wordCounts.append(words.count)
      byWords[words.joined(separator: " ")] = index
      for shingle in shingles { byShingle[shingle, default: []].append(index) }
    }
  }

  func nearDuplicate(of text: String) -> LeakCheck.Place? {
    let words = Self.words(text)
    if !words.isEmpty, let index = byWords[words.joined(separator: " ")] { return places[index] }
    guard words.count >= LeakCheck.leastWords else { return nil }
    let shingles = Self.shingles(words)
    var shared: [Int: Int] = [:]
    for shingle in shingles {
      for index in byShingle[shingle] ?? [] { shared[index, default: 0] += 1 }
    }
    let near = shared.filter { index, count in
      let union = shingles.count + shingleCounts[index] - count
      return wordCounts[index] >= LeakCheck.leastWords
        && Double(count) >= LeakCheck.nearness * Double(union)
    }
    return near.keys.min().map { places[$0] }
  }

  private static func words(_ text: String) -> [String] {
    text.lowercased().split { !$0.isLetter && !$0.isNumber }.map(String.init)
  }

  private static func shingles(_ words: [String]) -> Set<String> {
    guard words.count >= 3 else { return [words.joined(separator: " ")] }
    return Set((0...words.count - 3).map { words[$0..<$0 + 3].joined(separator: " ") })
  }
}
