import MoEBase
import MoEEval
import MoEModel
import MoERuntime
import MoETensor
import MoETestSupport
import Testing

@Suite struct MetricIntervalTests {
  private func result() throws -> EvalResult {
    let backbone = try TinyBackbone.make()
    let pack = try TinyPack("example/ships", topics: [0, 1], backbone: backbone)
      .mounted(digest: Digest(of: [1]))
    var generator = SeededGenerator(seed: 3)
    // Every fourth text carries the wrong label, so that there is something to be uncertain about.
    let own = (0..<40).map { index in
      EvalExample(
        text: TinyTexts.text(topic: index % 2, using: &generator),
        expectation: .label("topic-\(index % 4 == 3 ? 0 : index % 2)"))
    }
    let others = (0..<20).map { _ in
      EvalExample(text: TinyTexts.text(topic: nil, using: &generator), expectation: .none)
    }
    return try EvalSet(name: "issue", task: "issue", examples: own + others).run(
      on: MixtureModel(backbone: backbone, packs: [pack.model]), pack: pack.identity,
      pool: ThreadPool(threads: 2))
  }

  @Test func `every metric has an interval around its value, and the same one each time`() throws {
    let result = try result()
    #expect(result.scores.count == 60)
    for metric in Self.ofLabels {
      let value = try #require(result.value(metric))
      let interval = try #require(result.interval(metric), "\(metric)")
      #expect(
        interval.low <= value && value <= interval.high || metric == .calibrationError, "\(metric)")
      #expect(interval == result.interval(metric), "\(metric)")
      #expect(interval.low >= 0 && interval.high <= 1, "\(metric)")
    }
    let accuracy = try #require(result.interval(.accuracy))
    #expect(accuracy.low < accuracy.high, "a quarter is wrong")
  }

  /// What a `classify` task has.
  private static let ofLabels: [Metric] = [
    .accuracy, .macroF1, .balancedAccuracy, .auroc, .calibrationError,
  ]

  @Test func `macro F1 is resampled as the general bootstrap does it`() throws {
    let result = try result()
    let labelled = result.scores.compactMap { score -> (Int, Int)? in
      guard case .labelled(_, let expected, let predicted, _) = score else { return nil }
      return (expected, predicted)
    }
    #expect(labelled.count == 40)
    let expected = BootstrapInterval(count: 40, seed: 1) { indices in
      var matrix = ConfusionMatrix(labels: result.confusion.labels)
      for index in indices { matrix.add(expected: labelled[index].0, predicted: labelled[index].1) }
      return matrix.macroF1
    }
    #expect(result.interval(.macroF1) == expected)
  }

  @Test func `every metric says its direction and how it is summed up`() {
    #expect(
      Metric.allCases.filter { !$0.isHigherBetter } == [
        .natsPerByte, .routedNatsPerByte, .calibrationError,
      ])
    #expect(Self.ofLabels.map(\.aggregation) == [.mean, .labelMean, .labelMean, .pairs, .bins])
    #expect(
      [Metric.normalizedAccuracy, .exactMatch, .tokenF1].allSatisfy { $0.aggregation == .mean })
    #expect(Metric.microF1.aggregation == .decisions)
    #expect([Metric.natsPerByte, .routedNatsPerByte].allSatisfy { $0.aggregation == .bytes })
  }
}
