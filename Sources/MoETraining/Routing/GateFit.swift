package import MoETensor

/// The logistic regression that gives a pack's rows their scale and shared direction.
///
/// ```
/// logit(x) = log Σ_c π_c exp(a · d_c(x)) + ũᵀ x̃ + v        d_c the discriminant of class c
/// minimise  ½ mean over own of log(1 + e^−logit) + Σ over groups g of (½ / groups) · mean over g of log(1 + e^logit)
///           + ½ penalty ‖ũ‖²
/// ```
///
/// An own text is scored by the mean of its class without itself.
package struct GateFit {
  private let samples: GateSamples
  private let texts: [Int]
  private let weights: [Double]
  private let base: WhitenedRows
  private let rowScores: [Float]
  private let kernels: Kernels

  /// Prepares the fit to some of the samples.
  package init(_ samples: GateSamples, texts: [Int], kernels: Kernels) {
    self.samples = samples
    self.texts = texts
    self.kernels = kernels
    base = samples.discriminant(texts)
    rowScores = Self.withoutThemselves(
      samples.rowScores(weight: base.weight, bias: base.bias, kernels: kernels), samples, texts,
      base: base, kernels: kernels)
    weights = samples.weights(texts)
  }

  /// Takes each own text out of the mean of its class before it is scored by it.
  ///
  /// A text is always near a mean that it is part of: of few texts the fit would otherwise learn that own texts score
  /// high, which unseen ones do not. With s = m·x, q = x·x and M = m·m over n texts, the mean without x gives
  /// d = (n s − q) / (n − 1) − ½ (n² M − 2 n s + q) / (n − 1)²; a class of one text has nothing left and gives 0.
  private static func withoutThemselves(
    _ rowScores: [Float], _ samples: GateSamples, _ texts: [Int], base: WhitenedRows,
    kernels: Kernels
  ) -> [Float] {
    var scores = rowScores
    var counts = [Int](repeating: 0, count: samples.classCount)
    for text in texts where samples.group[text] == 0 { counts[samples.labels[text]] += 1 }
    samples.whitened.withUnsafeBufferPointer { whitened in
      guard let whitened = whitened.baseAddress else { return }
      for text in texts where samples.group[text] == 0 {
        let label = samples.labels[text]
        let place = text * samples.classCount + label
        let n = Double(counts[label])
        let x = whitened + text * samples.width
        let q = Double(kernels.dot(x, x, count: samples.width))
        let norm = -2 * Double(base.bias[label])
        let s = Double(rowScores[place]) + 0.5 * norm
        guard n > 1 else {
          scores[place] = 0
          continue
        }
        let rest = n * n * norm - 2 * n * s + q
        scores[place] = Float((n * s - q) / (n - 1) - 0.5 * rest / ((n - 1) * (n - 1)))
      }
    }
    return scores
  }

  /// Fits; without negatives the discriminant stays as it is.
  package func rows() -> WhitenedRows {
    guard texts.contains(where: { samples.group[$0] > 0 }) else { return base }
    let width = samples.width
    var minimizer = LBFGS()
    minimizer.iterations = RowFitter.iterations
    let fitted = minimizer.minimize(from: [Double](repeating: 0, count: width + 2)) {
      loss($0, gradient: &$1)
    }
    let scale = Float(Elementary.exp(fitted[width + 1]))
    return WhitenedRows(
      weight: base.weight.indices.map { scale * base.weight[$0] + Float(fitted[$0 % width]) },
      bias: base.bias.map { scale * $0 + Float(fitted[width]) })
  }

  /// The penalised log loss at ũ, v and log a, and its gradient.
  package func loss(_ parameters: [Double], gradient: inout [Double]) -> Double {
    let width = samples.width
    let rowCount = base.bias.count
    let scale = Elementary.exp(parameters[width + 1])
    let logCount = Elementary.log(Double(rowCount))
    let direction = parameters[0..<width].map { Float($0) }
    var slopes = [Float](repeating: 0, count: width)
    var terms = [Double](repeating: 0, count: rowCount)
    var (loss, offsetSlope, scaleSlope) = (0.0, 0.0, 0.0)
    samples.whitened.withUnsafeBufferPointer { whitened in
      guard let whitened = whitened.baseAddress else { return }
      for (place, text) in texts.enumerated() {
        for row in 0..<rowCount { terms[row] = scale * Double(rowScores[text * rowCount + row]) }
        let total = Elementary.logSumExp(terms)
        var expected = 0.0
        for row in 0..<rowCount {
          expected +=
            Elementary.exp(terms[row] - total) * Double(rowScores[text * rowCount + row])
        }
        let x = whitened + text * width
        let logit =
          total - logCount + parameters[width] + Double(kernels.dot(x, direction, count: width))
        let isOwn = samples.group[text] == 0
        loss += weights[place] * Elementary.logSumExp([0, isOwn ? -logit : logit])
        let slope = (Elementary.sigmoid(logit) - (isOwn ? 1 : 0)) * weights[place]
        kernels.addScaled(Float(slope), x, count: width, into: &slopes)
        offsetSlope += slope
        scaleSlope += slope * expected * scale
      }
    }
    for column in 0..<width {
      loss += 0.5 * RowFitter.penalty * parameters[column] * parameters[column]
      gradient[column] = Double(slopes[column]) + RowFitter.penalty * parameters[column]
    }
    gradient[width] = offsetSlope
    gradient[width + 1] = scaleSlope
    return loss
  }
}
