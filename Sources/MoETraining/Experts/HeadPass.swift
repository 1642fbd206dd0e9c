import MoEModel
import MoETensor

/// The head over the features of one shard: loss, its gradients, and the slope that goes back into the features.
///
/// ```
/// logits = scale · V f + b
/// loss = that of ``HeadTargets/loss(_:labelCount:smoothing:scale:)``
/// ```
struct HeadPass {
  /// The summed loss of the shard, in nats.
  let loss: Double
  /// The gradient of the features, `[texts, G]`.
  let dFeatures: [Float]

  init(
    _ features: [Float], targets: HeadTargets, parameters: [Float], layout: ExpertLayout,
    smoothing: Float, scale: Float, backward: BackwardKernels, gradients: inout [Float]
  ) {
    let width = layout.featureWidth
    let count = targets.count
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
    let (loss, dLogits) = targets.loss(
      logits, labelCount: labelCount, smoothing: smoothing, scale: scale)
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
}
