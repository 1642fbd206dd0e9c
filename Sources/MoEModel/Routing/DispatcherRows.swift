public import MoETensor

/// The rows that one pack adds to the dispatcher, with its calibration.
///
/// ```
/// s_c(x) = w_cᵀ f(x) + b_c                 log-likelihood ratio of class c against the background
/// s_p(x) = log Σ_c π_c exp s_c(x)          the pack's score; the background scores 0
/// δ_p(x) = (s_p(x) − τ_p) / T_p            the margin
/// ```
///
/// f(x) are the features (`Encoder.pool`). The row scores are `Float` chains of fused multiply-adds (SPEC, gating maths), the rest is `Double`,
/// rows in their order. The priors π sum to one, so a pack buys no score by copying rows.
public struct DispatcherRows: Sendable {
  /// w, `[C, G]`.
  public let weight: PackedMatrix
  /// b, `[C]`.
  public let bias: [Float]
  /// log π, `[C]`.
  public let logPrior: [Double]
  /// τ, in nats.
  public let threshold: Double
  /// T, above 0.
  public let temperature: Double

  /// C, the number of rows.
  public var count: Int { bias.count }

  /// Makes the rows.
  ///
  /// - Parameters:
  ///   - weight: w, `[C, G]`.
  ///   - bias: b, `[C]`.
  ///   - prior: π, `[C]`, positive, summing to one.
  ///   - threshold: τ.
  ///   - temperature: T, above 0.
  public init(
    weight: PackedMatrix, bias: [Float], prior: [Float], threshold: Double, temperature: Double
  ) {
    precondition(weight.rows == bias.count && prior.count == bias.count, "one bias and prior a row")
    self.weight = weight
    self.bias = bias
    logPrior = prior.map { Elementary.log(Double($0)) }
    self.threshold = threshold
    self.temperature = temperature
  }

  /// The margin of a text from the scores of its rows, `[C]`; not finite where one of them is not.
  func margin(_ rowScores: ArraySlice<Float>) -> Double {
    (logSumExp(rowScores) - threshold) / temperature
  }

  /// δ for each text, of this pack alone.
  func margins(_ features: [Float], count: Int, kernels: Kernels) -> [Double] {
    guard count > 0 else { return [] }
    return features.withUnsafeBufferPointer { features in
      guard let base = features.baseAddress else { return [] }
      return scores(base, count: count, kernels: kernels).map { ($0 - threshold) / temperature }
    }
  }

  /// The pack's score s_p for each text, in nats: what ``DispatcherBank`` does for many packs at once.
  public func scores(
    _ features: UnsafePointer<Float>, count: Int, kernels: Kernels
  ) -> [Double] {
    let rows = self.count
    let rowScores = [Float](unsafeUninitializedCapacity: count * rows) { buffer, initialized in
      guard let base = buffer.baseAddress, count > 0 else { return }
      bias.withUnsafeBufferPointer { bias in
        kernels.linear(
          features, rows: count, weight: weight, bias: bias.baseAddress, epilogue: .none,
          into: base)
      }
      initialized = count * rows
    }
    return (0..<count).map { index in
      logSumExp(rowScores[index * rows..<(index + 1) * rows])
    }
  }

  private func logSumExp(_ scores: ArraySlice<Float>) -> Double {
    let terms = zip(scores, logPrior).map { Double($0) + $1 }
    guard let top = terms.max(), terms.allSatisfy(\.isFinite) else { return .nan }
    var total = 0.0
    for term in terms { total += Elementary.exp(term - top) }
    return top + Elementary.log(total)
  }
}
