import SafeTensors
public import MoETensor

/// A BERT encoder over ragged batches: no padding, no masks, bits that do not depend on the batch.
///
/// ```
/// x₀ = LN(word[id] + position[t] + type₀)
/// a  = LN(x + W_o attention(W_qkv x))
/// x' = LN(a + W_down gelu(W_up a) + Σ_e w_e E_e(a))
/// ```
///
/// Shapes: hidden states are `[N, D]`, N the tokens of all sequences, laid end to end.
///
/// Reference: Devlin et al., *BERT* (2019), arXiv:1810.04805. The last term is the pack's, absent in the trunk.
public struct Encoder: Sendable {
  /// The shape of the model.
  public let configuration: EncoderConfiguration
  /// The weights.
  public let weights: EncoderWeights
  /// The kernels it runs on.
  public let kernels: Kernels

  /// Makes an encoder of weights that fit the configuration.
  public init(configuration: EncoderConfiguration, weights: EncoderWeights, kernels: Kernels) {
    self.configuration = configuration
    self.weights = weights
    self.kernels = kernels
  }

  /// The number of layers.
  public var layerCount: Int { configuration.layerCount }
  /// D.
  public var width: Int { configuration.width }

  /// Writes the embeddings of a batch to `workspace.hidden`.
  ///
  /// - Precondition: Every id is below the vocabulary size, every sequence within the positions.
  public func embed(_ batch: RaggedBatch, workspace: EncoderWorkspace) throws {
    let width = self.width
    let hidden = workspace.hidden.reserve(batch.tokenCount * width)
    let words = try weights.file.floats(
      EncoderWeights.wordEmbeddings, shape: [configuration.vocabularySize, width])
    let positions = try weights.file.floats(
      EncoderWeights.positionEmbeddings, shape: [configuration.positionCount, width])
    for sequence in 0..<batch.sequenceCount {
      let rows = batch.rows(sequence)
      precondition(rows.count <= configuration.positionCount, "a sequence beyond the positions")
      for row in rows {
        let id = Int(batch.ids[row])
        precondition(id >= 0 && id < configuration.vocabularySize, "an id beyond the vocabulary")
        let word = id * width
        let position = (row - rows.lowerBound) * width
        let into = hidden + row * width
        for column in 0..<width {
          into[column] =
            (words[word + column] + weights.tokenType[column]) + positions[position + column]
        }
      }
    }
    normalize(hidden, rows: batch.tokenCount, by: weights.embeddingNorm)
  }

  /// Runs one layer in place over `workspace.hidden`.
  ///
  /// - Parameters:
  ///   - index: The layer.
  ///   - offsets: Where each sequence starts, and after the last one N.
  ///   - experts: The experts of one pack in this layer, if it has any.
  ///   - workspace: The worker's buffers.
  public func layer(
    _ index: Int, offsets: [Int], experts: ExpertLayer?, workspace: EncoderWorkspace
  ) {
    slot(index, offsets: offsets, workspace: workspace)
    finish(index, offsets: offsets, experts: experts, workspace: workspace)
  }

  /// Adds the experts to what ``slot(_:offsets:workspace:)`` left, and ends the layer with its layer norm.
  public func finish(
    _ index: Int, offsets: [Int], experts: ExpertLayer?, workspace: EncoderWorkspace
  ) {
    let rows = offsets.last ?? 0
    let hidden = workspace.hidden.reserve(rows * width)
    experts?.add(
      workspace.attended.reserve(rows * width), to: hidden, rows: rows, kernels: kernels,
      workspace: workspace)
    normalize(hidden, rows: rows, by: weights.layers[index].outputNorm)
  }

  /// Runs one layer up to its FFN slot, which packs add to.
  ///
  /// Leaves what enters the slot in `workspace.attended`, and in `workspace.hidden` the residual with the
  /// backbone's own feed-forward network, before experts and layer norm.
  public func slot(_ index: Int, offsets: [Int], workspace: EncoderWorkspace) {
    let layer = weights.layers[index]
    let rows = offsets.last ?? 0
    let hidden = workspace.hidden.reserve(rows * width)
    let queryKeyValue = workspace.queryKeyValue.reserve(rows * 3 * width)
    let context = workspace.context.reserve(rows * width)
    let attended = workspace.attended.reserve(rows * width)
    linear(hidden, rows: rows, layer.queryKeyValue, epilogue: .none, into: queryKeyValue)
    for sequence in 0..<max(0, offsets.count - 1) {
      let start = offsets[sequence]
      attend(
        queryKeyValue + start * 3 * width, tokens: offsets[sequence + 1] - start,
        into: context + start * width, workspace: workspace)
    }
    linear(context, rows: rows, layer.attentionOutput, epilogue: .add(hidden), into: attended)
    normalize(attended, rows: rows, by: layer.attentionNorm)
    let inner = workspace.inner.reserve(rows * configuration.feedForwardWidth)
    linear(attended, rows: rows, layer.up, epilogue: .gelu, into: inner)
    linear(inner, rows: rows, layer.down, epilogue: .add(attended), into: hidden)
  }

  /// The L2-normalised mean over tokens of `workspace.hidden`, `[sequences, D]`.
  public func pool(offsets: [Int], workspace: EncoderWorkspace) -> [Float] {
    let hidden = workspace.hidden.reserve((offsets.last ?? 0) * width)
    let count = max(0, offsets.count - 1)
    return [Float](unsafeUninitializedCapacity: count * width) { buffer, initialized in
      guard let base = buffer.baseAddress else { return }
      for sequence in 0..<count {
        let start = offsets[sequence]
        let into = base + sequence * width
        kernels.meanPool(
          hidden + start * width, rows: offsets[sequence + 1] - start, columns: width, into: into)
        kernels.l2Normalize(into, columns: width, into: into)
      }
      initialized = count * width
    }
  }

  private func attend(
    _ queryKeyValue: UnsafePointer<Float>, tokens: Int, into context: UnsafeMutablePointer<Float>,
    workspace: EncoderWorkspace
  ) {
    let scratch = workspace.attention.reserve(
      Kernels.attentionWorkspaceCount(tokens: tokens, headWidth: configuration.headWidth))
    kernels.attention(
      queries: queryKeyValue, keys: queryKeyValue + width, values: queryKeyValue + 2 * width,
      stride: 3 * width, tokens: tokens, heads: configuration.headCount,
      headWidth: configuration.headWidth, into: context, workspace: scratch)
  }

  private func linear(
    _ x: UnsafePointer<Float>, rows: Int, _ map: LinearWeights, epilogue: LinearEpilogue,
    into y: UnsafeMutablePointer<Float>
  ) {
    map.bias.withUnsafeBufferPointer { bias in
      kernels.linear(
        x, rows: rows, weight: map.weight, bias: bias.baseAddress, epilogue: epilogue, into: y)
    }
  }

  private func normalize(
    _ x: UnsafeMutablePointer<Float>, rows: Int, by norm: LayerNormWeights
  ) {
    norm.gain.withUnsafeBufferPointer { gain in
      norm.bias.withUnsafeBufferPointer { bias in
        guard let gain = gain.baseAddress, let bias = bias.baseAddress else { return }
        kernels.layerNorm(
          x, rows: rows, columns: width, gain: gain, bias: bias,
          epsilon: configuration.layerNormEpsilon, into: x)
      }
    }
  }
}
