/// How far the confidence of answers agrees with how often they are right, in bins of equal width.
///
/// Bin `m` of `M` holds the confidences from `m / M` up to, but without, `(m + 1) / M`, both quotients
/// rounded to `Double`; the last one holds 1 too.
///
/// Reference: Guo et al., *On Calibration of Modern Neural Networks* (2017), arXiv:1706.04599, §2.
/// Differs from the paper: bins are closed below, not above, so that a confidence of 0 has one.
public struct Reliability: Sendable, Equatable {
  /// The answers of one range of confidence.
  public struct Bin: Sendable, Equatable {
    /// The least confidence that belongs to the bin.
    public let lowerBound: Double
    /// The least confidence above the bin; 1 for the last bin, which holds 1 too.
    public let upperBound: Double
    /// Answers in the bin.
    public fileprivate(set) var count = 0
    /// Of these, those that are right.
    public fileprivate(set) var right = 0
    /// The sum of the confidences, in the order of the answers.
    fileprivate var confidenceSum = 0.0

    /// The mean confidence, 0 … 1; `nil` of an empty bin.
    public var meanConfidence: Double? { count == 0 ? nil : confidenceSum / Double(count) }
    /// The share of answers that are right, 0 … 1; `nil` of an empty bin.
    public var accuracy: Double? { count == 0 ? nil : Double(right) / Double(count) }
  }

  /// The bins, by ascending confidence; empty ones are among them.
  public let bins: [Bin]

  /// Sorts answers into bins.
  ///
  /// - Parameters:
  ///   - answers: The probability each answer gives itself, 0 … 1, and whether it is right.
  ///   - binCount: How many bins of equal width; the paper takes 15.
  /// - Precondition: every confidence is finite and in `0...1`; `binCount` is at least 1.
  public init(_ answers: [(confidence: Double, isRight: Bool)], binCount: Int = 15) {
    precondition(binCount >= 1, "at least 1 bin is needed, not \(binCount)")
    let width = Double(binCount)
    var bins = (0..<binCount).map {
      Bin(lowerBound: Double($0) / width, upperBound: Double($0 + 1) / width)
    }
    for (confidence, isRight) in answers {
      precondition((0...1).contains(confidence), "a confidence is in 0...1, not \(confidence)")
      // The product is rounded, and may fall on the wrong side of a bound: 0.29 · 100 is under 29.
      var index = min(Int(confidence * width), binCount - 1)
      if confidence < bins[index].lowerBound {
        index -= 1
      } else if confidence >= bins[index].upperBound, index + 1 < binCount {
        index += 1
      }
      bins[index].count += 1
      bins[index].right += isRight ? 1 : 0
      bins[index].confidenceSum += confidence
    }
    self.bins = bins
  }

  /// Answers in all.
  public var count: Int { bins.reduce(0) { $0 + $1.count } }

  /// The mean distance of accuracy and confidence over the bins, weighted by their answers.
  ///
  /// ```
  /// ECE = Σₘ (countₘ / count) · |accuracyₘ − meanConfidenceₘ|
  /// ```
  ///
  /// Within a bin too much and too little confidence cancel, so bins that divide the old ones never make it
  /// smaller. With few answers per bin it is greater than 0 for a perfectly calibrated model too: compare
  /// only values of equally many bins and about equally many answers.
  ///
  /// Reference: Naeini, Cooper & Hauskrecht, *Obtaining Well Calibrated Probabilities Using Bayesian
  /// Binning* (2015), AAAI; Guo et al. (2017), §2.
  ///
  /// - Returns: 0 … 1, lower is better; `nil` without answers.
  public var expectedCalibrationError: Double? {
    let count = count
    guard count > 0 else { return nil }
    let sum = bins.reduce(0) { $0 + abs(Double($1.right) - $1.confidenceSum) }
    return sum / Double(count)
  }
}
