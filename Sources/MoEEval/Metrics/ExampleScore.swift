/// What one example of an eval set came to.
public enum ExampleScore: Sendable, Equatable {
  /// An example with a label: the pack's margin, both labels as indices, and the probability of the given one.
  case labelled(margin: Double, expected: Int, predicted: Int, confidence: Double)
  /// An example of which any number of labels may be right: the pack's margin, and what it gave.
  case tagged(margin: Double, TagScore)
  /// An example of a language model's task: the pack's margin, what the task counts of it (nats, not nats per byte),
  /// and the text's UTF-8 bytes.
  case spoken(margin: Double, values: [Metric: Double], byteCount: Int)
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
    let counted = metric == .auroc ? scores : scores.filter(\.hasAnswer)
    return BootstrapInterval(count: counted.count, seed: 1) { indices in
      value(metric, of: indices.map { counted[$0] })
    }
  }

  /// A metric of some of the examples.
  private func value(_ metric: Metric, of scores: [ExampleScore]) -> Double? {
    var confusion = ConfusionMatrix(labels: confusion.labels)
    var tags = TagCounts(labels: tags.labels)
    var confidences: [(confidence: Double, isRight: Bool)] = []
    var margins = (own: [Double](), none: [Double]())
    var sum = 0.0
    var byteCount = 0
    for score in scores {
      switch score {
      case .labelled(let margin, let expected, let predicted, let confidence):
        confusion.add(expected: expected, predicted: predicted)
        confidences.append((confidence, expected == predicted))
        margins.own.append(margin)
      case .tagged(let margin, let score):
        tags.add(expected: score.expected, given: score.given)
        if metric == .calibrationError { confidences += score.confidences }
        margins.own.append(margin)
      case .spoken(let margin, let values, let bytes):
        margins.own.append(margin)
        sum += values[metric] ?? 0
        byteCount += bytes
      case .leftAlone(let margin): margins.none.append(margin)
      }
    }
    return switch metric {
    case .accuracy: confusion.accuracy
    case .normalizedAccuracy, .exactMatch, .tokenF1: sum / Double(max(1, margins.own.count))
    case .natsPerByte, .routedNatsPerByte: sum / Double(max(1, byteCount))
    case .microF1: tags.microF1
    case .macroF1: hasTags ? tags.macroF1 : confusion.macroF1
    case .balancedAccuracy: confusion.balancedAccuracy
    case .auroc: areaUnderROC(positive: margins.own, negative: margins.none)
    case .calibrationError: Reliability(confidences).expectedCalibrationError
    }
  }
}

extension EvalResult {
  /// Where the F1 of a label lies for 95 of 100 such sets, as ``interval(_:)``; `nil` where it is not defined, or where
  /// a text has one label.
  public func f1Interval(of label: Int) -> BootstrapInterval? {
    let decisions = scores.compactMap { score -> (Bool, Bool)? in
      guard case .tagged(_, let score) = score else { return nil }
      return (score.expected.contains(label), score.given.contains(label))
    }
    return BootstrapInterval(count: decisions.count, seed: 1) { indices in
      let drawn = indices.map { decisions[$0] }
      return share(
        2 * drawn.count { $0 && $1 }, of: drawn.count { $0.0 } + drawn.count { $0.1 })
    }
  }
}

extension ExampleScore {
  fileprivate var hasAnswer: Bool {
    if case .leftAlone = self { false } else { true }
  }
}
