/// Right and wrong on the same examples before and after a change.
///
/// Reference: Yan et al., *Positive-Congruent Training: Towards Regression-Free Model Updates* (2021),
/// arXiv:2011.09161, for the flips; McNemar, *Note on the Sampling Error of the Difference between Correlated
/// Proportions or Percentages* (1947), Psychometrika 12(2), for the test.
/// Differs from McNemar: the exact binomial distribution in place of χ².
public struct PairedComparison: Sendable, Equatable {
  /// Examples in all.
  public let count: Int
  /// The indices of examples that were right before and are wrong after, ascending.
  public let negativeFlips: [Int]
  /// The indices of examples that were wrong before and are right after, ascending.
  public let positiveFlips: [Int]

  /// Compares, example by example.
  ///
  /// - Parameters:
  ///   - before: Whether each answer was right.
  ///   - after: Whether each answer is right now, in the same order.
  /// - Precondition: both have equally many elements.
  public init(before: [Bool], after: [Bool]) {
    precondition(
      before.count == after.count,
      "the same examples are compared, not \(before.count) with \(after.count)")
    count = before.count
    negativeFlips = before.indices.filter { before[$0] && !after[$0] }
    positiveFlips = before.indices.filter { !before[$0] && after[$0] }
  }

  /// The share of all examples that are negative flips, 0 … 1, lower is better; `nil` without examples.
  public var negativeFlipShare: Double? {
    count == 0 ? nil : Double(negativeFlips.count) / Double(count)
  }

  /// The probability of at least this many negative flips if both directions were equally likely.
  ///
  /// The exact McNemar test, one-sided; the alternative is that the answers are worse after. Examples that
  /// did not flip do not count. It is 1 if nothing fell, and 0 stands for less than the least `Double`.
  ///
  /// ```
  /// n = negative flips + positive flips
  /// p = Σ_{i = negative flips … n} C(n, i) / 2ⁿ
  /// ```
  ///
  /// - Returns: 0 … 1; small values speak for a fall.
  /// - Complexity: O(n).
  public var pValueOfFall: Double {
    Self.upperTail(from: negativeFlips.count, of: negativeFlips.count + positiveFlips.count)
  }

  /// The probability of flips at least this uneven, in either direction, if both were equally likely.
  ///
  /// The exact McNemar test, two-sided: twice the smaller one-sided probability, at most 1.
  ///
  /// - Returns: 0 … 1; small values speak for a change, whichever its direction.
  /// - Complexity: O(n).
  public var pValue: Double {
    let greater = max(negativeFlips.count, positiveFlips.count)
    let tail = Self.upperTail(from: greater, of: negativeFlips.count + positiveFlips.count)
    return min(1, 2 * tail)
  }

  /// The probability of at least `least` heads in `tosses` tosses of a fair coin.
  ///
  /// Binomial coefficients are made one from the other, beginning at `C(n, n) = 1`, and summed smallest
  /// first. Powers of two are split off, so nothing overflows, and no logarithm costs digits. As long as
  /// `i · C(n, i)` is under 2⁵³, which it is to n = 50, the result is exact.
  private static func upperTail(from least: Int, of tosses: Int) -> Double {
    guard least > 0 else { return 1 }
    // The greater half comes from the smaller one: heads and tails are alike.
    guard 2 * least >= tosses else { return 1 - upperTail(from: tosses - least + 1, of: tosses) }
    var coefficient = 1.0
    var sum = 1.0
    var exponent = -tosses
    for tails in 0..<(tosses - least) {
      coefficient = coefficient * Double(tosses - tails) / Double(tails + 1)
      sum += coefficient
      if sum > 0x1p512 {
        coefficient *= 0x1p-512
        sum *= 0x1p-512
        exponent += 512
      }
    }
    return Double(sign: .plus, exponent: exponent, significand: sum)
  }
}
