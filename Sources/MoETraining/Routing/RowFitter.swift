public import MoEModel
import MoETensor

/// Dispatcher rows as they are made, before they are stored: `s_c(z) = w_cᵀ z + b_c`.
public struct FittedRows: Sendable {
  /// w, `[C, D]`.
  public let weight: [Double]
  /// b, `[C]`.
  public let bias: [Double]
  /// π, `[C]`, summing to one.
  public let prior: [Double]

  /// The score s_p = log Σ π_c exp s_c of each embedding.
  ///
  /// - Parameter embeddings: z, `[count, D]`.
  /// - Returns: s_p, `[count]`, in nats.
  public func scores(_ embeddings: [Float]) -> [Double] {
    let width = weight.count / max(1, bias.count)
    return (0..<embeddings.count / max(1, width)).map { text in
      score(embeddings[text * width..<(text + 1) * width])
    }
  }

  private func score(_ z: ArraySlice<Float>) -> Double {
    Elementary.logSumExp(
      bias.indices.map { row in
        var sum = bias[row] + Elementary.log(prior[row])
        for (offset, value) in z.enumerated() {
          sum += weight[row * z.count + offset] * Double(value)
        }
        return sum
      })
  }
}

/// Makes a pack's dispatcher rows from its own texts, the backbone profile, and negatives.
///
/// ```
/// Σ = Σ₀ + λ · (tr Σ₀ / D) · I
/// w_c = a · Σ⁻¹ (m_c − μ₀) + u         b_c = −a · ½ (m_cᵀ Σ⁻¹ m_c − μ₀ᵀ Σ⁻¹ μ₀) + v
/// ```
///
/// The first term is the Gaussian discriminant of class c against the background. The scale a and the
/// direction (u, v), the same for every class, are fitted by logistic regression of own texts against
/// negatives, u held small in the metric of Σ; so the rows of one pack move together, stay log-likelihood
/// ratios against the same background, and need nothing of any other pack.
///
/// Reference: Hastie, Tibshirani & Friedman, *The Elements of Statistical Learning*, §4.3 (discriminant analysis).
/// Differs from it: one covariance for every vendor, the background's, and the fitted direction.
public struct RowFitter: Sendable {
  /// λ.
  public static let shrinkage = 1.0
  /// How strongly ½ uᵀ Σ u is held down.
  static let penalty = 0.02

  private let mean: [Double]
  private let sigma: [Double]
  private let factor: Cholesky
  private let width: Int

  /// Prepares the shared covariance.
  ///
  /// - Throws: ``TrainingError/profileNotPositiveDefinite``.
  public init(profile: BackboneProfile) throws {
    width = profile.width
    mean = profile.mean
    var sigma = profile.covariance
    var trace = 0.0
    for index in 0..<width { trace += sigma[index * width + index] }
    for index in 0..<width {
      sigma[index * width + index] += Self.shrinkage * trace / Double(width)
    }
    self.sigma = sigma
    guard let factor = Cholesky(sigma, size: width) else {
      throw TrainingError.profileNotPositiveDefinite
    }
    self.factor = factor
  }

  /// Negatives of one kind, which together weigh as much as those of any other kind.
  public typealias NegativeGroup = [Float]

  /// Fits the rows.
  ///
  /// - Parameters:
  ///   - embeddings: z of the pack's own texts, `[N, D]`.
  ///   - labels: The class of each.
  ///   - classCount: C; every class has a text.
  ///   - negatives: z of texts that are not the pack's to answer, group by group.
  /// - Returns: The rows.
  public func fit(
    _ embeddings: [Float], labels: [Int], classCount: Int, negatives: [NegativeGroup]
  ) -> FittedRows {
    let rows = discriminant(embeddings, labels: labels, classCount: classCount)
    return correct(rows, own: embeddings, negatives: negatives.filter { !$0.isEmpty })
  }

  private func discriminant(
    _ embeddings: [Float], labels: [Int], classCount: Int
  ) -> FittedRows {
    var means = [Double](repeating: 0, count: classCount * width)
    var counts = [Double](repeating: 0, count: classCount)
    for (text, label) in labels.enumerated() {
      counts[label] += 1
      for column in 0..<width {
        means[label * width + column] += Double(embeddings[text * width + column])
      }
    }
    let background = factor.solve(mean)
    let backgroundNorm = dot(mean[...], background)
    var weight: [Double] = []
    var bias: [Double] = []
    for label in 0..<classCount {
      let centre = (0..<width).map { means[label * width + $0] / max(1, counts[label]) }
      let solved = factor.solve(centre)
      weight.append(contentsOf: zip(solved, background).map { $0 - $1 })
      bias.append(-0.5 * (dot(centre[...], solved) - backgroundNorm))
    }
    return FittedRows(
      weight: weight, bias: bias,
      prior: Array(repeating: 1 / Double(classCount), count: classCount))
  }

  private func dot(_ left: ArraySlice<Double>, _ right: [Double]) -> Double {
    var sum = 0.0
    for (a, b) in zip(left, right) { sum += a * b }
    return sum
  }
}

extension RowFitter {
  /// Fits the scale and the shared direction.
  ///
  /// The direction is sought in the coordinates in which Σ is the identity: z̃ = L⁻¹ z, u = L⁻ᵀ ũ.
  private func correct(
    _ rows: FittedRows, own: [Float], negatives: [NegativeGroup]
  ) -> FittedRows {
    guard !negatives.isEmpty else { return rows }
    let samples = Samples(rows, groups: [own] + negatives, factor: factor, width: width)
    let fitted = LBFGS().minimize(from: [Double](repeating: 0, count: width + 2)) {
      samples.loss($0, gradient: &$1, penalty: Self.penalty)
    }
    let direction = factor.unwhiten(Array(fitted[0..<width]))
    let scale = Elementary.exp(fitted[width + 1])
    return FittedRows(
      weight: rows.weight.indices.map { scale * rows.weight[$0] + direction[$0 % width] },
      bias: rows.bias.map { scale * $0 + fitted[width] }, prior: rows.prior)
  }

  /// Own texts and negatives with their row scores; own texts weigh a half, each negative group as much as
  /// any other.
  private struct Samples {
    let rowCount: Int
    let width: Int
    var whitened: [Double] = []
    var rowScores: [Double] = []
    var isOwn: [Bool] = []
    var weights: [Double] = []
    let logPrior: [Double]

    init(_ rows: FittedRows, groups: [NegativeGroup], factor: Cholesky, width: Int) {
      self.width = width
      rowCount = rows.bias.count
      logPrior = rows.prior.map { Elementary.log($0) }
      for (index, group) in groups.enumerated() {
        let count = group.count / width
        let share = index == 0 ? 0.5 : 0.5 / Double(groups.count - 1)
        for text in 0..<count {
          let z = group[text * width..<(text + 1) * width].map(Double.init)
          whitened.append(contentsOf: factor.whiten(z))
          for row in 0..<rowCount {
            var score = rows.bias[row]
            for column in 0..<width { score += rows.weight[row * width + column] * z[column] }
            rowScores.append(score)
          }
          isOwn.append(index == 0)
          weights.append(share / Double(count))
        }
      }
    }

    /// The penalised log loss at ũ, v and log a, and its gradient.
    func loss(_ parameters: [Double], gradient: inout [Double], penalty: Double) -> Double {
      let scale = Elementary.exp(parameters[width + 1])
      var loss = 0.0
      for index in gradient.indices { gradient[index] = 0 }
      for column in 0..<width {
        loss += 0.5 * penalty * parameters[column] * parameters[column]
        gradient[column] = penalty * parameters[column]
      }
      var terms = [Double](repeating: 0, count: rowCount)
      for sample in isOwn.indices {
        for row in 0..<rowCount {
          terms[row] = scale * rowScores[sample * rowCount + row] + logPrior[row]
        }
        let total = Elementary.logSumExp(terms)
        var expected = 0.0
        for row in 0..<rowCount {
          expected += Elementary.exp(terms[row] - total) * rowScores[sample * rowCount + row]
        }
        var logit = total + parameters[width]
        let base = sample * width
        for column in 0..<width { logit += parameters[column] * whitened[base + column] }
        let signed = isOwn[sample] ? logit : -logit
        loss += weights[sample] * (Elementary.logSumExp([0, -signed]))
        let slope = (Elementary.sigmoid(logit) - (isOwn[sample] ? 1 : 0)) * weights[sample]
        for column in 0..<width { gradient[column] += slope * whitened[base + column] }
        gradient[width] += slope
        gradient[width + 1] += slope * expected * scale
      }
      return loss
    }
  }
}
