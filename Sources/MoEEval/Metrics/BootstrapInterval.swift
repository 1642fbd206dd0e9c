import MoEBase

/// A confidence interval of a statistic, by the percentile bootstrap: examples are drawn with replacement.
///
/// Of the `B` values that the resamples gave, in ascending order, with `α = 1 − level`:
///
/// ```
/// k    = max(1, ⌊(B + 1) · α / 2⌋)
/// low  = the k-th smallest value
/// high = the k-th greatest value
/// ```
///
/// With 1000 resamples and a level of 0.95, `k` is 25: the 25th and the 976th value. A product within 1e-9
/// under a whole number counts as that number, so that the rounding of `level` does not move the ends.
///
/// The interval knows only what the examples show: where all are right it is 1 … 1, however few they are.
///
/// Reference: Efron, *Bootstrap Methods: Another Look at the Jackknife* (1979), Annals of Statistics 7(1);
/// the rule for `k` is that of Efron & Tibshirani, *An Introduction to the Bootstrap* (1993), ch. 12.
public struct BootstrapInterval: Sendable, Equatable {
  /// The lower end, in the unit of the statistic.
  public let low: Double
  /// The upper end, at least ``low``.
  public let high: Double
  /// The probability the interval is made for, between 0 and 1.
  public let level: Double
  /// Resamples that gave a value, `B`.
  public let resampleCount: Int

  /// Draws resamples and evaluates the statistic on each; `nil` without examples, or without any value.
  ///
  /// Everything random comes from `SeededGenerator`: resample after resample, one `below(count)` per
  /// place. Equal arguments give equal bits.
  ///
  /// - Parameters:
  ///   - count: How many examples there are, and how many each resample has.
  ///   - seed: Decides the resamples.
  ///   - resamples: How many to draw, at least 1.
  ///   - level: The probability the interval is made for, between 0 and 1, both excluded.
  ///   - statistic: Given the indices of a resample, in `0..<count` and with repetitions, its value; `nil`
  ///     leaves the resample out.
  /// - Precondition: `count` is not negative, the statistic is never NaN, and `resamples` and `level` are in
  ///   their ranges.
  /// - Complexity: O(resamples · (count + log resamples)) and `resamples` times the statistic.
  public init?(
    count: Int, seed: UInt64, resamples: Int = 1000, level: Double = 0.95,
    statistic: ([Int]) -> Double?
  ) {
    precondition(count >= 0, "a count of examples is not negative, unlike \(count)")
    var indices = [Int](repeating: 0, count: count)
    self.init(isEmpty: count == 0, seed: seed, resamples: resamples, level: level) { generator in
      for place in indices.indices { indices[place] = generator.below(count) }
      return statistic(indices)
    }
  }

  /// Draws resamples of flags and takes the share that is set; `nil` without flags.
  ///
  /// The interval is, bit for bit, that of `init(count:seed:resamples:level:statistic:)` for the same share;
  /// no lists of indices are made.
  ///
  /// - Parameters:
  ///   - flags: One per example, for instance whether its answer is right.
  ///   - seed: Decides the resamples.
  ///   - resamples: How many to draw, at least 1.
  ///   - level: The probability the interval is made for, between 0 and 1, both excluded.
  /// - Precondition: `resamples` and `level` are in their ranges.
  public init?(
    proportionOf flags: [Bool], seed: UInt64, resamples: Int = 1000, level: Double = 0.95
  ) {
    self.init(isEmpty: flags.isEmpty, seed: seed, resamples: resamples, level: level) { generator in
      var set = 0
      for _ in flags.indices { set += flags[generator.below(flags.count)] ? 1 : 0 }
      return Double(set) / Double(flags.count)
    }
  }

  private init?(
    isEmpty: Bool, seed: UInt64, resamples: Int, level: Double,
    draw: (inout SeededGenerator) -> Double?
  ) {
    precondition(resamples >= 1, "at least 1 resample is needed, not \(resamples)")
    precondition(level > 0 && level < 1, "a level lies between 0 and 1, unlike \(level)")
    guard !isEmpty else { return nil }
    var generator = SeededGenerator(seed: seed)
    var values: [Double] = []
    for _ in 0..<resamples {
      guard let value = draw(&generator) else { continue }
      precondition(!value.isNaN, "a statistic is a number or nil, not NaN")
      values.append(value)
    }
    guard !values.isEmpty else { return nil }
    values.sort()
    let rank = max(1, Int(Double(values.count + 1) * ((1 - level) / 2) + 1e-9))
    low = values[rank - 1]
    high = values[values.count - rank]
    self.level = level
    resampleCount = values.count
  }
}
