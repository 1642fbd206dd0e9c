import MoEBase

/// Texts without labels, in clusters of like features.
///
/// Lloyd's algorithm from k-means++ starts, in `Double`, texts in their order: the same texts and seed give the same
/// clusters. A cluster that loses every text is dropped.
///
/// Reference: Arthur and Vassilvitskii, *k-means++* (2007), SODA.
package struct Clusters {
  /// The cluster of each text.
  package let assignments: [Int]
  /// How many clusters there are.
  package let count: Int

  /// The most rounds.
  private static let rounds = 50

  /// Clusters texts.
  ///
  /// - Parameters:
  ///   - features: `[N, width]`, N at least 1.
  ///   - width: G.
  ///   - count: The most clusters.
  ///   - seed: Draws the starts.
  package init(_ features: [Float], width: Int, count: Int, seed: UInt64) {
    let textCount = features.count / width
    let texts = (0..<textCount).map { features[$0 * width..<($0 + 1) * width].map(Double.init) }
    var centers = Self.starts(texts, count: min(count, textCount), seed: seed)
    var assignments = [Int](repeating: 0, count: textCount)
    for _ in 0..<Self.rounds {
      let next = texts.map { Self.nearest($0, of: centers).index }
      let isDone = next == assignments
      assignments = next
      if isDone { break }
      for (index, center) in centers.enumerated() {
        let own = texts.indices.filter { next[$0] == index }
        guard !own.isEmpty else { continue }
        var sum = [Double](repeating: 0, count: center.count)
        for text in own { for column in sum.indices { sum[column] += texts[text][column] } }
        centers[index] = sum.map { $0 / Double(own.count) }
      }
    }
    let used = Set(assignments).sorted()
    let number = Dictionary(uniqueKeysWithValues: used.enumerated().map { ($1, $0) })
    self.assignments = assignments.map { number[$0] ?? 0 }
    self.count = max(1, used.count)
  }

  /// Starts far apart: each drawn with the squared distance to the nearest one before it.
  private static func starts(_ texts: [[Double]], count: Int, seed: UInt64) -> [[Double]] {
    guard !texts.isEmpty else { return [] }
    var generator = SeededGenerator(seed: seed)
    var starts = [texts[Int(generator.uniform() * Double(texts.count))]]
    while starts.count < count {
      let distances = texts.map { nearest($0, of: starts).distance }
      var draw = generator.uniform() * distances.reduce(0, +)
      var chosen = texts.count - 1
      for (index, distance) in distances.enumerated() {
        draw -= distance
        if draw < 0 {
          chosen = index
          break
        }
      }
      starts.append(texts[chosen])
    }
    return starts
  }

  private static func nearest(
    _ text: [Double], of centers: [[Double]]
  ) -> (index: Int, distance: Double) {
    var best = (index: 0, distance: Double.infinity)
    for (index, center) in centers.enumerated() {
      var distance = 0.0
      for column in text.indices {
        let difference = text[column] - center[column]
        distance += difference * difference
      }
      if distance < best.distance { best = (index, distance) }
    }
    return best
  }
}
