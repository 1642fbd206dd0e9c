import MoEBase
import MoEEval
import Testing

@Suite struct PairedComparisonTests {
  /// A comparison with so many flips of each kind and as many examples besides as told.
  private func comparison(fell: Int, rose: Int, unchanged: Int = 0) -> PairedComparison {
    let before = (0..<fell + rose + unchanged).map { $0 < fell || $0 >= fell + rose }
    return PairedComparison(
      before: before, after: before.enumerated().map { $0 < fell + rose ? !$1 : $1 })
  }

  @Test func `flips are told by their indices, in order`() {
    let comparison = PairedComparison(
      before: [true, true, false, false, true, false, true, true],
      after: [true, false, true, false, false, true, false, true])
    #expect(comparison.count == 8)
    #expect(comparison.negativeFlips == [1, 4, 6] && comparison.positiveFlips == [2, 5])
    #expect(comparison.negativeFlipShare == 3.0 / 8)
    // Five coins: at least three heads is a half, and both sides together everything.
    #expect(comparison.pValueOfFall == 0.5 && comparison.pValue == 1)
  }

  @Test func `the test is that of direct binomial sums, exactly, up to 50 flips`() {
    for flips in 0...50 {
      var row = [1.0]  // Pascal's triangle; every entry is a whole number under 2⁵³.
      for _ in 0..<flips { row = zip([0] + row, row + [0]).map { $0 + $1 } }
      let all = row.reduce(0, +)
      for fell in 0...flips {
        let comparison = comparison(fell: fell, rose: flips - fell)
        let tail = row[fell...].reduce(0, +) / all
        let otherTail = row[(flips - fell)...].reduce(0, +) / all
        #expect(comparison.pValueOfFall == tail, "\(fell) of \(flips)")
        #expect(comparison.pValue == min(1, 2 * min(tail, otherTail)), "\(fell) of \(flips)")
      }
    }
  }

  @Test func `the test counts the outcomes of fair coins`() {
    for flips in 0...12 {
      for fell in 0...flips {
        let atLeast = (0..<1 << flips).count { $0.nonzeroBitCount >= fell }
        #expect(
          comparison(fell: fell, rose: flips - fell).pValueOfFall
            == Double(atLeast) / Double(1 << flips), "\(fell) of \(flips)")
      }
    }
  }

  @Test func `known tests have their published values`() {
    // Agresti (1990), p. 350, 150 against 86 of 1600: R's `mcnemar.exact` of exact2x2 prints 3.716e-05.
    let approval = comparison(fell: 150, rose: 86, unchanged: 1364)
    #expect(abs(approval.pValue - 3.716e-05) < 0.0005e-05)
    #expect(approval.negativeFlipShare == 0.09375)
    // Arbuthnot (1710), 82 years of 82: one in 4835703278458516698824704.
    #expect(comparison(fell: 82, rose: 0).pValueOfFall == 1 / 4_835_703_278_458_516_698_824_704.0)
  }

  /// From Python's whole numbers: `float(Fraction(sum(comb(n, i) for i in range(fell, n + 1)), 2**n))`.
  @Test(arguments: [
    (150, 236, 1.857968069785721e-05), (540, 1000, 0.00622207313858589),
    (1000, 1000, 9.332636185032189e-302), (1074, 1074, .leastNonzeroMagnitude), (1075, 1075, 0),
    (1100, 2000, 4.228544767751963e-06), (50_500, 100_000, 0.0007911799394257978),
    (50_000, 100_000, 0.5012615631070984), (49_499, 100_000, 0.9992424833424982),
    (55_000, 100_000, 4.300170822857348e-220), (65_000, 100_000, 0), (0, 100_000, 1),
  ])
  func `the test keeps its digits with many flips`(fell: Int, flips: Int, expected: Double) {
    let value = comparison(fell: fell, rose: flips - fell).pValueOfFall
    // Each of up to 50,000 steps rounds twice, by 2⁻⁵³ at most: 1.2e-11 in the worst case.
    #expect(abs(value - expected) <= 1.2e-11 * expected)
  }

  @Test func `more falls lower the value, and the two directions mirror each other`() {
    for flips in [7, 100, 1001, 3000] {
      var last = 1.0.nextUp
      for fell in stride(from: 0, through: flips, by: max(1, flips / 25)) {
        let one = comparison(fell: fell, rose: flips - fell)
        let mirrored = comparison(fell: flips - fell, rose: fell)
        #expect(one.pValueOfFall <= last && (0...1).contains(one.pValueOfFall))
        #expect(one.pValue == mirrored.pValue && (0...1).contains(one.pValue))
        last = one.pValueOfFall
      }
    }
  }

  @Test func `nothing that fell is no sign of a fall, and no flips are no sign of anything`() {
    let rose = comparison(fell: 0, rose: 9, unchanged: 3)
    #expect(rose.pValueOfFall == 1 && rose.pValue == 2.0 / 512)
    #expect(rose.negativeFlipShare == 0)
    let same = comparison(fell: 0, rose: 0, unchanged: 5)
    #expect(same.pValueOfFall == 1 && same.pValue == 1 && same.negativeFlipShare == 0)
    let empty = PairedComparison(before: [], after: [])
    #expect(empty.pValueOfFall == 1 && empty.pValue == 1 && empty.negativeFlipShare == nil)
  }

  @Test func `as many up as down is no change, and one fall proves nothing`() {
    for flips in [1, 2, 10, 500, 50_000] {
      #expect(comparison(fell: flips, rose: flips).pValue == 1)
    }
    #expect(comparison(fell: 1, rose: 0).pValueOfFall == 0.5)
    #expect(comparison(fell: 1, rose: 0).pValue == 1)
    #expect(comparison(fell: 3, rose: 0, unchanged: 3).negativeFlipShare == 0.5)
  }

  @Test func `lists of different lengths are a mistake of the caller`() async {
    await #expect(processExitsWith: .failure) {
      _ = PairedComparison(before: [true], after: [true, false])
    }
  }
}
