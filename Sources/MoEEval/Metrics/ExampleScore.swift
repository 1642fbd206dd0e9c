/// What one example of an eval set came to.
public enum ExampleScore: Sendable, Equatable {
  /// An example with a label: the pack's margin, both labels as indices, and the probability of the given one.
  case labelled(margin: Double, expected: Int, predicted: Int, confidence: Double)
  /// An example to leave alone: the pack's margin.
  case leftAlone(margin: Double)
}

extension EvalResult {
  /// Where a metric lies for 95 of 100 such sets: a bootstrap of 1,000 resamples of the examples it counts;
  /// `nil` where it is not defined.
  ///
  /// - Complexity: O(examples · log examples + labels²) a resample.
  public func interval(_ metric: Metric) -> BootstrapInterval? {
    if metric == .accuracy { return accuracyInterval }
    guard value(metric) != nil else { return nil }
    let counted = metric == .auroc ? scores : scores.filter(\.isLabelled)
    return BootstrapInterval(count: counted.count, seed: 1) { indices in
      value(metric, of: indices.map { counted[$0] })
    }
  }

  /// A metric of some of the examples.
  private func value(_ metric: Metric, of scores: [ExampleScore]) -> Double? {
    var confusion = ConfusionMatrix(labels: confusion.labels)
    var confidences: [(confidence: Double, isRight: Bool)] = []
    var margins = (own: [Double](), none: [Double]())
    for score in scores {
      switch score {
      case .labelled(let margin, let expected, let predicted, let confidence):
        confusion.add(expected: expected, predicted: predicted)
        confidences.append((confidence, expected == predicted))
        margins.own.append(margin)
      case .leftAlone(let margin): margins.none.append(margin)
      }
    }
    return switch metric {
    case .accuracy: confusion.accuracy
    case .macroF1: confusion.macroF1
    case .balancedAccuracy: confusion.balancedAccuracy
    case .auroc: areaUnderROC(positive: margins.own, negative: margins.none)
    case .calibrationError: Reliability(confidences).expectedCalibrationError
    }
  }
}

extension ExampleScore {
  fileprivate var isLabelled: Bool {
    if case .labelled = self { true } else { false }
  }
}
