public import MoETensor

/// The rows that one pack adds to the dispatcher, with its calibration.
///
/// ```
/// s_c(x) = w_cᵀ f(x) + b_c                 log-likelihood ratio of class c against the background
/// s_p(x) = (1 − w) log Σ_c π_c exp s_c(x) + w v · n(x)      the pack's score; the background scores 0
/// δ_p(x) = (s_p(x) − τ_p) / T_p            the margin
/// ```
///
/// f(x) are the features (`Encoder.pool`), n(x) is the text's ``NGramBag``, of length 1; w is 0 where the pack has no
/// n-gram weights v. The row scores are `Float` chains of fused multiply-adds (SPEC, gating maths), the rest is `Double`,
/// rows in their order. The priors π sum to one, so a pack buys no score by copying rows.
public struct DispatcherRows: Sendable {
  /// w, `[C, G]`.
  public let weight: PackedMatrix
  /// b, `[C]`.
  public let bias: [Float]
  /// log π, `[C]`.
  public let logPrior: [Double]
  /// v, `[H]`; empty where the pack has none.
  public let ngrams: [Float]
  /// w, the share of the n-grams in the score, 0 … 1; 0 where ``ngrams`` is empty.
  public let ngramShare: Double
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
  ///   - ngrams: v, `[H]`, or empty.
  ///   - ngramShare: w, 0 where `ngrams` is empty.
  ///   - threshold: τ.
  ///   - temperature: T, above 0.
  public init(
    weight: PackedMatrix, bias: [Float], prior: [Float], ngrams: [Float] = [],
    ngramShare: Double = 0, threshold: Double, temperature: Double
  ) {
    precondition(
      ngrams.isEmpty ? ngramShare == 0 : ngrams.count == NGramBag.bucketCount,
      "a weight a bucket, or none")
    precondition(weight.rows == bias.count && prior.count == bias.count, "one bias and prior a row")
    self.weight = weight
    self.bias = bias
    logPrior = prior.map { Elementary.log(Double($0)) }
    self.ngrams = ngrams
    self.ngramShare = ngramShare
    self.threshold = threshold
    self.temperature = temperature
  }

  /// The margin of a text from the scores of its rows, `[C]`; not finite where one of them is not.
  func margin(_ rowScores: ArraySlice<Float>, _ bag: NGramBag) -> Double {
    (score(rowScores, bag) - threshold) / temperature
  }

  /// δ for each text, of this pack alone.
  func margins(_ features: [Float], _ bags: [NGramBag], kernels: Kernels) -> [Double] {
    guard !bags.isEmpty else { return [] }
    return features.withUnsafeBufferPointer { features in
      guard let base = features.baseAddress else { return [] }
      return scores(base, bags, kernels: kernels).map { ($0 - threshold) / temperature }
    }
  }

  /// The pack's score s_p for each text, in nats: what ``DispatcherBank`` does for many packs at once.
  ///
  /// - Parameters:
  ///   - features: f, `[bags.count, G]`.
  ///   - bags: The n-grams of each text.
  ///   - kernels: The kernels to run on.
  /// - Returns: s_p, one a text; not finite where a row, or a weight of the text's n-grams, is not.
  public func scores(
    _ features: UnsafePointer<Float>, _ bags: [NGramBag], kernels: Kernels
  ) -> [Double] {
    let count = bags.count
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
      score(rowScores[index * rows..<(index + 1) * rows], bags[index])
    }
  }

  private func score(_ rowScores: ArraySlice<Float>, _ bag: NGramBag) -> Double {
    let dense = logSumExp(rowScores)
    guard !ngrams.isEmpty else { return dense }
    return (1 - ngramShare) * dense + ngramShare * bag.score(ngrams)
  }

  private func logSumExp(_ scores: ArraySlice<Float>) -> Double {
    let terms = zip(scores, logPrior).map { Double($0) + $1 }
    guard let top = terms.max(), terms.allSatisfy(\.isFinite) else { return .nan }
    var total = 0.0
    for term in terms { total += Elementary.exp(term - top) }
    return top + Elementary.log(total)
  }
}
