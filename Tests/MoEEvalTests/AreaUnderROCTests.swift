import MoEBase
import MoEEval
import Testing

@Suite struct AreaUnderROCTests {
  /// Every pair, one by one.
  private func naive(_ positive: [Double], _ negative: [Double]) -> Double {
    var wins = 0.0
    for a in positive { for b in negative { wins += a > b ? 1 : a == b ? 0.5 : 0 } }
    return wins / Double(positive.count * negative.count)
  }

  @Test func `it is the share of pairs in the right order, ties counting a half`() {
    var generator = SeededGenerator(seed: 61)
    for round in 0..<300 {
      // A few whole numbers make many ties, and sets of one are among them.
      let range = 1 + generator.below(6)
      let positive = (0..<1 + generator.below(20)).map { _ in Double(generator.below(range)) }
      let negative = (0..<1 + generator.below(20)).map { _ in
        Double(generator.below(range)) - 0.5 * Double(round % 2)
      }
      #expect(
        areaUnderROC(positive: positive, negative: negative) == naive(positive, negative),
        "round \(round)")
    }
  }

  @Test func `its ends are 1, 0 and a half`() {
    #expect(areaUnderROC(positive: [2, 3], negative: [0, 1]) == 1)
    #expect(areaUnderROC(positive: [0, 1], negative: [2, 3]) == 0)
    #expect(areaUnderROC(positive: [1, 1, 1], negative: [1, 1]) == 0.5)
    #expect(areaUnderROC(positive: [0, 1], negative: [0, 1]) == 0.5)
    #expect(areaUnderROC(positive: [.infinity], negative: [-.infinity]) == 1)
    #expect(areaUnderROC(positive: [-.infinity], negative: [-.infinity]) == 0.5)
  }

  @Test func `without both sides there is none`() {
    #expect(areaUnderROC(positive: [], negative: [1]) == nil)
    #expect(areaUnderROC(positive: [1], negative: []) == nil)
    #expect(areaUnderROC(positive: [], negative: []) == nil)
  }
}
