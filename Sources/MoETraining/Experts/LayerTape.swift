import MoEModel
import MoETensor

/// What one encoder layer did to one shard, kept for the way back.
///
/// The forward pass computes what `Encoder.layer` computes, in the same order; it differs in what it keeps.
struct LayerTape {
  /// What stands before the experts: absent in the first layer, whose gradients end at the experts.
  private struct Frozen {
    let queryKeyValue: [Float]
    /// What entered the attention's layer norm.
    let attentionSum: [Float]
    /// What entered the GELU of the backbone's feed-forward network.
    let preactivation: [Float]
  }

  private let frozen: Frozen?
  let experts: ExpertTape
  /// What entered the output's layer norm.
  private let outputSum: [Float]
  /// What the layer gave, `[N, D]`.
  let output: [Float]

  /// Runs the experts of the first layer over its kept slot.
  init(
    _ index: Int, attended: [Float], sums: [Float], experts layer: ExpertLayer, encoder: Encoder
  ) {
    self.init(
      index, frozen: nil, attended: attended, sums: sums, experts: layer, encoder: encoder)
  }

  private init(
    _ index: Int, frozen: Frozen?, attended: [Float], sums: [Float], experts layer: ExpertLayer,
    encoder: Encoder
  ) {
    var outputSum = sums
    experts = ExpertTape(
      layer, attended, to: &outputSum, width: encoder.width, kernels: encoder.kernels)
    output = Self.normalize(outputSum, encoder.weights.layers[index].outputNorm, encoder: encoder)
    self.outputSum = outputSum
    self.frozen = frozen
  }

  private static func normalize(
    _ x: [Float], _ norm: LayerNormWeights, encoder: Encoder
  ) -> [Float] {
    [Float](count: x.count) { y in
      encoder.kernels.layerNorm(
        x, rows: x.count / encoder.width, columns: encoder.width, gain: norm.gain, bias: norm.bias,
        epsilon: encoder.configuration.layerNormEpsilon, into: y)
    }
  }

  /// Runs one layer with experts.
  init(
    _ index: Int, input: [Float], offsets: [Int], experts layer: ExpertLayer, encoder: Encoder
  ) {
    let kernels = encoder.kernels
    let width = encoder.width
    let configuration = encoder.configuration
    let weights = encoder.weights.layers[index]
    let rows = input.count / width
    func linear(_ x: [Float], _ map: LinearWeights) -> [Float] {
      [Float](count: rows * map.weight.packed.rows) { y in
        kernels.linear(x, rows: rows, weight: map.weight.packed, bias: map.bias, into: y)
      }
    }
    let queryKeyValue = linear(input, weights.queryKeyValue)
    var context = [Float](repeating: 0, count: rows * width)
    Self.eachSequence(offsets) { start, tokens in
      var scratch = [Float](
        repeating: 0,
        count: Kernels.attentionWorkspaceCount(tokens: tokens, headWidth: configuration.headWidth))
      queryKeyValue.withUnsafeBufferPointer { source in
        context.withUnsafeMutableBufferPointer { context in
          guard let source = source.baseAddress, let context = context.baseAddress else { return }
          let first = source + start * 3 * width
          kernels.attention(
            queries: first, keys: first + width, values: first + 2 * width, stride: 3 * width,
            tokens: tokens, heads: configuration.headCount, headWidth: configuration.headWidth,
            into: context + start * width, workspace: &scratch)
        }
      }
    }
    var attentionSum = linear(context, weights.attentionOutput)
    for index in attentionSum.indices { attentionSum[index] += input[index] }
    let attended = Self.normalize(attentionSum, weights.attentionNorm, encoder: encoder)
    let preactivation = linear(attended, weights.up)
    let inner = [Float](count: preactivation.count) { inner in
      kernels.gelu(preactivation, count: preactivation.count, into: inner)
    }
    var sums = linear(inner, weights.down)
    for index in sums.indices { sums[index] += attended[index] }
    self.init(
      index,
      frozen: Frozen(
        queryKeyValue: queryKeyValue, attentionSum: attentionSum, preactivation: preactivation),
      attended: attended, sums: sums, experts: layer, encoder: encoder)
  }

  /// What a way back needs besides the tape.
  struct Context {
    let encoder: Encoder
    let frozen: FrozenLayer
    let layer: ExpertLayer
    let position: Int
    let layout: ExpertLayout
    let losses: RouterLosses
    let backward: BackwardKernels
  }

  /// Goes back through the layer.
  ///
  /// - Parameters:
  ///   - dOutput: The gradient of the layer's output, `[N, D]`.
  ///   - index: The layer.
  ///   - offsets: Where each sequence starts, and after the last one N.
  ///   - context: The weights and kernels.
  ///   - gradients: The gradients of the parameters, added to.
  /// - Returns: The gradient of the layer's input; empty for the first layer.
  func backward(
    _ dOutput: [Float], index: Int, offsets: [Int], context: Context, gradients: inout [Float]
  ) -> [Float] {
    let encoder = context.encoder
    let weights = encoder.weights.layers[index]
    let width = encoder.width
    let rows = outputSum.count / width
    func linear(_ dy: [Float], _ weight: PackedMatrix) -> [Float] {
      [Float](count: rows * weight.rows) { dx in
        encoder.kernels.linear(dy, rows: rows, weight: weight, into: dx)
      }
    }
    func normalizeBackward(_ x: [Float], _ dy: [Float], _ norm: LayerNormWeights) -> [Float] {
      var dGain = [Float](repeating: 0, count: width)
      var dBias = dGain
      return [Float](count: dy.count) { dx in
        context.backward.layerNormBackward(
          x: x, dy: dy, rows: rows, columns: width, gain: norm.gain,
          epsilon: encoder.configuration.layerNormEpsilon, dx: dx, dGain: &dGain, dBias: &dBias)
      }
    }
    let dSum = normalizeBackward(outputSum, dOutput, weights.outputNorm)
    var dAttended = dSum
    if let frozen {
      var dInner = linear(dSum, context.frozen.down)
      context.backward.geluBackward(
        x: frozen.preactivation, dy: dInner, count: dInner.count, dx: &dInner)
      add(linear(dInner, context.frozen.up), to: &dAttended)
    }
    experts.backward(
      dy: dSum, da: &dAttended, layer: context.layer, position: context.position,
      layout: context.layout, gradients: &gradients, losses: context.losses,
      backward: context.backward)
    guard let frozen else { return [] }
    var dInput = normalizeBackward(frozen.attentionSum, dAttended, weights.attentionNorm)
    let dContext = linear(dInput, context.frozen.attentionOutput)
    let dQueryKeyValue = attentionBackward(
      dContext, queryKeyValue: frozen.queryKeyValue, offsets: offsets, encoder: encoder,
      backward: context.backward)
    add(linear(dQueryKeyValue, context.frozen.queryKeyValue), to: &dInput)
    return dInput
  }

  private func attentionBackward(
    _ dContext: [Float], queryKeyValue: [Float], offsets: [Int], encoder: Encoder,
    backward: BackwardKernels
  ) -> [Float] {
    let width = encoder.width
    var result = [Float](repeating: 0, count: queryKeyValue.count)
    Self.eachSequence(offsets) { start, tokens in
      var scratch = [Float](
        repeating: 0, count: BackwardKernels.attentionWorkspaceCount(tokens: tokens))
      queryKeyValue.withUnsafeBufferPointer { source in
        dContext.withUnsafeBufferPointer { slope in
          result.withUnsafeMutableBufferPointer { result in
            guard let source = source.baseAddress, let slope = slope.baseAddress,
              let result = result.baseAddress
            else { return }
            let (first, into) = (source + start * 3 * width, result + start * 3 * width)
            backward.attentionBackward(
              queries: first, keys: first + width, values: first + 2 * width, stride: 3 * width,
              tokens: tokens, heads: encoder.configuration.headCount,
              headWidth: encoder.configuration.headWidth, dy: slope + start * width,
              dQueries: into, dKeys: into + width, dValues: into + 2 * width, workspace: &scratch)
          }
        }
      }
    }
    return result
  }

  private func add(_ x: [Float], to y: inout [Float]) {
    for index in y.indices { y[index] += x[index] }
  }

  private static func eachSequence(_ offsets: [Int], _ body: (Int, Int) -> Void) {
    for (start, end) in zip(offsets, offsets.dropFirst()) where end > start {
      body(start, end - start)
    }
  }
}
