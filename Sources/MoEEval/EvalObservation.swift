public import MoEModel

/// What a mixture makes of one example, as far as the result of an eval set depends on it.
public struct EvalObservation: Sendable, Equatable {
  /// δ of the set's own pack with the operator's shift, in nats; −∞ where it is not finite.
  public let margin: Double
  /// The probabilities that the own pack gives the labels of the set's task, in their order; empty where it
  /// has no margin.
  public let probabilities: [Float]
  /// Whether the dispatcher selects the own pack.
  public let isSelected: Bool
  /// What a user is told first; `nil` where no pack is selected.
  public let first: Answer.Prediction?

  /// Makes an observation.
  public init(
    margin: Double, probabilities: [Float], isSelected: Bool, first: Answer.Prediction?
  ) {
    self.margin = margin
    self.probabilities = probabilities
    self.isSelected = isSelected
    self.first = first
  }

  /// Reads it off two answers: the one with the pack named, and the dispatcher's.
  ///
  /// - Parameters:
  ///   - own: The answer when the pack is named.
  ///   - automatic: The dispatcher's.
  ///   - pack: The pack.
  ///   - task: The set's task.
  ///   - labels: The labels of the task, in the order of the head's rows.
  init(
    own: Answer, automatic: Answer, pack: PackIdentity, task: String, labels: [[UInt8]]
  ) {
    var given: [[UInt8]: Float] = [:]
    for prediction in own.predictions where prediction.task.utf8.elementsEqual(task.utf8) {
      given[Array(prediction.label.utf8)] = prediction.probability
    }
    self.init(
      margin: own.nearest?.margin ?? -.infinity,
      probabilities: given.isEmpty ? [] : labels.map { given[$0] ?? 0 },
      isSelected: automatic.route.contains { $0.pack.digest == pack.digest },
      first: automatic.predictions.first)
  }

  /// Whether what a user gets is right: the first prediction is the pack's with the expected label; or, of a
  /// text to leave alone, the pack is not selected.
  public func isAnsweredRight(_ expectation: Expectation, pack: PackIdentity) -> Bool {
    switch expectation {
    case .label(let label):
      first?.pack.digest == pack.digest && first?.label.utf8.elementsEqual(label.utf8) == true
    // What a language model says of a text is its pack's wherever that is selected (invariant I1).
    case .choice, .completion, .prediction: isSelected
    case .none: !isSelected
    }
  }
}
