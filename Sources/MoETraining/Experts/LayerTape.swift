import MoEModel
import MoETensor

/// What one encoder layer did to one shard, kept for the way back.
///
/// The forward pass computes what `Encoder.layer` computes, in the same order; it differs in what it keeps.
struct LayerTape {
  private let input: [Float]
  private let queryKeyValue: [Float]
  /// What entered the attention's layer norm.
  private let attentionSum: [Float]
  private let attended: [Float]
  private let preactivation: [Float]
  private let experts: ExpertTape
  /// What entered the output's layer norm.
  private let outputSum: [Float]
  /// What the layer gave, `[N, D]`.
  let output: [Float]

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
      var y = [Float](repeating: 0, count: rows * map.weight.rows)
      kernels.linear(x, rows: rows, weight: map.weight, bias: map.bias, into: &y)
      return y
    }
    func normalize(_ x: [Float], _ norm: LayerNormWeights) -> [Float] {
      var y = x
      kernels.layerNorm(
        x, rows: rows, columns: width, gain: norm.gain, bias: norm.bias,
        epsilon: configuration.layerNormEpsilon, into: &y)
      return y
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
    let attended = normalize(attentionSum, weights.attentionNorm)
    let preactivation = linear(attended, weights.up)
    var inner = preactivation
    kernels.gelu(preactivation, count: preactivation.count, into: &inner)
    var outputSum = linear(inner, weights.down)
    for index in outputSum.indices { outputSum[index] += attended[index] }
    experts = ExpertTape(layer, attended, to: &outputSum, width: width, kernels: kernels)
    output = normalize(outputSum, weights.outputNorm)
    self.input = input
    self.queryKeyValue = queryKeyValue
    self.attentionSum = attentionSum
    self.attended = attended
    self.preactivation = preactivation
    self.outputSum = outputSum
  }

  /// What a way back needs besides the tape.
  struct Context {
    let encoder: Encoder
    let frozen: FrozenLayer
    let layer: ExpertLayer
    let position: Int
    let layout: ExpertLayout
    let balance: Float
    let backward: BackwardKernels
  }

  /// Goes back through the layer.
  ///
  /// - Parameters:
  ///   - dOutput: The gradient of the layer's output, `[N, D]`.
  ///   - index: The layer.
  ///   - offsets: Where each sequence starts, and after the last one N.
  ///   - wantsInput: Whether the gradient of the layer's input is needed.
  ///   - context: The weights and kernels.
  ///   - gradients: The gradients of the parameters, added to.
  /// - Returns: The gradient of the layer's input; empty when it is not wanted.
  func backward(
    _ dOutput: [Float], index: Int, offsets: [Int], wantsInput: Bool, context: Context,
    gradients: inout [Float]
  ) -> [Float] {
    let encoder = context.encoder
    let weights = encoder.weights.layers[index]
    let width = encoder.width
    let rows = input.count / width
    func linear(_ dy: [Float], _ weight: PackedMatrix) -> [Float] {
      var dx = [Float](repeating: 0, count: rows * weight.rows)
      encoder.kernels.linear(dy, rows: rows, weight: weight, into: &dx)
      return dx
    }
    func normalizeBackward(_ x: [Float], _ dy: [Float], _ norm: LayerNormWeights) -> [Float] {
      var dx = dy
      var dGain = [Float](repeating: 0, count: width)
      var dBias = dGain
      context.backward.layerNormBackward(
        x: x, dy: dy, rows: rows, columns: width, gain: norm.gain,
        epsilon: encoder.configuration.layerNormEpsilon, dx: &dx, dGain: &dGain, dBias: &dBias)
      return dx
    }
    let dSum = normalizeBackward(outputSum, dOutput, weights.outputNorm)
    var dAttended = dSum
    if wantsInput {
      var dInner = linear(dSum, context.frozen.down)
      context.backward.geluBackward(
        x: preactivation, dy: dInner, count: dInner.count, dx: &dInner)
      add(linear(dInner, context.frozen.up), to: &dAttended)
    }
    experts.backward(
      dy: dSum, da: &dAttended, layer: context.layer, position: context.position,
      layout: context.layout, gradients: &gradients, balance: context.balance,
      backward: context.backward)
    guard wantsInput else { return [] }
    var dInput = normalizeBackward(attentionSum, dAttended, weights.attentionNorm)
    let dContext = linear(dInput, context.frozen.attentionOutput)
    let dQueryKeyValue = attentionBackward(
      dContext, offsets: offsets, encoder: encoder, backward: context.backward)
    add(linear(dQueryKeyValue, context.frozen.queryKeyValue), to: &dInput)
    return dInput
  }

  private func attentionBackward(
    _ dContext: [Float], offsets: [Int], encoder: Encoder, backward: BackwardKernels
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
