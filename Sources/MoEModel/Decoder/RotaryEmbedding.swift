import MoETensor

/// The angles of rotary position embeddings: one frequency for each pair of a head's dimensions.
///
/// ```
/// angle[t, i] = Float(t) · frequency[i]      rounded to Float, as checkpoints were trained
/// cos, sin    = those of the angle, times attentionFactor
/// ```
///
/// Reference: Su et al., *RoFormer* (2021), arXiv:2104.09864; scalings: Chen et al., *Position Interpolation*
/// (2023), arXiv:2306.15595 (linear); Peng et al., *YaRN* (2023), arXiv:2309.00071; Llama 3 (2024),
/// arXiv:2407.21783. A dynamic scaling is the plain one here: it differs only beyond the context.
public struct RotaryEmbedding: Sendable, Equatable {
  /// How the plain frequencies are changed for longer contexts.
  public enum Scaling: Sendable, Equatable {
    /// Not at all.
    case none
    /// All divided by a factor.
    case linear(factor: Double)
    /// Long wavelengths divided, short ones kept, those between interpolated.
    case llama3(
      factor: Double, lowFrequencyFactor: Double, highFrequencyFactor: Double,
      originalPositionCount: Double)
    /// As `llama3` by a ramp over the dimensions; cosines and sines grow by `attentionFactor`.
    case yarn(
      factor: Double, attentionFactor: Double, betaFast: Double, betaSlow: Double,
      originalPositionCount: Double, truncates: Bool)
  }

  /// Radians a position, one a pair: `[headWidth / 2]`.
  public let frequencies: [Float]
  /// What cosines and sines are multiplied with.
  public let attentionFactor: Float

  /// Computes the frequencies.
  ///
  /// - Parameters:
  ///   - headWidth: The width of a head, even.
  ///   - theta: The base of the wavelengths.
  ///   - scaling: How they are changed.
  public init(headWidth: Int, theta: Double, scaling: Scaling) {
    let pairs = headWidth / 2
    let powers = (0..<pairs).map { pair in
      Float(Elementary.exp(Double(Float(2 * pair) / Float(headWidth)) * Elementary.log(theta)))
    }
    let plain = powers.map { 1 / $0 }
    switch scaling {
    case .none:
      frequencies = plain
      attentionFactor = 1
    case .linear(let factor):
      frequencies = plain.map { $0 / Float(factor) }
      attentionFactor = 1
    case .llama3(let factor, let low, let high, let original):
      frequencies = plain.map { frequency in
        let wavelength = 2 * Double.pi / Double(frequency)
        if wavelength < original / high { return frequency }
        if wavelength > original / low { return Float(Double(frequency) / factor) }
        let smooth = (original / wavelength - low) / (high - low)
        return Float(
          (1 - smooth) * Double(frequency) / factor + smooth * Double(frequency))
      }
      attentionFactor = 1
    case .yarn(let factor, let attention, let fast, let slow, let original, let truncates):
      func dimension(_ rotations: Double) -> Double {
        Double(headWidth) * Elementary.log(original / (rotations * 2 * .pi))
          / (2 * Elementary.log(theta))
      }
      var low = dimension(fast)
      var high = dimension(slow)
      if truncates { (low, high) = (low.rounded(.down), high.rounded(.up)) }
      low = max(low, 0)
      high = min(high, Double(headWidth - 1))
      if low == high { high += 0.001 }
      frequencies = powers.indices.map { pair in
        let kept = 1 - min(max((Float(pair) - Float(low)) / Float(high - low), 0), 1)
        return 1 / (Float(factor) * powers[pair]) * (1 - kept) + plain[pair] * kept
      }
      attentionFactor = Float(attention)
    }
  }

  /// Writes the cosines and sines of positions.
  ///
  /// - Parameters:
  ///   - positions: One a row.
  ///   - cosines: `[positions.count, headWidth / 2]`.
  ///   - sines: The same shape.
  func angles(
    _ positions: [Int], cosines: UnsafeMutablePointer<Float>, sines: UnsafeMutablePointer<Float>
  ) {
    var place = 0
    for position in positions {
      for frequency in frequencies {
        let pair = Elementary.sineCosine(Double(Float(position) * frequency))
        cosines[place] = Float(pair.cosine) * attentionFactor
        sines[place] = Float(pair.sine) * attentionFactor
        place += 1
      }
    }
  }
}
