public import MoETensor

/// A linear head over features: what a pack is without experts, and where expert training starts.
public struct FrozenHead: Sendable, Equatable {
  /// W, `[L, G]`.
  public let weight: [Float]
  /// b, `[L]`.
  public let bias: [Float]

  /// Makes a head of its parameters.
  public init(weight: [Float], bias: [Float]) {
    self.weight = weight
    self.bias = bias
  }

  /// C of the head that ships without experts.
  public static let inversePenalty = 10.0

  /// Fits logistic regression to features: multinomial where one label is right, else one against the rest.
  ///
  /// ```
  /// minimise  mean over texts of the loss of W f + b  +  ‖W‖² / (2 C N)
  /// ```
  ///
  /// - Parameters:
  ///   - features: f, `[count, G]`.
  ///   - targets: The right labels, below `labelCount`.
  ///   - labelCount: L.
  ///   - inversePenalty: C; the less, the smaller the weights.
  ///   - backward: The kernels.
  ///   - pool: The threads that share the work; no bit depends on them.
  public init(
    fitting features: [Float], targets: HeadTargets, labelCount: Int,
    inversePenalty: Double = Self.inversePenalty, backward: BackwardKernels,
    pool: ThreadPool = .shared
  ) {
    let count = targets.count
    let width = features.count / max(1, count)
    let weightCount = labelCount * width
    let penalty = 1 / (inversePenalty * Double(max(1, count)))
    // What every step reads is laid out once.
    let inputs = PackedMatrix(rows: width, columns: count, transpose: features)
    let parts = stride(from: 0, to: count, by: Self.partSize).map { start in
      let texts = start..<min(start + Self.partSize, count)
      return (
        features: Array(features[texts.lowerBound * width..<texts.upperBound * width]),
        targets: targets.subset(texts)
      )
    }
    let start = [Double](repeating: 0, count: weightCount + labelCount)
    let fitted = LBFGS().minimize(from: start) { point, gradient in
      let head = FrozenHead(
        weight: point[0..<weightCount].map { Float($0) },
        bias: point[weightCount...].map { Float($0) })
      let weight = PackedMatrix(rows: labelCount, columns: width, values: head.weight)
      let losses = pool.map(count: parts.count) { index in
        let (features, targets) = parts[index]
        var logits = [Float](repeating: 0, count: targets.count * labelCount)
        backward.kernels.linear(
          features, rows: targets.count, weight: weight, bias: head.bias, into: &logits)
        return targets.loss(logits, labelCount: labelCount, scale: 1 / Float(count))
      }
      var slopes = [Float](repeating: 0, count: point.count)
      slopes.withUnsafeMutableBufferPointer { slopes in
        guard let base = slopes.baseAddress else { return }
        backward.addWeightGradient(
          inputs: inputs, dy: losses.flatMap(\.dLogits), outputs: labelCount, dWeight: base,
          dBias: base + weightCount, pool: pool)
      }
      var total = losses.reduce(0) { $0 + $1.loss } / Double(max(1, count))
      for index in point.indices {
        gradient[index] = Double(slopes[index])
        guard index < weightCount else { continue }
        gradient[index] += penalty * point[index]
        total += 0.5 * penalty * point[index] * point[index]
      }
      return total
    }
    weight = fitted[0..<weightCount].map { Float($0) }
    bias = fitted[weightCount...].map { Float($0) }
  }

  /// Texts that one thread takes at a time; part of the arithmetic, because their losses are summed up first.
  private static let partSize = 512

  /// The first of several accuracies on the same texts that is within one standard error of the best.
  ///
  /// Reference: Hastie, Tibshirani & Friedman, *The Elements of Statistical Learning*, §7.10.
  ///
  /// - Parameters:
  ///   - accuracies: From 0 to 1, the candidate that is preferred first.
  ///   - count: How many texts they were measured on.
  /// - Returns: An index; 0 for no accuracies.
  public static func firstWithinOneStandardError(_ accuracies: [Double], count: Int) -> Int {
    let best = accuracies.max() ?? 0
    let error = (best * (1 - best) / Double(max(1, count))).squareRoot()
    return accuracies.firstIndex { $0 >= best - error } ?? 0
  }

  /// The logits of texts, `[count, L]`.
  public func logits(_ features: [Float], count: Int, kernels: Kernels) -> [Float] {
    let labelCount = bias.count
    var logits = [Float](repeating: 0, count: count * labelCount)
    kernels.linear(
      features, rows: count,
      weight: PackedMatrix(
        rows: labelCount, columns: weight.count / max(1, labelCount), values: weight),
      bias: bias, into: &logits)
    return logits
  }

  /// What the head gives on texts whose labels are known.
  public func evaluate(
    _ features: [Float], targets: HeadTargets, kernels: Kernels
  ) -> HeadEvaluation {
    let logits = logits(features, count: targets.count, kernels: kernels)
    return HeadEvaluation(
      logits: logits, loss: targets.loss(logits, labelCount: bias.count).loss,
      targets: targets, labelCount: bias.count)
  }
}

/// What a head gives on texts whose labels are known.
public struct HeadEvaluation: Sendable, Equatable {
  /// `[N, L]`.
  public let logits: [Float]
  /// The mean loss, in nats a text.
  public let loss: Double
  /// How good the logits are, 0 … 1: the accuracy; of several labels the micro-averaged F1 at the best thresholds.
  public let score: Double

  /// Sums up.
  ///
  /// - Parameters:
  ///   - logits: `[N, L]`.
  ///   - loss: The loss summed over texts.
  ///   - targets: The right labels.
  ///   - labelCount: L.
  init(logits: [Float], loss: Double, targets: HeadTargets, labelCount: Int) {
    self.logits = logits
    self.loss = loss / Double(max(1, targets.count))
    score = targets.score(logits, labelCount: labelCount)
  }
}
