import MoETensor

/// What the probability of each label has to exceed for the label to be given, chosen to maximise its F1.
///
/// For each label the texts are taken by descending probability; of all places to cut between two different
/// probabilities, and after the last, the first one with the greatest F1 is taken, and the threshold lies in the middle
/// between the probabilities on both sides of it (of 0 after the last). A label without a right text keeps ½.
///
/// Reference: Lipton, Elkan & Naryanaswamy, *Optimal Thresholding of Classifiers to Maximize F1 Measure* (2014),
/// arXiv:1402.1892.
public struct TagThresholds: Sendable, Equatable {
  /// By label, 0 … 1.
  public let values: [Float]
  /// The micro-averaged F1 on the texts they were chosen on, 0 … 1; 0 where no label is right or given.
  public let microF1: Double

  /// Chooses thresholds.
  ///
  /// - Parameters:
  ///   - logits: `[N, L]`.
  ///   - labels: The indices of each text's right labels, `[N]`.
  ///   - labelCount: L.
  public init(logits: [Float], labels: [[Int]], labelCount: Int) {
    var values: [Float] = []
    var right = 0
    var decisions = labels.reduce(0) { $0 + $1.count }
    for label in 0..<labelCount {
      let texts = labels.indices.map { text in
        (
          probability: Float(Elementary.sigmoid(Double(logits[text * labelCount + label]))),
          applies: labels[text].contains(label)
        )
      }
      let cut = Self.cut(texts)
      values.append(cut.threshold)
      for text in texts where text.probability > cut.threshold {
        decisions += 1
        right += text.applies ? 1 : 0
      }
    }
    self.values = values
    microF1 = decisions == 0 ? 0 : 2 * Double(right) / Double(decisions)
  }

  private static func cut(
    _ texts: [(probability: Float, applies: Bool)]
  ) -> (threshold: Float, f1: Double) {
    let support = texts.count(where: \.applies)
    let sorted = texts.sorted { $0.probability > $1.probability }
    var best = (threshold: Float(0.5), f1: 0.0)
    var right = 0
    for (place, text) in sorted.enumerated() {
      right += text.applies ? 1 : 0
      let next = place + 1 < sorted.count ? sorted[place + 1].probability : 0
      guard next < text.probability else { continue }
      let f1 = 2 * Double(right) / Double(support + place + 1)
      if f1 > best.f1 {
        let middle = (text.probability + next) / 2
        // Between neighbouring numbers there is none in the middle.
        best = (middle < text.probability ? middle : next, f1)
      }
    }
    return best
  }
}
