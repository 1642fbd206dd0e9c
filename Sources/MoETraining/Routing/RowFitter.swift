public import MoEModel
public import MoETensor

/// Dispatcher rows as they are made, before they are stored: `s_c(x) = w_cᵀ f(x) + b_c`.
public struct FittedRows: Sendable {
  /// w, `[C, G]`.
  public let weight: [Double]
  /// b, `[C]`.
  public let bias: [Double]
  /// π, `[C]`, summing to one.
  public let prior: [Double]

  /// The same rows with every score so much greater.
  func shifted(by offset: Double) -> FittedRows {
    FittedRows(weight: weight, bias: bias.map { $0 + offset }, prior: prior)
  }
}

/// Makes a pack's dispatcher rows from its own texts, the backbone profile, and negatives.
///
/// ```
/// Σ = Σ₀ + λ · (tr Σ₀ / G) · I
/// w_c = a · Σ⁻¹ (m_c − μ₀) + u         b_c = −a · ½ (m_cᵀ Σ⁻¹ m_c − μ₀ᵀ Σ⁻¹ μ₀) + v
/// ```
///
/// The first term is the Gaussian discriminant of class c against the background. The scale a and the
/// direction (u, v), the same for every class, are fitted by logistic regression of own texts against
/// negatives, u held small in the metric of Σ; so the rows of one pack move together, stay log-likelihood
/// ratios against the same background, and need nothing of any other pack.
///
/// All of it is done in the coordinates in which the background is a unit ball, x̃ = L⁻¹ (f − μ₀) with Σ = L Lᵀ:
/// there the discriminant is m̃_cᵀ x̃ − ½ ‖m̃_c‖².
///
/// Reference: Hastie, Tibshirani & Friedman, *The Elements of Statistical Learning*, §4.3 (discriminant analysis).
/// Differs from it: one covariance for every vendor, the background's, and the fitted direction.
public struct RowFitter: Sendable {
  /// λ.
  public static let shrinkage = 1.0
  /// How strongly ½ uᵀ Σ u is held down.
  package static let penalty = 0.02
  /// The most iterations of the fit.
  static let iterations = 25

  private let mean: [Double]
  private let factor: Cholesky
  private let whitening: PackedMatrix
  let kernels: Kernels
  /// G.
  let width: Int

  /// Prepares the shared covariance.
  ///
  /// - Throws: ``TrainingError/profileNotPositiveDefinite``.
  public init(profile: BackboneProfile, kernels: Kernels) throws {
    width = profile.width
    mean = profile.mean
    self.kernels = kernels
    var sigma = profile.covariance
    var trace = 0.0
    for index in 0..<width { trace += sigma[index * width + index] }
    for index in 0..<width {
      sigma[index * width + index] += Self.shrinkage * trace / Double(width)
    }
    guard let factor = Cholesky(sigma, size: width) else {
      throw TrainingError.profileNotPositiveDefinite
    }
    self.factor = factor
    whitening = PackedMatrix(
      rows: width, columns: width, values: factor.inverse().map { Float($0) })
  }

  /// Brings features into the coordinates in which the background is a unit ball.
  ///
  /// - Parameters:
  ///   - features: f, `[N, G]`.
  ///   - pool: The threads that share the rows.
  /// - Returns: x̃, `[N, G]`.
  package func whiten(_ features: [Float], pool: ThreadPool) -> [Float] {
    let count = features.count / width
    let chunk = 256
    let centre = mean.map { Float($0) }
    let pieces = pool.map(count: (count + chunk - 1) / chunk) { index in
      let rows = index * chunk..<min(count, (index + 1) * chunk)
      var centred = Array(features[rows.lowerBound * width..<rows.upperBound * width])
      for place in centred.indices { centred[place] -= centre[place % width] }
      var result = centred
      kernels.linear(centred, rows: rows.count, weight: whitening, into: &result)
      return result
    }
    return pieces.flatMap(\.self)
  }

  /// The rows that score features as `fit` scores whitened ones.
  package func rows(_ fit: WhitenedRows) -> FittedRows {
    var weight: [Double] = []
    var bias: [Double] = []
    for row in fit.bias.indices {
      let w = factor.unwhiten(fit.weight[row * width..<(row + 1) * width].map(Double.init))
      weight.append(contentsOf: w)
      var offset = Double(fit.bias[row])
      for (column, value) in w.enumerated() { offset -= value * mean[column] }
      bias.append(offset)
    }
    let count = fit.bias.count
    return FittedRows(
      weight: weight, bias: bias, prior: Array(repeating: 1 / Double(count), count: count))
  }
}

/// Rows in whitened coordinates, all of the same prior.
package struct WhitenedRows: Sendable {
  /// `[C, G]`.
  package let weight: [Float]
  /// `[C]`.
  package let bias: [Float]

  /// The score s_p of some of the samples.
  package func scores(_ samples: GateSamples, _ texts: [Int], kernels: Kernels) -> [Double] {
    let rowScores = samples.rowScores(weight: weight, bias: bias, kernels: kernels)
    let count = bias.count
    return texts.map { text in
      Elementary.logSumExp((0..<count).map { Double(rowScores[text * count + $0]) })
        - Elementary.log(Double(count))
    }
  }
}
