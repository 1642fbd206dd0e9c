/// How often each label was given, and how often rightly, where any number of labels may apply to a text.
///
/// What nothing defines is `nil`, never 0 and never NaN.
///
/// Reference: Tsoumakas & Katakis, *Multi-Label Classification: An Overview* (2007), International Journal of Data
/// Warehousing and Mining 3(3).
public struct TagCounts: Sendable, Equatable {
  /// The labels; an index here is an index into the counts.
  public let labels: [String]
  /// Examples that expect the label, by label.
  public private(set) var support: [Int]
  /// Examples for which the label was given, by label.
  public private(set) var predicted: [Int]
  /// Examples that expect the label and for which it was given, by label.
  public private(set) var truePositives: [Int]
  /// Examples in all.
  public private(set) var count = 0
  /// Examples whose labels are exactly the expected ones.
  public private(set) var exact = 0

  /// Makes the counts of no examples.
  public init(labels: [String]) {
    self.labels = labels
    let zero = [Int](repeating: 0, count: labels.count)
    (support, predicted, truePositives) = (zero, zero, zero)
  }

  /// Counts one example.
  ///
  /// - Parameters:
  ///   - expected: The indices of the right labels, ascending.
  ///   - given: The indices of those that were given, ascending.
  /// - Precondition: All are in `0..<labels.count`.
  public mutating func add(expected: [Int], given: [Int]) {
    count += 1
    if expected == given { exact += 1 }
    for label in expected { support[label] += 1 }
    for label in given { predicted[label] += 1 }
    let right = Set(expected)
    for label in given where right.contains(label) { truePositives[label] += 1 }
  }

  /// The F1 of all decisions together, `2 Σ TP / (Σ support + Σ predicted)`, 0 … 1; `nil` where no label is expected
  /// or given.
  public var microF1: Double? {
    share(
      2 * truePositives.reduce(0, +), of: support.reduce(0, +) + predicted.reduce(0, +))
  }

  /// The mean of F1 over the labels that occur or were given, 0 … 1; `nil` without any.
  public var macroF1: Double? { mean(scores.compactMap(\.f1)) }

  /// The share of examples whose labels are exactly right, 0 … 1; `nil` without examples.
  public var accuracy: Double? { share(exact, of: count) }

  /// Each label's score, in the order of ``labels``.
  public var scores: [LabelScore] {
    labels.indices.map { label in
      LabelScore(
        label: labels[label], support: support[label], predicted: predicted[label],
        truePositives: truePositives[label])
    }
  }
}
