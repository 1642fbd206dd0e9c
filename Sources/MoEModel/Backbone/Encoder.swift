public import MoEBase
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

  /// The same encoder in full precision.
  ///
  /// - Throws: What reading its weights throws, the first time.
  func inFullPrecision() throws -> Encoder {
    Encoder(
      configuration: configuration, weights: try weights.inFullPrecision(), kernels: kernels)
  }

  /// The number of layers.
  public var layerCount: Int { configuration.layerCount }
  /// D.
  public var width: Int { configuration.width }
  /// The precision of the linear maps.
  public var precision: Precision { weights.precision }
  /// G, the width of the features: D for each of the pooled layers.
  public var featureWidth: Int { configuration.featureWidth }

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
    normalize(hidden, rows: batch.tokenCount, by: weights.embeddingNorm, workspace)
  }

  /// Runs one layer in place over `workspace.hidden`.
  ///
  /// - Parameters:
  ///   - index: The layer.
  ///   - offsets: Where each sequence starts, and after the last one N.
  ///   - experts: The experts of one pack in this layer, for every row, if it has any.
  ///   - workspace: The worker's buffers.
  public func layer(
    _ index: Int, offsets: [Int], experts: ExpertLayer?, workspace: EncoderWorkspace
  ) {
    slot(index, offsets: offsets, workspace: workspace)
    finish(
      index, offsets: offsets, experts: experts.map { [($0, 0..<(offsets.last ?? 0))] } ?? [],
      workspace: workspace)
  }

  /// Adds experts to what ``slot(_:offsets:workspace:)`` left, and ends the layer with its layer norm.
  ///
  /// - Parameters:
  ///   - index: The layer.
  ///   - offsets: Where each sequence starts, and after the last one N.
  ///   - experts: The experts of this layer, each pack's with the rows that are its own.
  ///   - workspace: The worker's buffers.
  public func finish(
    _ index: Int, offsets: [Int], experts: [(layer: ExpertLayer, rows: Range<Int>)] = [],
    workspace: EncoderWorkspace
  ) {
    let rows = offsets.last ?? 0
    let hidden = workspace.hidden.reserve(rows * width)
    let attended = workspace.attended.reserve(rows * width)
    for (layer, own) in experts {
      let first = own.lowerBound * width
      layer.add(
        attended + first, to: hidden + first, rows: own.count, kernels: kernels,
        workspace: workspace)
    }
    normalize(hidden, rows: rows, by: weights.layers[index].outputNorm, workspace)
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
    linear(
      hidden, rows: rows, layer.queryKeyValue, epilogue: .none, into: queryKeyValue, workspace)
    for sequence in 0..<max(0, offsets.count - 1) {
      let start = offsets[sequence]
      attend(
        queryKeyValue + start * 3 * width, tokens: offsets[sequence + 1] - start,
        into: context + start * width, workspace: workspace)
    }
    // What a row becomes from here on needs no other row: some at a time, which stay in the cache.
    for first in stride(from: 0, to: rows, by: Self.rowsAtATime) {
      let count = min(Self.rowsAtATime, rows - first)
      let context = context + first * width
      let hidden = hidden + first * width
      let attended = attended + first * width
      let inner = workspace.inner.reserve(count * configuration.feedForwardWidth)
      linear(
        context, rows: count, layer.attentionOutput, epilogue: .add(hidden), into: attended,
        workspace)
      normalize(attended, rows: count, by: layer.attentionNorm, workspace)
      linear(attended, rows: count, layer.up, epilogue: .gelu, into: inner, workspace)
      linear(inner, rows: count, layer.down, epilogue: .add(attended), into: hidden, workspace)
    }
  }

  /// A multiple of the rows that the kernels take at a time.
  private static let rowsAtATime = 72

  /// Pools `workspace.hidden` into the features where `layer` is one of the pooled layers.
  ///
  /// ```
  /// features(x) = [z_l(x) : l pooled]      z_l(x) = L2-normalised mean over tokens of what layer l gave
  /// ```
  ///
  /// The last block, of the last layer, is the base embedding z(x). Devlin et al. (2019), §5.3, concatenate hidden
  /// layers as frozen features too; here they are pooled and normalised layer by layer.
  ///
  /// - Parameters:
  ///   - layer: The layer that was just run.
  ///   - offsets: Where each sequence starts, and after the last one N.
  ///   - features: `[sequences, G]` or longer, of which this layer's block is written.
  ///   - workspace: The worker's buffers.
  public func pool(
    _ layer: Int, offsets: [Int], into features: inout [Float], workspace: EncoderWorkspace
  ) {
    guard let block = configuration.pooledLayers.firstIndex(of: layer) else { return }
    let hidden = workspace.hidden.reserve((offsets.last ?? 0) * width)
    let stride = featureWidth
    precondition(features.count >= max(0, offsets.count - 1) * stride, "G features a sequence")
    features.withUnsafeMutableBufferPointer { features in
      guard let base = features.baseAddress else { return }
      for sequence in 0..<max(0, offsets.count - 1) {
        let start = offsets[sequence]
        let into = base + sequence * stride + block * width
        kernels.meanPool(
          hidden + start * width, rows: offsets[sequence + 1] - start, columns: width, into: into)
        kernels.l2Normalize(into, columns: width, into: into)
      }
    }
  }

  /// The features of texts, `[count, G]`; see ``pool(_:offsets:into:workspace:)``.
  ///
  /// - Throws: Whatever reading the mapped weights throws.
  func features(
    _ encodings: [Encoding], pool threads: ThreadPool, progress: (@Sendable (Int) -> Void)?
  ) throws -> [Float] {
    let results = try threads.mapShards(encodings) { shard, workspace in
      let batch = RaggedBatch(shard.map { encodings[$0].ids })
      var features = [Float](repeating: 0, count: shard.count * featureWidth)
      try embed(batch, workspace: workspace)
      for layer in 0..<layerCount {
        self.layer(layer, offsets: batch.offsets, experts: nil, workspace: workspace)
        pool(layer, offsets: batch.offsets, into: &features, workspace: workspace)
      }
      progress?(shard.count)
      return features
    }
    return results.flatMap(\.self)
  }

  private func attend(
    _ queryKeyValue: UnsafePointer<Float>, tokens: Int, into context: UnsafeMutablePointer<Float>,
    workspace: EncoderWorkspace
  ) {
    let heads = configuration.headCount
    let headWidth = configuration.headWidth
    let count = Kernels.attentionWorkspaceCount(tokens: tokens, headWidth: headWidth)
    let scratch = workspace.attention.reserve(count * (workspace.team == nil ? 1 : heads))
    workspace.team.share(heads) { part in
      let first = queryKeyValue + part.lowerBound * headWidth
      kernels.attention(
        queries: first, keys: first + width, values: first + 2 * width, stride: 3 * width,
        tokens: tokens, heads: part.count, headWidth: headWidth,
        into: context + part.lowerBound * headWidth, outputStride: width,
        workspace: scratch + part.lowerBound * count)
    }
  }

  private func linear(
    _ x: UnsafePointer<Float>, rows: Int, _ map: LinearWeights, epilogue: LinearEpilogue,
    into y: UnsafeMutablePointer<Float>, _ workspace: EncoderWorkspace
  ) {
    map.bias.withUnsafeBufferPointer { bias in
      kernels.linear(
        x, rows: rows, weight: map.weight, bias: bias.baseAddress, epilogue: epilogue, into: y,
        scratch: workspace.reduced, team: workspace.team)
    }
  }

  private func normalize(
    _ x: UnsafeMutablePointer<Float>, rows: Int, by norm: LayerNormWeights,
    _ workspace: EncoderWorkspace
  ) {
    norm.gain.withUnsafeBufferPointer { gain in
      norm.bias.withUnsafeBufferPointer { bias in
        guard let gain = gain.baseAddress, let bias = bias.baseAddress else { return }
        workspace.team.share(rows) { part in
          let x = x + part.lowerBound * width
          kernels.layerNorm(
            x, rows: part.count, columns: width, gain: gain, bias: bias,
            epsilon: configuration.layerNormEpsilon, into: x)
        }
      }
    }
  }
}
