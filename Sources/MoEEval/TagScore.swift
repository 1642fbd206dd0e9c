/// What one example of a `tag` task came to.
public struct TagScore: Sendable, Equatable {
  /// The indices of the right labels, ascending.
  public let expected: [Int]
  /// The indices of those that the pack gives, ascending.
  public let given: [Int]
  /// The pack's probabilities, by label; empty where it has no margin.
  public let probabilities: [Float]

  /// Reads an observation.
  ///
  /// - Parameters:
  ///   - wanted: The right labels.
  ///   - observation: What the pack makes of the text.
  ///   - labels: The labels of the task, in the order of the head's rows.
  ///   - thresholds: What their probabilities have to exceed; as many.
  init(
    _ wanted: [String], _ observation: EvalObservation, labels: [String], thresholds: [Float]
  ) {
    let names = Set(wanted.map { Array($0.utf8) })
    expected = labels.indices.filter { names.contains(Array(labels[$0].utf8)) }
    probabilities = observation.probabilities
    given = zip(probabilities, thresholds).enumerated().filter { $0.element.0 > $0.element.1 }
      .map(\.offset)
  }

  /// Whether the labels are exactly the right ones; a pack without a margin says nothing.
  public var isRight: Bool { !probabilities.isEmpty && expected == given }

  /// Each label's probability, and whether it applies.
  var confidences: [(confidence: Double, isRight: Bool)] {
    let right = Set(expected)
    return probabilities.enumerated().map { (Double($1), right.contains($0)) }
  }
}
