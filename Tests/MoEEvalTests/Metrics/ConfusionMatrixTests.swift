import MoEBase
import MoEEval
import Testing

@Suite struct ConfusionMatrixTests {
  private func matrix(_ labels: Int, _ expected: [Int], _ predicted: [Int]) -> ConfusionMatrix {
    var matrix = ConfusionMatrix(labels: (0..<labels).map { "label-\($0)" })
    for (expected, predicted) in zip(expected, predicted) {
      matrix.add(expected: expected, predicted: predicted)
    }
    return matrix
  }

  @Test func `rows are what was expected, columns what was predicted`() {
    // The example of scikit-learn's `confusion_matrix`.
    let matrix = matrix(3, [2, 0, 2, 2, 0, 1], [0, 0, 2, 2, 0, 2])
    #expect(matrix.counts == [[2, 0, 0], [0, 0, 1], [1, 0, 2]])
    #expect(matrix.total == 6 && matrix.correct == 4 && matrix.accuracy == 4.0 / 6)
  }

  @Test func `it gives the values of scikit-learn's own examples`() throws {
    // `precision_recall_fscore_support`: macro precision 0.22…, recall 0.33…, F1 0.26….
    let three = matrix(3, [0, 1, 2, 0, 1, 2], [0, 2, 1, 0, 0, 1])
    #expect(abs(try #require(three.macroF1) - 4.0 / 15) < 1e-15)
    #expect(three.scores.map(\.precision) == [2.0 / 3, 0, 0])
    #expect(three.scores.map(\.recall) == [1, 0, 0])
    #expect(three.scores.map(\.f1) == [0.8, 0, 0])
    #expect(three.scores.map(\.support) == [2, 2, 2])
    #expect(three.scores.map(\.predicted) == [3, 2, 1])
    // `balanced_accuracy_score`: 0.625.
    #expect(matrix(2, [0, 1, 0, 0, 1, 0], [0, 1, 0, 0, 0, 1]).balancedAccuracy == 0.625)
  }

  /// One label's figures from the pairs themselves, F1 from precision and recall.
  private func naive(
    _ label: Int, _ pairs: [(expected: Int, predicted: Int)]
  ) -> (precision: Double?, recall: Double?, f1: Double?) {
    var (right, missed, wrong) = (0.0, 0.0, 0.0)
    for pair in pairs {
      if pair.expected == label && pair.predicted == label { right += 1 }
      if pair.expected == label && pair.predicted != label { missed += 1 }
      if pair.expected != label && pair.predicted == label { wrong += 1 }
    }
    let precision = right + wrong == 0 ? nil : right / (right + wrong)
    let recall = right + missed == 0 ? nil : right / (right + missed)
    if precision == nil && recall == nil { return (nil, nil, nil) }
    guard right > 0, let precision, let recall else { return (precision, recall, 0) }
    return (precision, recall, 2 * precision * recall / (precision + recall))
  }

  @Test func `every figure is that of a loop over the pairs`() throws {
    var generator = SeededGenerator(seed: 81)
    for round in 0..<300 {
      // Few examples on many labels leave some labels out of one side, or of both.
      let labels = 1 + generator.below(8)
      let pairs = (0..<1 + generator.below(30)).map { _ in
        (expected: generator.below(labels), predicted: generator.below(labels))
      }
      let matrix = matrix(labels, pairs.map(\.expected), pairs.map(\.predicted))
      let twins = (0..<labels).map { naive($0, pairs) }
      for (score, twin) in zip(matrix.scores, twins) {
        #expect(score.precision == twin.precision && score.recall == twin.recall, "round \(round)")
        #expect((score.f1 == nil) == (twin.f1 == nil), "round \(round)")
        // Another order of the same few operations: some units in the last place.
        #expect(abs((score.f1 ?? 0) - (twin.f1 ?? 0)) < 1e-14, "round \(round)")
      }
      let (f1s, recalls) = (twins.compactMap(\.f1), twins.compactMap(\.recall))
      let macroF1 = f1s.reduce(0, +) / Double(f1s.count)
      #expect(abs(try #require(matrix.macroF1) - macroF1) < 1e-14, "round \(round)")
      #expect(matrix.balancedAccuracy == recalls.reduce(0, +) / Double(recalls.count))
      let right = pairs.count { $0.expected == $0.predicted }
      #expect(matrix.accuracy == Double(right) / Double(pairs.count), "round \(round)")
    }
  }

  @Test func `a label that only occurs, or is only predicted, has F1 0, and an idle one none`() {
    // Label 0 is right once, 1 occurs only, 2 is predicted only, 3 does neither.
    let matrix = matrix(4, [0, 1], [0, 2])
    #expect(matrix.scores.map(\.f1) == [1, 0, 0, nil])
    #expect(matrix.scores.map(\.precision) == [1, nil, 0, nil])
    #expect(matrix.scores.map(\.recall) == [1, 0, nil, nil])
    #expect(matrix.macroF1 == 1.0 / 3)
    #expect(matrix.balancedAccuracy == 0.5)
    #expect(matrix.accuracy == 0.5)
  }

  @Test func `all right is 1, all wrong is 0, and always the same label is one over the labels`() {
    let right = matrix(3, [0, 1, 2, 2], [0, 1, 2, 2])
    #expect([right.accuracy, right.macroF1, right.balancedAccuracy] == [1, 1, 1])
    let wrong = matrix(3, [0, 1, 2, 2], [1, 2, 0, 1])
    #expect([wrong.accuracy, wrong.macroF1, wrong.balancedAccuracy] == [0, 0, 0])
    let lazy = matrix(2, [0, 0, 0, 0, 0, 0, 0, 0, 0, 1], Array(repeating: 0, count: 10))
    #expect(lazy.accuracy == 0.9 && lazy.balancedAccuracy == 0.5)
    #expect(lazy.macroF1 == (18.0 / 19) / 2)
    let single = matrix(1, [0, 0], [0, 0])
    #expect([single.accuracy, single.macroF1, single.balancedAccuracy] == [1, 1, 1])
  }

  @Test(arguments: [0, 1, 3])
  func `without examples there are no figures`(labels: Int) {
    let empty = matrix(labels, [], [])
    #expect(empty.total == 0 && empty.correct == 0)
    #expect([empty.accuracy, empty.macroF1, empty.balancedAccuracy] == [nil, nil, nil])
    #expect(empty.scores.count == labels && empty.scores.allSatisfy { $0.f1 == nil })
  }

  @Test func `an index without a label is a mistake of the caller`() async {
    await #expect(processExitsWith: .failure) {
      var matrix = ConfusionMatrix(labels: ["a", "b"])
      matrix.add(expected: 0, predicted: 2)
    }
    await #expect(processExitsWith: .failure) {
      var matrix = ConfusionMatrix(labels: ["a", "b"])
      matrix.add(expected: -1, predicted: 0)
    }
  }
}
