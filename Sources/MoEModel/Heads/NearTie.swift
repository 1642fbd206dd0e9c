import MoEBase

extension Precision {
  /// The ratio of probabilities over which labels are in doubt, 0 … 1; `nil` where nothing is reduced.
  ///
  /// Its logarithm is some three times the standard deviation of what the precision changes in the difference between two
  /// logits of the shipped packs: 0.011 nats of bf16, 0.097 of int8.
  var nearTie: Double? {
    switch self {
    case .f32: nil
    case .bf16: 0.97
    case .int8: 0.75
    }
  }
}

extension LabelHead {
  /// Whether a reduced precision leaves in doubt what labels are given.
  ///
  /// ```
  /// classify   p₂ > ratio · p₁          the two greatest probabilities
  /// tag        o > ratio · o'           of some label: o and o' the lesser and the greater of p (1 − t) and t (1 − p)
  /// ```
  ///
  /// - Parameters:
  ///   - probabilities: `[L]`.
  ///   - ratio: 0 … 1.
  /// - Returns: `false` for a task of one label, which is right whatever its probability.
  func isNearTie(_ probabilities: ArraySlice<Float>, within ratio: Double) -> Bool {
    switch decision {
    case .one:
      var (first, second) = (-1.0, -1.0)
      for probability in probabilities.lazy.map(Double.init) {
        if probability > first {
          (first, second) = (probability, first)
        } else {
          second = max(second, probability)
        }
      }
      return second > ratio * first
    case .each(let thresholds):
      return zip(probabilities, thresholds).contains { probability, threshold in
        let (p, t) = (Double(probability), Double(threshold))
        let (over, under) = (p * (1 - t), t * (1 - p))
        return min(over, under) > ratio * max(over, under)
      }
    }
  }
}
