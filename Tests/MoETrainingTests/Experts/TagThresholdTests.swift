import Foundation
import MoEBase
import MoETraining
import Testing

/// Thresholds against every one that could be, and losses and scores against sums written out.
@Suite struct TagThresholdTests {
  private func sigmoid(_ x: Double) -> Double { 1 / (1 + exp(-x)) }

  /// F1 of giving a label to every text over a threshold.
  private func f1(_ probabilities: [Float], _ applies: [Bool], over threshold: Float) -> Double {
    let given = probabilities.map { $0 > threshold }
    let right = zip(given, applies).count { $0 && $1 }
    let all = given.count { $0 } + applies.count { $0 }
    return all == 0 ? 0 : 2 * Double(right) / Double(all)
  }

  @Test(arguments: 1...20)
  func `no other threshold has a greater F1 on the same texts`(_ seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    let (count, labelCount) = (1 + generator.below(40), 3)
    // Whole and half logits: many texts have the same.
    let logits = (0..<count * labelCount).map { _ in Float(generator.below(13)) / 2 - 3 }
    let labels = (0..<count).map { _ in (0..<labelCount).filter { _ in generator.below(3) == 0 } }
    let chosen = TagThresholds(logits: logits, labels: labels, labelCount: labelCount)
    var (right, decisions) = (0, 0)
    for label in 0..<labelCount {
      let probabilities = (0..<count).map {
        Float(sigmoid(Double(logits[$0 * labelCount + label])))
      }
      let applies = labels.map { $0.contains(label) }
      let own = f1(probabilities, applies, over: chosen.values[label])
      let best = ([0] + probabilities).map { f1(probabilities, applies, over: $0) }.max() ?? 0
      #expect(abs(own - best) < 1e-12, "label \(label)")
      #expect((0...1).contains(chosen.values[label]))
      if !applies.contains(true) { #expect(chosen.values[label] == 0.5) }
      right += zip(probabilities, applies).count { $0 > chosen.values[label] && $1 }
      decisions += probabilities.count { $0 > chosen.values[label] } + applies.count { $0 }
    }
    #expect(chosen.microF1 == (decisions == 0 ? 0 : 2 * Double(right) / Double(decisions)))
  }

  @Test func `the threshold lies in the middle of the gap`() {
    // 0.9 and 0.7 apply, 0.3 and 0.1 do not.
    let logits = [0.9, 0.7, 0.3, 0.1].map { Float(log($0 / (1 - $0))) }
    let chosen = TagThresholds(logits: logits, labels: [[0], [0], [], []], labelCount: 1)
    #expect(abs(chosen.values[0] - 0.5) < 1e-6 && chosen.microF1 == 1)
    // All apply: under the least.
    let all = TagThresholds(logits: logits, labels: [[0], [0], [0], [0]], labelCount: 1)
    #expect(abs(all.values[0] - 0.05) < 1e-6 && all.microF1 == 1)
    // Neighbouring numbers have no middle.
    let near = TagThresholds(
      logits: [0, -1.2e-7], labels: [[0], []], labelCount: 1)
    #expect(near.values[0] < 0.5 && near.values[0] > 0.499 && near.microF1 == 1)
  }

  @Test func `nothing right and nothing given is no success`() {
    let chosen = TagThresholds(logits: [-5, -6], labels: [[], []], labelCount: 1)
    #expect(chosen.values == [0.5] && chosen.microF1 == 0)
  }

  @Test func `the loss of tags is binary cross-entropy, its gradient the difference quotient`() {
    let logits: [Float] = [0.5, -2, 3, -1, 40, -40]
    let targets = HeadTargets.each([[0, 2], [1]])
    func loss(_ logits: [Float], smoothing: Float = 0) -> Double {
      targets.loss(logits, labelCount: 3, smoothing: smoothing).loss
    }
    let right: [Double] = [1, 0, 1, 0, 1, 0]
    let expected = zip(logits, right).reduce(0.0) { sum, pair in
      let p = sigmoid(Double(pair.0))
      return sum - (pair.1 == 1 ? log(p) : log(1 - p))
    }
    #expect(abs(loss(logits) - expected) < 1e-9)
    for smoothing in [Float(0), 0.3] {
      let gradient = targets.loss(logits, labelCount: 3, smoothing: smoothing, scale: 2).dLogits
      for index in logits.indices {
        var (above, below) = (logits, logits)
        above[index] += 0.01
        below[index] -= 0.01
        let quotient =
          (loss(above, smoothing: smoothing) - loss(below, smoothing: smoothing))
          / Double(above[index] - below[index])
        #expect(abs(Double(gradient[index]) / 2 - quotient) < 1e-4, "\(index)")
      }
    }
  }

  @Test func `targets of some texts are those of the texts`() {
    #expect(HeadTargets.one([4, 5, 6]).subset([2, 0]) == .one([6, 4]))
    #expect(HeadTargets.each([[1], [], [0, 2]]).subset([2, 1]) == .each([[0, 2], []]))
    #expect(HeadTargets.each([[1], []]).count == 2)
  }
}
