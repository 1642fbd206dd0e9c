/// How often each label was predicted where each label was expected.
///
/// What nothing defines is `nil`, never 0 and never NaN: without examples there is no accuracy, and a label
/// that was not predicted has no precision.
public struct ConfusionMatrix: Sendable, Equatable {
  /// The labels; an index here is an index into each side of ``counts``.
  public let labels: [String]
  /// Counts of examples, `[expected][predicted]`.
  ///
  /// Shapes: as many rows, and columns, as labels.
  public private(set) var counts: [[Int]]

  /// Makes the matrix of no examples.
  public init(labels: [String]) {
    self.labels = labels
    counts = Array(repeating: Array(repeating: 0, count: labels.count), count: labels.count)
  }

  /// Counts one example.
  ///
  /// - Parameters:
  ///   - expected: The index of the right label.
  ///   - predicted: The index of the label that was given.
  /// - Precondition: both are in `0..<labels.count`.
  public mutating func add(expected: Int, predicted: Int) {
    precondition(
      labels.indices.contains(expected) && labels.indices.contains(predicted),
      "expected \(expected) and predicted \(predicted) must lie in 0..<\(labels.count)")
    counts[expected][predicted] += 1
  }

  /// Examples in all.
  public var total: Int { counts.reduce(0) { $0 + $1.reduce(0, +) } }

  /// Examples whose label is right.
  public var correct: Int { labels.indices.reduce(0) { $0 + counts[$1][$1] } }

  /// The share of examples whose label is right, 0 … 1, higher is better; `nil` without examples.
  public var accuracy: Double? { share(correct, of: total) }

  /// The mean of F1 over the labels that occur or were predicted, 0 … 1; higher is better.
  ///
  /// The mean of each label's F1, not the F1 of mean precision and mean recall: the two differ. `nil` without
  /// examples.
  ///
  /// Reference: Opitz & Burst, *Macro F1 and Macro F1* (2019), arXiv:1911.03347, the averaged F1.
  public var macroF1: Double? { mean(scores.compactMap(\.f1)) }

  /// The mean of recall over the labels that occur, 0 … 1; higher is better.
  ///
  /// Always giving the same label that occurs scores 1 / (labels that occur), however frequent it is. `nil`
  /// without examples.
  ///
  /// Reference: Brodersen et al., *The Balanced Accuracy and Its Posterior Distribution* (2010), ICPR.
  /// Differs from the paper: any number of labels, not two.
  public var balancedAccuracy: Double? { mean(scores.compactMap(\.recall)) }

  /// Each label's score, in the order of ``labels``.
  ///
  /// - Complexity: O(labels²).
  public var scores: [LabelScore] {
    var predicted = [Int](repeating: 0, count: labels.count)
    for row in counts {
      for (column, count) in row.enumerated() { predicted[column] += count }
    }
    return labels.enumerated().map { index, label in
      LabelScore(
        label: label, support: counts[index].reduce(0, +), predicted: predicted[index],
        truePositives: counts[index][index])
    }
  }
}
