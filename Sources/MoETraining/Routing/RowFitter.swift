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

/// The texts a gate is fitted to, whitened: a pack's own first, then the groups of negatives.
package struct GateSamples: Sendable {
  /// x̃, `[N, G]`.
  package let whitened: [Float]
  /// The group of each text: 0 for the pack's own.
  package let group: [Int]
  /// The class of each own text.
  package let labels: [Int]
  /// C.
  let classCount: Int
  /// G.
  let width: Int

  package init(
    _ groups: [[Float]], labels: [Int], classCount: Int, fitter: RowFitter, pool: ThreadPool
  ) {
    width = fitter.width
    self.labels = labels
    self.classCount = classCount
    whitened = groups.flatMap { fitter.whiten($0, pool: pool) }
    group = groups.enumerated().flatMap { index, group in
      Array(repeating: index, count: group.count / fitter.width)
    }
  }

  /// The scores of rows for every text, `[N, C]`.
  func rowScores(weight: [Float], bias: [Float], kernels: Kernels) -> [Float] {
    var scores = [Float](repeating: 0, count: group.count * bias.count)
    kernels.linear(
      whitened, rows: group.count,
      weight: PackedMatrix(rows: bias.count, columns: width, values: weight), bias: bias,
      into: &scores)
    return scores
  }

  /// The discriminant rows of the classes from some of the own texts.
  package func discriminant(_ texts: [Int]) -> WhitenedRows {
    var means = [Double](repeating: 0, count: classCount * width)
    var counts = [Double](repeating: 0, count: classCount)
    for text in texts where group[text] == 0 {
      let label = labels[text]
      counts[label] += 1
      for column in 0..<width {
        means[label * width + column] += Double(whitened[text * width + column])
      }
    }
    var bias: [Float] = []
    for label in 0..<classCount {
      var norm = 0.0
      for column in label * width..<(label + 1) * width {
        means[column] /= max(1, counts[label])
        norm += means[column] * means[column]
      }
      bias.append(Float(-0.5 * norm))
    }
    return WhitenedRows(weight: means.map { Float($0) }, bias: bias)
  }
}
