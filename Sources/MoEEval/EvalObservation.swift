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
  /// What a user is told before everything else; `nil` where no pack is selected.
  public let lead: Answer.Lead?

  /// Makes an observation.
  public init(margin: Double, probabilities: [Float], isSelected: Bool, lead: Answer.Lead?) {
    self.margin = margin
    self.probabilities = probabilities
    self.isSelected = isSelected
    self.lead = lead
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
      lead: automatic.lead)
  }
}

extension Expectation {
  /// The labels that it names.
  public var labels: [String] {
    switch self {
    case .label(let label): [label]
    case .labels(let labels): labels
    case .choice, .completion, .prediction, .none: []
    }
  }

  /// Whether what a user gets is right.
  ///
  /// One label: the first that is given is the pack's, and this one. Any number of labels: of the selected packs
  /// it has the greatest margin, and gives exactly these. A text to leave alone: the pack is not selected.
  ///
  /// - Parameters:
  ///   - lead: What is told before everything else; `nil` where no pack is selected.
  ///   - isSelected: Whether the pack is selected.
  ///   - task: The task whose labels are meant; every one of the pack where the name is empty.
  ///   - isOwn: Whether a pack is the one that is to answer.
  /// - Returns: Whether it is.
  public func isMet(
    by lead: Answer.Lead?, isSelected: Bool, task: String, isOwn: (PackIdentity) -> Bool
  ) -> Bool {
    switch self {
    case .label(let label):
      guard let first = lead?.first else { return false }
      return isOwn(first.pack) && first.label.utf8.elementsEqual(label.utf8)
    case .labels(let labels):
      guard let lead else { return false }
      return isOwn(lead.pack) && lead.tags(of: task) == Set(labels.map { Array($0.utf8) })
    // What a language model says of a text is its pack's wherever that is selected (invariant I1).
    case .choice, .completion, .prediction: return isSelected
    case .none: return !isSelected
    }
  }
}
