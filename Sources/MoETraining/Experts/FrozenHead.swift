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

  /// Fits multinomial logistic regression to features.
  ///
  /// ```
  /// minimise  mean over texts of −log softmax(W f + b)[label]  +  ‖W‖² / (2 C N)
  /// ```
  ///
  /// - Parameters:
  ///   - features: f, `[count, G]`.
  ///   - labels: `[count]`, below `labelCount`.
  ///   - labelCount: L.
  ///   - inversePenalty: C; the less, the smaller the weights.
  ///   - backward: The kernels.
  public init(
    fitting features: [Float], labels: [Int], labelCount: Int,
    inversePenalty: Double = Self.inversePenalty, backward: BackwardKernels
  ) {
    let count = labels.count
    let width = features.count / max(1, count)
    let weightCount = labelCount * width
    let penalty = 1 / (inversePenalty * Double(max(1, count)))
    let start = [Double](repeating: 0, count: weightCount + labelCount)
    let fitted = LBFGS().minimize(from: start) { point, gradient in
      var logits = [Float](repeating: 0, count: count * labelCount)
      backward.kernels.linear(
        features, rows: count,
        weight: PackedMatrix(
          rows: labelCount, columns: width, values: point[0..<weightCount].map { Float($0) }),
        bias: point[weightCount...].map { Float($0) }, into: &logits)
      let (loss, dLogits) = HeadPass.crossEntropy(
        logits, labels: labels, labelCount: labelCount, smoothing: 0, scale: 1 / Float(count))
      var slopes = [Float](repeating: 0, count: point.count)
      slopes.withUnsafeMutableBufferPointer { slopes in
        guard let base = slopes.baseAddress else { return }
        backward.addWeightGradient(
          x: features, inputs: width, dy: dLogits, outputs: labelCount, rows: count,
          dWeight: base, dBias: base + weightCount)
      }
      var total = loss / Double(max(1, count))
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

  /// How many texts are labelled right, and the summed cross-entropy in nats.
  public func evaluate(
    _ features: [Float], labels: [Int], kernels: Kernels
  ) -> (correct: Int, loss: Double) {
    let labelCount = bias.count
    let width = weight.count / max(1, labelCount)
    var logits = [Float](repeating: 0, count: labels.count * labelCount)
    kernels.linear(
      features, rows: labels.count,
      weight: PackedMatrix(rows: labelCount, columns: width, values: weight), bias: bias,
      into: &logits)
    var correct = 0
    for (text, label) in labels.enumerated() {
      let row = logits[text * labelCount..<(text + 1) * labelCount]
      if let top = row.max(), row.firstIndex(of: top) == row.startIndex + label { correct += 1 }
    }
    let (loss, _) = HeadPass.crossEntropy(
      logits, labels: labels, labelCount: labelCount, smoothing: 0, scale: 1)
    return (correct, loss)
  }
}
