import MoEBase
public import MoEModel
public import MoETensor

/// What one eval set gave on one mixture.
public struct EvalResult: Sendable, Equatable {
  /// The set's name.
  public let name: String
  /// The task it measures.
  public let task: String
  /// Examples that carry a label.
  public let labelled: Int
  /// Of these, those whose label the pack itself gives first.
  public let correct: Int
  /// Of these, those for which the dispatcher selects the pack.
  public let ownSelected: Int
  /// Examples that the pack must leave alone.
  public let none: Int
  /// Of these, those for which the dispatcher selects the pack.
  public let noneSelected: Int
  /// The area under the ROC curve of the margin, own texts against those to leave alone; `nil` without both.
  public let auroc: Double?
  /// Right and wrong answers by example, in the order of the set; `nil` for those to leave alone.
  public let isCorrect: [Bool?]
  /// Whether what a user gets is right, by example: the first prediction is the pack's and its label the
  /// expected one; or, of a text to leave alone, the pack is not selected.
  public let isAnsweredRight: [Bool]
  /// The expected labels against those the pack gives first.
  public let confusion: ConfusionMatrix
  /// How far the pack's own probabilities can be believed.
  public let reliability: Reliability
  /// What the kind of task has beyond these.
  public var measures: [Metric: Double] = [:]

  /// The share of labelled examples whose label is right, 0 … 1; higher is better.
  public var accuracy: Double { labelled == 0 ? 0 : Double(correct) / Double(labelled) }
  /// Where the accuracy lies for 95 of 100 such sets: a bootstrap of 1,000 resamples; `nil` without labels.
  public var accuracyInterval: BootstrapInterval? {
    BootstrapInterval(proportionOf: isCorrect.compactMap(\.self), seed: 1)
  }
  /// A metric of the set, 0 … 1; `nil` where it is not defined.
  public func value(_ metric: Metric) -> Double? {
    switch metric {
    case .accuracy: labelled == 0 || measures[.natsPerByte] != nil ? nil : accuracy
    case .normalizedAccuracy, .exactMatch, .tokenF1, .natsPerByte, .routedNatsPerByte:
      measures[metric]
    case .macroF1: confusion.macroF1
    case .balancedAccuracy: confusion.balancedAccuracy
    case .auroc: auroc
    case .calibrationError: reliability.expectedCalibrationError
    }
  }
  /// The share of own texts that reach the pack, 0 … 1; higher is better.
  public var ownSelectedShare: Double {
    labelled == 0 ? 0 : Double(ownSelected) / Double(labelled)
  }
  /// The share of texts to leave alone that reach the pack, 0 … 1; lower is better.
  public var noneSelectedShare: Double? {
    none == 0 ? nil : Double(noneSelected) / Double(none)
  }
}

extension EvalSet {
  /// Runs the set.
  ///
  /// Accuracy is the pack's own, whatever the dispatcher says; selection is the dispatcher's, among all packs
  /// of the mixture.
  ///
  /// - Parameters:
  ///   - mixture: What is measured.
  ///   - pack: The pack whose set this is.
  ///   - pool: The threads that share the work.
  ///   - progress: Told how many texts are done, from any thread.
  /// - Returns: Counts, and right or wrong by example.
  /// - Throws: `MixtureError` if the pack is not mounted or its output is not finite.
  public func run(
    on mixture: MixtureModel, pack: PackIdentity, pool: ThreadPool,
    progress: (@Sendable (Int) -> Void)? = nil
  ) throws -> EvalResult {
    guard kind == .classify else {
      return try LanguageEvaluation(
        set: self, mixture: mixture, pack: pack, pool: pool, progress: progress
      ).run()
    }
    let encodings = examples.map { mixture.backbone.tokenizer.encode($0.text) }
    let answers = try mixture.compare(encodings, naming: pack, pool: pool, progress: progress)
    var isCorrect: [Bool?] = []
    var selected = (own: 0, none: 0)
    var margins = (own: [Double](), none: [Double]())
    var isAnsweredRight: [Bool] = []
    let labels =
      mixture.packs.first { $0.identity.digest == pack.digest }?
      .heads.first { $0.task == task }?.labels ?? []
    var confusion = ConfusionMatrix(labels: labels)
    var confidences: [(confidence: Double, isRight: Bool)] = []
    for (index, example) in examples.enumerated() {
      let isSelected = answers[index].automatic.route.contains { $0.pack.digest == pack.digest }
      let margin = answers[index].own.nearest?.margin ?? -.infinity
      switch example.expectation {
      case .label(let label):
        let first = Self.mostProbable(answers[index].own.predictions.filter { $0.task == task })
        let isRight = first?.label.utf8.elementsEqual(label.utf8) ?? false
        isCorrect.append(isRight)
        let given = answers[index].automatic.predictions.first
        isAnsweredRight.append(
          given?.pack.digest == pack.digest && given?.label.utf8.elementsEqual(label.utf8) == true)
        if let first, let expected = labels.firstIndex(of: label),
          let predicted = labels.firstIndex(of: first.label)
        {
          confusion.add(expected: expected, predicted: predicted)
          confidences.append((min(1, Double(first.probability)), isRight))
        }
        selected.own += isSelected ? 1 : 0
        margins.own.append(margin)
      case .none, .choice, .completion, .prediction:
        isCorrect.append(nil)
        isAnsweredRight.append(!isSelected)
        selected.none += isSelected ? 1 : 0
        margins.none.append(margin)
      }
    }
    return EvalResult(
      name: name, task: task, labelled: margins.own.count, correct: isCorrect.count { $0 == true },
      ownSelected: selected.own, none: margins.none.count, noneSelected: selected.none,
      auroc: areaUnderROC(positive: margins.own, negative: margins.none), isCorrect: isCorrect,
      isAnsweredRight: isAnsweredRight, confusion: confusion, reliability: Reliability(confidences))
  }

  /// The most probable label, the first of equals.
  ///
  /// Predictions come in the order of probability × weight, and a text far under the pack's threshold has a
  /// weight of 0.
  private static func mostProbable(_ predictions: [Answer.Prediction]) -> Answer.Prediction? {
    predictions.max { $0.probability < $1.probability }
  }
}

/// The probability that a positive score exceeds a negative one, ties counting a half; `nil` without both.
///
/// - Complexity: O(n log n).
public func areaUnderROC(positive: [Double], negative: [Double]) -> Double? {
  guard !positive.isEmpty, !negative.isEmpty else { return nil }
  let sorted = negative.sorted()
  func count(below score: Double, orEqual: Bool) -> Int {
    var low = 0
    var high = sorted.count
    while low < high {
      let middle = (low + high) / 2
      if sorted[middle] < score || (orEqual && sorted[middle] == score) {
        low = middle + 1
      } else {
        high = middle
      }
    }
    return low
  }
  var wins = 0.0
  for score in positive {
    let below = count(below: score, orEqual: false)
    wins += Double(below) + Double(count(below: score, orEqual: true) - below) / 2
  }
  return wins / (Double(positive.count) * Double(negative.count))
}
