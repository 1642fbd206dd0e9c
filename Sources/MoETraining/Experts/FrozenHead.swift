public import MoETensor

/// A linear head over pooled states: what a pack is without experts, and where expert training starts.
public struct FrozenHead: Sendable, Equatable {
  /// W, `[L, D]`.
  public let weight: [Float]
  /// b, `[L]`.
  public let bias: [Float]

  /// Makes a head of its parameters.
  public init(weight: [Float], bias: [Float]) {
    self.weight = weight
    self.bias = bias
  }

  /// Fits multinomial logistic regression to embeddings, by full-batch AdamW from zero.
  ///
  /// Inputs are multiplied by ``ExpertTrainer/headScale`` while fitting, since embeddings are unit vectors.
  ///
  /// - Parameters:
  ///   - embeddings: z, `[count, D]`.
  ///   - labels: `[count]`, below `labelCount`.
  ///   - labelCount: L.
  ///   - steps: How many full passes.
  ///   - backward: The kernels.
  public init(
    fitting embeddings: [Float], labels: [Int], labelCount: Int, steps: Int = 300,
    backward: BackwardKernels
  ) {
    let count = labels.count
    let width = embeddings.count / max(1, count)
    let weightCount = labelCount * width
    var parameters = [Float](repeating: 0, count: weightCount + labelCount)
    var optimizer = AdamW(count: parameters.count, weightDecay: 0.02)
    let rate = LearningRate(peak: 0.05, stepCount: steps)
    let scale = ExpertTrainer.headScale
    for step in 0..<steps {
      let weight = PackedMatrix(
        rows: labelCount, columns: width, values: Array(parameters[0..<weightCount]))
      var logits = [Float](repeating: 0, count: count * labelCount)
      backward.kernels.linear(embeddings, rows: count, weight: weight, into: &logits)
      for text in 0..<count {
        for label in 0..<labelCount {
          logits[text * labelCount + label] =
            logits[text * labelCount + label] * scale + parameters[weightCount + label]
        }
      }
      let (_, dLogits) = HeadPass.crossEntropy(
        logits, labels: labels, labelCount: labelCount, smoothing: 0.05, scale: 1 / Float(count))
      var gradients = [Float](repeating: 0, count: parameters.count)
      gradients.withUnsafeMutableBufferPointer { gradients in
        guard let base = gradients.baseAddress else { return }
        backward.addWeightGradient(
          x: embeddings, inputs: width, dy: dLogits, outputs: labelCount, rows: count,
          dWeight: base, dBias: base + weightCount)
      }
      for index in 0..<weightCount { gradients[index] *= scale }
      optimizer.step(
        &parameters, gradients: gradients, rates: [(0..<parameters.count, rate.rate(at: step))])
    }
    weight = parameters[0..<weightCount].map { $0 * scale }
    bias = Array(parameters[weightCount...])
  }

  /// How many texts are labelled right, and the summed cross-entropy in nats.
  public func evaluate(
    _ embeddings: [Float], labels: [Int], kernels: Kernels
  ) -> (correct: Int, loss: Double) {
    let labelCount = bias.count
    let width = weight.count / max(1, labelCount)
    var logits = [Float](repeating: 0, count: labels.count * labelCount)
    kernels.linear(
      embeddings, rows: labels.count,
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
