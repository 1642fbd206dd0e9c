import MoEModel
import MoETensor

/// The head over one shard: loss, its gradients, and the slope that goes back into the layers.
///
/// ```
/// u = normalise(mean over tokens of h)      logits = scale · V u + b
/// loss = −Σ_c t_c log softmax(logits)_c     t = (1 − s) · onehot + s / L
/// ```
struct HeadPass {
  /// The summed loss of the shard, in nats.
  let loss: Double
  /// The gradient of the final hidden states, `[N, D]`.
  let dHidden: [Float]

  init(
    _ hidden: [Float], offsets: [Int], labels: [Int], parameters: [Float], layout: ExpertLayout,
    smoothing: Float, scale: Float, backward: BackwardKernels, gradients: inout [Float]
  ) {
    let width = layout.width
    let count = labels.count
    let labelCount = layout.labelCount
    let kernels = backward.kernels
    var means = [Float](repeating: 0, count: count * width)
    hidden.withUnsafeBufferPointer { hidden in
      means.withUnsafeMutableBufferPointer { means in
        guard let hidden = hidden.baseAddress, let means = means.baseAddress else { return }
        for text in 0..<count {
          kernels.meanPool(
            hidden + offsets[text] * width, rows: offsets[text + 1] - offsets[text],
            columns: width, into: means + text * width)
        }
      }
    }
    var pooled = means
    kernels.l2Normalize(means, rows: count, columns: width, into: &pooled)
    let weight = PackedMatrix(
      rows: labelCount, columns: width, values: Array(parameters[layout.headWeight]))
    var logits = [Float](repeating: 0, count: count * labelCount)
    kernels.linear(pooled, rows: count, weight: weight, into: &logits)
    for text in 0..<count {
      for label in 0..<labelCount {
        logits[text * labelCount + label] =
          logits[text * labelCount + label] * ExpertTrainer.headScale
          + parameters[layout.headBias.lowerBound + label]
      }
    }
    let (loss, dLogits) = Self.crossEntropy(
      logits, labels: labels, labelCount: labelCount, smoothing: smoothing, scale: scale)
    self.loss = loss
    var scaled = dLogits
    for index in scaled.indices { scaled[index] *= ExpertTrainer.headScale }
    gradients.withUnsafeMutableBufferPointer { gradients in
      guard let base = gradients.baseAddress else { return }
      var ignored = [Float](repeating: 0, count: labelCount)
      backward.addWeightGradient(
        x: pooled, inputs: width, dy: scaled, outputs: labelCount, rows: count,
        dWeight: base + layout.headWeight.lowerBound, dBias: &ignored)
      for text in 0..<count {
        for label in 0..<labelCount {
          base[layout.headBias.lowerBound + label] += dLogits[text * labelCount + label]
        }
      }
    }
    var dPooled = [Float](repeating: 0, count: count * width)
    kernels.linear(scaled, rows: count, weight: weight.transposed(), into: &dPooled)
    backward.l2NormalizeBackward(x: means, dy: dPooled, rows: count, columns: width, dx: &dPooled)
    var dHidden = [Float](repeating: 0, count: hidden.count)
    for text in 0..<count {
      let rows = offsets[text]..<offsets[text + 1]
      let share = 1 / Float(max(1, rows.count))
      for row in rows {
        for column in 0..<width {
          dHidden[row * width + column] = dPooled[text * width + column] * share
        }
      }
    }
    self.dHidden = dHidden
  }

  /// The loss summed over texts, and the gradient of the logits times `scale`.
  static func crossEntropy(
    _ logits: [Float], labels: [Int], labelCount: Int, smoothing: Float, scale: Float
  ) -> (loss: Double, dLogits: [Float]) {
    var dLogits = logits
    var loss = 0.0
    for (text, label) in labels.enumerated() {
      let terms = (0..<labelCount).map { Double(logits[text * labelCount + $0]) }
      let total = Elementary.logSumExp(terms)
      for candidate in 0..<labelCount {
        let target =
          Double(smoothing) / Double(labelCount)
          + (candidate == label ? 1 - Double(smoothing) : 0)
        loss += target * (total - terms[candidate])
        dLogits[text * labelCount + candidate] =
          Float(Elementary.exp(terms[candidate] - total) - target) * scale
      }
    }
    return (loss, dLogits)
  }
}
