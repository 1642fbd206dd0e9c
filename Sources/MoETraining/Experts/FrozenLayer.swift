import MoEModel
import MoETensor

/// The matrices of one frozen layer, transposed, through which gradients of activations flow back.
///
/// `dx = dy · W` is a linear map of `dy` by `Wᵀ`, so it runs on the same kernels as the forward pass.
struct FrozenLayer: Sendable {
  /// `[D, 3 D]`.
  let queryKeyValue: PackedMatrix
  /// `[D, D]`.
  let attentionOutput: PackedMatrix
  /// `[D, F]`.
  let up: PackedMatrix
  /// `[F, D]`.
  let down: PackedMatrix

  init(_ index: Int, encoder: Encoder) {
    let weights = encoder.weights.layers[index]
    queryKeyValue = weights.queryKeyValue.weight.packed.transposed()
    attentionOutput = weights.attentionOutput.weight.packed.transposed()
    up = weights.up.weight.packed.transposed()
    down = weights.down.weight.packed.transposed()
  }
}
