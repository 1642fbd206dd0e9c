import MoEBase
import MoEEval
import MoEModel
import Testing

/// F1 of sets of labels, against figures computed by hand and by the definitions.
@Suite struct TagCountsTests {
  @Test func `the figures of four texts are those computed by hand`() {
    var counts = TagCounts(labels: ["a", "b", "c", "d"])
    counts.add(expected: [0, 1], given: [0])
    counts.add(expected: [0], given: [0, 1])
    counts.add(expected: [], given: [])
    counts.add(expected: [2], given: [])
    // a: 2 of 2 found, 2 given. b: 0 of 1, 1 given. c: 0 of 1, 0 given. d: never.
    #expect(counts.scores.map(\.support) == [2, 1, 1, 0])
    #expect(counts.scores.map(\.predicted) == [2, 1, 0, 0])
    #expect(counts.scores.map(\.truePositives) == [2, 0, 0, 0])
    #expect(counts.scores.map(\.f1) == [1, 0, 0, nil])
    #expect(counts.microF1 == 4.0 / 7)
    #expect(counts.macroF1 == 1.0 / 3)
    #expect(counts.accuracy == 0.25 && counts.exact == 1 && counts.count == 4)
  }

  @Test func `what nothing defines is nothing`() {
    var counts = TagCounts(labels: ["a"])
    #expect(counts.microF1 == nil && counts.macroF1 == nil && counts.accuracy == nil)
    counts.add(expected: [], given: [])
    #expect(counts.microF1 == nil && counts.macroF1 == nil && counts.accuracy == 1)
  }

  @Test func `with one label a text on both sides micro F1 is the accuracy`() {
    var generator = SeededGenerator(seed: 5)
    var counts = TagCounts(labels: ["a", "b", "c"])
    var matrix = ConfusionMatrix(labels: ["a", "b", "c"])
    for _ in 0..<200 {
      let pair = (generator.below(3), generator.below(3))
      counts.add(expected: [pair.0], given: [pair.1])
      matrix.add(expected: pair.0, predicted: pair.1)
    }
    #expect(counts.microF1 == matrix.accuracy && counts.accuracy == matrix.accuracy)
    #expect(counts.macroF1 == matrix.macroF1)
    #expect(counts.scores == matrix.scores)
  }

  private func identity(_ name: String) -> PackIdentity {
    PackIdentity(name: name, version: "1.0.0", digest: Digest(of: Array(name.utf8)))
  }

  private func told(_ pack: String, _ labels: [String], task: String = "t") -> [Answer.Prediction] {
    labels.map {
      Answer.Prediction(
        pack: identity(pack), task: task, label: $0, probability: 0.9, weight: 1, threshold: 0.5)
    }
  }

  @Test func `a set is right where it is exactly that, and the pack leads`() {
    let own = identity("own")
    func isMet(_ labels: [String], by lead: Answer.Lead?, task: String = "t") -> Bool {
      Expectation.labels(labels).isMet(by: lead, isSelected: true, task: task) { $0 == own }
    }
    let lead = Answer.Lead(pack: own, first: nil, tags: told("own", ["b", "a"]))
    #expect(isMet(["a", "b"], by: lead) && isMet(["a", "b"], by: lead, task: ""))
    #expect(!isMet(["a"], by: lead) && !isMet(["a", "b", "c"], by: lead) && !isMet([], by: lead))
    #expect(!isMet(["a", "b"], by: lead, task: "other"))
    #expect(isMet([], by: Answer.Lead(pack: own, first: nil)))
    #expect(!isMet([], by: nil), "nothing was asked")
    let rival = Answer.Lead(pack: identity("rival"), first: nil, tags: told("own", ["a", "b"]))
    #expect(!isMet(["a", "b"], by: rival))
    // é in one scalar and in two are two labels.
    let accent = Answer.Lead(pack: own, first: nil, tags: told("own", ["\u{E9}"]))
    #expect(isMet(["\u{E9}"], by: accent) && !isMet(["e\u{301}"], by: accent))
  }
}
