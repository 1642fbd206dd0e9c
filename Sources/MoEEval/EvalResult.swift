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
  /// Of these, those whose label the pack itself gives first, or whose labels are exactly those that it gives.
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
  /// The expected labels against those the pack gives first; without labels where a text may have several.
  public let confusion: ConfusionMatrix
  /// How far the pack's own probabilities can be believed.
  public let reliability: Reliability
  /// What each example came to, in the order of the set: what metrics are resampled from.
  public let scores: [ExampleScore]
  /// What the kind of task has beyond these.
  public var measures: [Metric: Double] = [:]
  /// How often each label was given, and how often rightly, where a text may have several; else without labels.
  public var tags = TagCounts(labels: [])

  /// The labels of the task.
  public var labels: [String] { hasTags ? tags.labels : confusion.labels }
  /// Whether a text may have several labels.
  public var hasTags: Bool { !tags.labels.isEmpty }
  /// Each label's score, in their order.
  public var labelScores: [LabelScore] { hasTags ? tags.scores : confusion.scores }
  /// The share of labelled examples whose label is right, of tags exactly the right set, 0 … 1; higher is better.
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
    case .microF1: tags.microF1
    case .macroF1: hasTags ? tags.macroF1 : confusion.macroF1
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
    guard kind.hasLabels else {
      return try LanguageEvaluation(
        set: self, mixture: mixture, pack: pack, pool: pool, progress: progress
      ).run()
    }
    let encodings = examples.map { mixture.backbone.tokenizer.encode($0.text) }
    let answers = try mixture.compare(encodings, naming: pack, pool: pool, progress: progress)
    let head = mixture.packs.first { $0.identity.digest == pack.digest }?
      .heads.first { $0.task == task }
    let spelled = (head?.labels ?? []).map { Array($0.utf8) }
    let observations = answers.map { own, automatic in
      EvalObservation(own: own, automatic: automatic, pack: pack, task: task, labels: spelled)
    }
    return result(of: observations, pack: pack, head: head)
  }

  /// Sums up what was observed on the examples.
  ///
  /// - Parameters:
  ///   - observations: One an example, in their order.
  ///   - pack: The pack whose set this is.
  ///   - head: The pack's head of the task; `nil` where it has none.
  /// - Returns: Counts, and right or wrong by example.
  public func result(
    of observations: [EvalObservation], pack: PackIdentity, head: LabelHead?
  ) -> EvalResult {
    precondition(observations.count == examples.count, "one observation an example")
    let labels = head?.labels ?? []
    var isCorrect: [Bool?] = []
    var selected = (own: 0, none: 0)
    var margins = (own: [Double](), none: [Double]())
    let thresholds = head?.thresholds
    var confusion = ConfusionMatrix(labels: thresholds == nil ? labels : [])
    var tags = TagCounts(labels: thresholds == nil ? [] : labels)
    var confidences: [(confidence: Double, isRight: Bool)] = []
    var scores: [ExampleScore] = []
    for (example, observation) in zip(examples, observations) {
      switch example.expectation {
      case .label(let label):
        let predicted = observation.mostProbable
        let isRight = predicted.map { labels[$0].utf8.elementsEqual(label.utf8) } ?? false
        isCorrect.append(isRight)
        if let predicted, let expected = labels.firstIndex(of: label) {
          confusion.add(expected: expected, predicted: predicted)
          let confidence = min(1, Double(observation.probabilities[predicted]))
          confidences.append((confidence, isRight))
          scores.append(
            .labelled(
              margin: observation.margin, expected: expected, predicted: predicted,
              confidence: confidence))
        }
        selected.own += observation.isSelected ? 1 : 0
        margins.own.append(observation.margin)
      case .labels(let wanted):
        let score = TagScore(wanted, observation, labels: labels, thresholds: thresholds ?? [])
        isCorrect.append(score.isRight)
        tags.add(expected: score.expected, given: score.given)
        confidences += score.confidences
        scores.append(.tagged(margin: observation.margin, score))
        selected.own += observation.isSelected ? 1 : 0
        margins.own.append(observation.margin)
      case .none, .choice, .completion, .prediction:
        isCorrect.append(nil)
        selected.none += observation.isSelected ? 1 : 0
        margins.none.append(observation.margin)
        scores.append(.leftAlone(margin: observation.margin))
      }
    }
    var result = EvalResult(
      name: name, task: task, labelled: margins.own.count, correct: isCorrect.count { $0 == true },
      ownSelected: selected.own, none: margins.none.count, noneSelected: selected.none,
      auroc: areaUnderROC(positive: margins.own, negative: margins.none), isCorrect: isCorrect,
      isAnsweredRight: zip(examples, observations).map {
        $0.expectation.isMet(by: $1.lead, isSelected: $1.isSelected, task: task) {
          $0.digest == pack.digest
        }
      },
      confusion: confusion, reliability: Reliability(confidences), scores: scores)
    result.tags = tags
    return result
  }
}

extension EvalObservation {
  /// The index of the most probable label, the first of equals.
  fileprivate var mostProbable: Int? {
    probabilities.indices.max { probabilities[$0] < probabilities[$1] }
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
