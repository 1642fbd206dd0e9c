import MoEBase
import MoEEval
import Testing

@Suite struct BootstrapIntervalTests {
  private func share(of flags: [Bool], at indices: [Int]) -> Double {
    Double(indices.count { flags[$0] }) / Double(indices.count)
  }

  private func flags(_ count: Int, probability: Double, seed: UInt64) -> [Bool] {
    var generator = SeededGenerator(seed: seed)
    return (0..<count).map { _ in generator.uniform() < probability }
  }

  @Test func `the fast path for flags has the bits of the general one`() {
    for round in 0..<40 {
      let seed = UInt64(round)
      let flags = flags(1 + 7 * round, probability: 0.7, seed: seed)
      let resamples = 1 + 13 * round
      let level = 0.5 + Double(round) / 100
      let general = BootstrapInterval(
        count: flags.count, seed: seed, resamples: resamples, level: level
      ) { share(of: flags, at: $0) }
      let fast = BootstrapInterval(
        proportionOf: flags, seed: seed, resamples: resamples, level: level)
      #expect(fast != nil && fast == general, "round \(round)")
    }
  }

  @Test func `the draws are those of the generator, place by place, resample by resample`() throws {
    var drawn: [[Int]] = []
    _ = BootstrapInterval(count: 30, seed: 84, resamples: 20) {
      drawn.append($0)
      return 0
    }
    var generator = SeededGenerator(seed: 84)
    #expect(drawn == (0..<20).map { _ in (0..<30).map { _ in generator.below(30) } })
  }

  /// The ends over the values 1, 2, 3 … in a shuffled order, so that an end is its own rank.
  private func ranks(resamples: Int, level: Double) throws -> [Double] {
    var values = (1...resamples).map(Double.init)
    var generator = SeededGenerator(seed: 85)
    generator.shuffle(&values)
    let interval = try #require(
      BootstrapInterval(count: 3, seed: 0, resamples: resamples, level: level) { _ in
        values.removeLast()
      })
    #expect(interval.resampleCount == resamples && interval.level == level && values.isEmpty)
    return [interval.low, interval.high]
  }

  @Test func `the ends are the k-th values from below and above`() throws {
    #expect(try ranks(resamples: 1000, level: 0.95) == [25, 976])
    #expect(try ranks(resamples: 999, level: 0.95) == [25, 975])
    #expect(try ranks(resamples: 200, level: 0.9) == [10, 191])
    #expect(try ranks(resamples: 100, level: 0.5) == [25, 76])
    // (1 − 0.9) / 2 · 1000 is a little under 50 in `Double`.
    #expect(try ranks(resamples: 999, level: 0.9) == [50, 950])
    #expect(try ranks(resamples: 99, level: 0.98) == [1, 99])
    #expect(try ranks(resamples: 20, level: 0.95) == [1, 20], "k is at least 1")
    #expect(try ranks(resamples: 1, level: 0.95) == [1, 1])
    #expect(try ranks(resamples: 9, level: 1e-12) == [5, 5], "a level near 0 leaves the median")
    #expect(try ranks(resamples: 10, level: 1e-12) == [5, 6])
    #expect(try ranks(resamples: 10, level: 1.0.nextDown) == [1, 10])
  }

  @Test func `a resample without a value is left out, and the ranks are of those that have one`()
    throws
  {
    var number = 0
    let interval = try #require(
      BootstrapInterval(count: 5, seed: 0) { _ in
        number += 1
        return number.isMultiple(of: 2) ? nil : Double(number)
      })
    // 500 values 1, 3 … 999; k = ⌊501 · 0.025⌋ = 12.
    #expect(interval.resampleCount == 500 && interval.low == 23 && interval.high == 977)
  }

  @Test func `the same seed gives the same bits, another seed others`() {
    let flags = flags(200, probability: 0.6, seed: 1)
    let intervals = (0..<8).map { BootstrapInterval(proportionOf: flags, seed: $0, resamples: 99) }
    #expect(
      intervals
        == (0..<8).map { BootstrapInterval(proportionOf: flags, seed: $0, resamples: 99) })
    #expect(Set(intervals.map { $0?.low }).count > 1)
  }

  @Test func `for the mean of many flags it is the interval of the normal distribution`() throws {
    let flags = (0..<2000).map { $0 < 1400 }
    let interval = try #require(BootstrapInterval(proportionOf: flags, seed: 86))
    let halfWidth = 1.96 * (0.7 * 0.3 / 2000).squareRoot()
    // An end is a quantile of 1000 draws: its own standard error is about 0.09 of the half width.
    #expect(abs(interval.low - (0.7 - halfWidth)) < 0.3 * halfWidth)
    #expect(abs(interval.high - (0.7 + halfWidth)) < 0.3 * halfWidth)
  }

  @Test func `it covers the truth about as often as its level says`() throws {
    var covered = 0
    for seed in 0..<400 as Range<UInt64> {
      let flags = flags(80, probability: 0.7, seed: 1000 + seed)
      let interval = try #require(
        BootstrapInterval(proportionOf: flags, seed: seed, resamples: 199, level: 0.9))
      covered += (interval.low...interval.high).contains(0.7) ? 1 : 0
    }
    // 360 of 400, give or take 3.3 standard errors of 6 each.
    #expect((340...380).contains(covered), "\(covered) of 400")
  }

  @Test func `one example, or all alike, give an interval without width`() {
    for flags in [[true], [false], Array(repeating: true, count: 50)] {
      let interval = BootstrapInterval(proportionOf: flags, seed: 3)
      let value = flags[0] ? 1.0 : 0
      #expect(interval?.low == value && interval?.high == value)
    }
  }

  @Test func `without examples, or without any value, there is none`() {
    #expect(BootstrapInterval(proportionOf: [], seed: 0) == nil)
    #expect(BootstrapInterval(count: 0, seed: 0) { _ in 1 } == nil)
    #expect(BootstrapInterval(count: 4, seed: 0) { _ in nil } == nil)
  }

  @Test func `arguments out of their ranges, and NaN, are mistakes of the caller`() async {
    await #expect(processExitsWith: .failure) {
      _ = BootstrapInterval(count: 4, seed: 0) { _ in .nan }
    }
    await #expect(processExitsWith: .failure) {
      _ = BootstrapInterval(proportionOf: [true], seed: 0, resamples: 0)
    }
    await #expect(processExitsWith: .failure) {
      _ = BootstrapInterval(proportionOf: [true], seed: 0, level: 1)
    }
    await #expect(processExitsWith: .failure) {
      _ = BootstrapInterval(count: -1, seed: 0) { _ in 1 }
    }
  }
}
