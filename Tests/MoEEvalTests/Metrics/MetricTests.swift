import MoEEval
import Testing

@Suite struct MetricTests {
  @Test func `the raw values are the words in JSON`() {
    #expect(
      Metric.allCases.map(\.rawValue) == [
        "accuracy", "microF1", "macroF1", "balancedAccuracy", "normalizedAccuracy", "exactMatch",
        "tokenF1",
        "natsPerByte", "routedNatsPerByte", "auroc", "calibrationError",
      ])
    #expect(Metric(rawValue: "macroF1") == .macroF1 && Metric(rawValue: "macro-f1") == nil)
  }

  @Test func `titles are one line each and differ`() {
    let titles = Metric.allCases.map(\.title)
    #expect(Set(titles).count == Metric.allCases.count)
    #expect(titles.allSatisfy { !$0.isEmpty && !$0.contains("\n") })
  }

  /// What the metric gives for three sure answers, all right or all wrong.
  private func value(_ metric: Metric, allRight: Bool) -> Double? {
    var matrix = ConfusionMatrix(labels: ["a", "b"])
    for label in [0, 1, 1] { matrix.add(expected: label, predicted: allRight ? label : 1 - label) }
    switch metric {
    case .accuracy: return matrix.accuracy
    case .normalizedAccuracy, .exactMatch, .tokenF1: return allRight ? 1 : 0
    case .natsPerByte, .routedNatsPerByte: return allRight ? 0 : 1
    case .microF1:
      var tags = TagCounts(labels: ["a", "b"])
      for label in [0, 1, 1] { tags.add(expected: [label], given: [allRight ? label : 1 - label]) }
      return tags.microF1
    case .macroF1: return matrix.macroF1
    case .balancedAccuracy: return matrix.balancedAccuracy
    case .auroc: return areaUnderROC(positive: [allRight ? 1 : -1], negative: [0])
    case .calibrationError:
      return Reliability([(1, allRight), (1, allRight), (1, allRight)]).expectedCalibrationError
    }
  }

  @Test(arguments: Metric.allCases)
  func `the best and the worst answers give the ends, in the direction it says`(metric: Metric) {
    #expect(value(metric, allRight: true) == (metric.isHigherBetter ? 1 : 0))
    #expect(value(metric, allRight: false) == (metric.isHigherBetter ? 0 : 1))
  }
}
