import MoEModel
import MoETensor

/// The features of one shard as its experts make them, and the way back from them into the layers.
///
/// The blocks of pooled layers under the first expert layer are the trunk's and get no gradient.
struct FeaturePass {
  /// f, `[texts, G]`.
  let features: [Float]
  /// The means over tokens before normalisation, `[texts, D]`, by the position of the layer among the tapes.
  private let means: [Int: [Float]]
  private let first: Int
  private let offsets: [Int]
  private let encoder: Encoder

  /// Pools what the layers gave.
  ///
  /// - Parameters:
  ///   - trunk: The trunk's features of the same texts.
  ///   - tapes: The layers from the first one with experts.
  ///   - first: That layer.
  ///   - offsets: Where each text starts, and after the last one N.
  ///   - encoder: The backbone's transformer.
  init(trunk: [Float], tapes: [LayerTape], first: Int, offsets: [Int], encoder: Encoder) {
    self.first = first
    self.offsets = offsets
    self.encoder = encoder
    var features = trunk
    var means: [Int: [Float]] = [:]
    let (width, stride) = (encoder.width, encoder.featureWidth)
    for (block, layer) in encoder.configuration.pooledLayers.enumerated() where layer >= first {
      var pooled = [Float](repeating: 0, count: max(0, offsets.count - 1) * width)
      var normal = pooled
      tapes[layer - first].output.withUnsafeBufferPointer { hidden in
        pooled.withUnsafeMutableBufferPointer { pooled in
          guard let hidden = hidden.baseAddress, let pooled = pooled.baseAddress else { return }
          for text in 0..<offsets.count - 1 {
            encoder.kernels.meanPool(
              hidden + offsets[text] * width, rows: offsets[text + 1] - offsets[text],
              columns: width, into: pooled + text * width)
          }
        }
      }
      encoder.kernels.l2Normalize(pooled, rows: offsets.count - 1, columns: width, into: &normal)
      for text in 0..<offsets.count - 1 {
        let into = text * stride + block * width
        for column in 0..<width { features[into + column] = normal[text * width + column] }
      }
      means[layer - first] = pooled
    }
    self.features = features
    self.means = means
  }

  /// Adds the gradient of what the layer at `position` gave, `[N, D]`, to `dHidden`.
  func backward(
    _ dFeatures: [Float], position: Int, to dHidden: inout [Float], backward: BackwardKernels
  ) {
    guard let means = means[position],
      let block = encoder.configuration.pooledLayers.firstIndex(of: first + position)
    else { return }
    let (width, stride) = (encoder.width, encoder.featureWidth)
    let count = offsets.count - 1
    var dPooled: [Float] = []
    for text in 0..<count {
      let start = text * stride + block * width
      dPooled.append(contentsOf: dFeatures[start..<start + width])
    }
    backward.l2NormalizeBackward(x: means, dy: dPooled, rows: count, columns: width, dx: &dPooled)
    for text in 0..<count {
      let rows = offsets[text]..<offsets[text + 1]
      let share = 1 / Float(max(1, rows.count))
      for row in rows {
        for column in 0..<width {
          dHidden[row * width + column] += dPooled[text * width + column] * share
        }
      }
    }
  }
}
