import MoEModel
import MoETensor

/// The head over the features of one shard: loss, its gradients, and the slope that goes back into the features.
///
/// ```
/// logits = scale · V f + b
/// loss = −Σ_c t_c log softmax(logits)_c     t = (1 − s) · onehot + s / L
/// ```
struct HeadPass {
  /// The summed loss of the shard, in nats.
  let loss: Double
  /// The gradient of the features, `[texts, G]`.
  let dFeatures: [Float]

  init(
    _ features: [Float], labels: [Int], parameters: [Float], layout: ExpertLayout,
    smoothing: Float, scale: Float, backward: BackwardKernels, gradients: inout [Float]
  ) {
    let width = layout.featureWidth
    let count = labels.count
    let labelCount = layout.labelCount
    let kernels = backward.kernels
    let weight = PackedMatrix(
      rows: labelCount, columns: width, values: Array(parameters[layout.headWeight]))
    var logits = [Float](repeating: 0, count: count * labelCount)
    kernels.linear(features, rows: count, weight: weight, into: &logits)
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
        x: features, inputs: width, dy: scaled, outputs: labelCount, rows: count,
        dWeight: base + layout.headWeight.lowerBound, dBias: &ignored)
      for text in 0..<count {
        for label in 0..<labelCount {
          base[layout.headBias.lowerBound + label] += dLogits[text * labelCount + label]
        }
      }
    }
    var dFeatures = [Float](repeating: 0, count: count * width)
    kernels.linear(scaled, rows: count, weight: weight.transposed(), into: &dFeatures)
    self.dFeatures = dFeatures
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
