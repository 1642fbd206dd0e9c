public import MoETensor

/// New tokens of one sequence.
public struct DecoderSequence {
  /// The sequence so far; receives the new tokens.
  public let cache: KeyValueCache
  /// The new tokens, at least one.
  public let ids: [Int32]
  /// The experts of the one pack that answers this sequence, by layer; `nil` for the backbone alone.
  public let experts: [Int: SparseNetwork]?

  /// Makes a request for one pass.
  public init(cache: KeyValueCache, ids: [Int32], experts: [Int: SparseNetwork]? = nil) {
    self.cache = cache
    self.ids = ids
    self.experts = experts
  }
}

/// A causal language model: a decoder with, in some layers, experts behind routers; weights mapped, shared.
///
/// The bits of a token's states depend on the tokens before it in its sequence and on nothing else: not on
/// the batch, the threads, or how a prompt was cut into passes.
public struct Decoder: Sendable {
  /// What it is.
  public let architecture: DecoderArchitecture
  /// The kernels everything runs on.
  public let kernels: Kernels
  let weights: DecoderWeights
  private let shapes: [CachedAttentionShape]

  init(architecture: DecoderArchitecture, weights: DecoderWeights, kernels: Kernels) {
    self.architecture = architecture
    self.weights = weights
    self.kernels = kernels
    let attention = architecture.attention
    shapes = attention.windows.map {
      CachedAttentionShape(
        heads: attention.headCount, keyHeads: attention.keyHeadCount,
        headWidth: attention.headWidth, window: $0, scale: attention.scale)
    }
  }

  /// An empty cache for a new sequence.
  public func makeCache() -> KeyValueCache { KeyValueCache(shapes: shapes) }

  /// Runs new tokens of some sequences through the model.
  ///
  /// - Parameters:
  ///   - sequences: Each with a cache of its own.
  ///   - pool: The threads that share the work; the bits do not depend on them.
  ///   - workspace: Buffers of the caller.
  ///   - observer: Told what the routers of the backbone did, layer by layer.
  /// - Returns: The final normalised states `[N, D]`, all sequences' tokens end to end; valid until the
  ///   workspace is used again.
  /// - Precondition: Ids are in the vocabulary, and no sequence outgrows the context.
  public func forward(
    _ sequences: [DecoderSequence], pool: ThreadPool, workspace: DecoderWorkspace,
    observer: ((RoutedRows) -> Void)? = nil
  ) -> UnsafePointer<Float> {
    let run = DecoderRun(pool: pool, kernels: kernels, workspace: workspace, observer: observer)
    let batch = RaggedBatch(sequences.map(\.ids))
    let count = batch.tokenCount
    let width = architecture.width
    let hidden = embed(batch, run: run)
    angles(sequences, run: run)
    let normed = workspace.normed.reserve(count * width)
    let output = workspace.output.reserve(count * width)
    for layer in 0..<architecture.layerCount {
      let own = weights.layers[layer]
      let isBefore = architecture.normPlacement == .before
      var input = UnsafePointer(hidden)
      if isBefore {
        normalize(hidden, rows: count, gain: own.attentionNorm, into: normed, run: run)
        input = UnsafePointer(normed)
      }
      attend(layer, input, sequences: sequences, batch: batch, into: output, run: run)
      if !isBefore {
        normalize(output, rows: count, gain: own.attentionNorm, into: output, run: run)
      }
      addResidual(output, rows: count, to: hidden)
      input = UnsafePointer(hidden)
      if isBefore {
        normalize(hidden, rows: count, gain: own.feedForwardNorm, into: normed, run: run)
        input = UnsafePointer(normed)
      }
      feedForward(layer, input, sequences: sequences, batch: batch, into: output, run: run)
      if !isBefore {
        normalize(output, rows: count, gain: own.feedForwardNorm, into: output, run: run)
      }
      addResidual(output, rows: count, to: hidden)
    }
    for sequence in sequences { sequence.cache.count += sequence.ids.count }
    normalize(hidden, rows: count, gain: weights.norm, into: normed, run: run)
    return UnsafePointer(normed)
  }

  /// The logits of some rows of final states.
  ///
  /// - Parameters:
  ///   - states: What ``forward(_:pool:workspace:observer:)`` returned.
  ///   - rows: Which rows.
  ///   - pool: The threads that share the work.
  ///   - workspace: The one of that pass.
  /// - Returns: `[rows.count, V]`, valid until the workspace is used again.
  public func logits(
    _ states: UnsafePointer<Float>, rows: [Int], pool: ThreadPool, workspace: DecoderWorkspace
  ) -> UnsafePointer<Float> {
    let run = DecoderRun(pool: pool, kernels: kernels, workspace: workspace)
    let width = architecture.width
    let gathered = workspace.gathered.reserve(rows.count * width)
    kernels.gather(states, columns: width, indices: rows, into: gathered)
    let count = rows.count * architecture.vocabularySize
    let logits = workspace.logits.reserve(count)
    run.linear(gathered, rows: rows.count, weight: weights.output, bias: nil, into: logits)
    if architecture.logitsDivisor != 1 {
      for index in 0..<count { logits[index] /= architecture.logitsDivisor }
    }
    return UnsafePointer(logits)
  }

  private func embed(_ batch: RaggedBatch, run: DecoderRun) -> UnsafeMutablePointer<Float> {
    let width = architecture.width
    let hidden = run.workspace.hidden.reserve(batch.tokenCount * width)
    for (row, id) in batch.ids.enumerated() {
      weights.embedding.unpack(row: Int(id), into: hidden + row * width)
    }
    if architecture.embeddingMultiplier != 1 {
      for index in 0..<batch.tokenCount * width {
        hidden[index] *= architecture.embeddingMultiplier
      }
    }
    return hidden
  }

  /// The cosines and sines of every token's position.
  private func angles(_ sequences: [DecoderSequence], run: DecoderRun) {
    let positions = sequences.flatMap { $0.cache.count..<$0.cache.count + $0.ids.count }
    let count = positions.count * architecture.attention.headWidth / 2
    architecture.rotary.angles(
      positions, cosines: run.workspace.cosines.reserve(count),
      sines: run.workspace.sines.reserve(count))
  }

  private func normalize(
    _ x: UnsafePointer<Float>, rows: Int, columns: Int? = nil, stride: Int? = nil, gain: [Float],
    into y: UnsafeMutablePointer<Float>, run: DecoderRun
  ) {
    let columns = columns ?? architecture.width
    gain.withUnsafeBufferPointer { buffer in
      guard let gain = buffer.baseAddress else { return }
      switch architecture.norm {
      case .rms(let epsilon):
        kernels.rmsNorm(
          x, rows: rows, columns: columns, stride: stride, gain: gain, epsilon: epsilon, into: y,
          outputStride: stride)
      case .layer(let epsilon):
        let zeros = run.workspace.router.reserve(columns)
        zeros.update(repeating: 0, count: columns)
        kernels.layerNorm(
          x, rows: rows, columns: columns, stride: stride, gain: gain, bias: zeros,
          epsilon: epsilon, into: y, outputStride: stride)
      }
    }
  }

  private func addResidual(
    _ output: UnsafePointer<Float>, rows: Int, to hidden: UnsafeMutablePointer<Float>
  ) {
    kernels.addScaled(
      architecture.residualMultiplier, output, count: rows * architecture.width, into: hidden)
  }

  private func attend(
    _ layer: Int, _ x: UnsafePointer<Float>, sequences: [DecoderSequence], batch: RaggedBatch,
    into y: UnsafeMutablePointer<Float>, run: DecoderRun
  ) {
    let own = weights.layers[layer]
    let shape = architecture.attention
    let count = batch.tokenCount
    let stride = shape.inputWidth
    let queries = run.workspace.queryKeyValue.reserve(count * stride)
    run.linear(
      x, rows: count, weight: own.attentionInput, bias: own.attentionInputBias, into: queries)
    prepare(queries, count: count, own: own, run: run)
    let keys = queries + shape.queryWidth
    let values = keys + shape.keyWidth
    for (index, sequence) in sequences.enumerated() {
      let panels = sequence.cache.layers[layer]
      panels.reserve(sequence.cache.count + sequence.ids.count, keeping: sequence.cache.count)
      let first = batch.rows(index).lowerBound * stride
      panels.append(
        keys: keys + first, values: values + first, stride: stride, count: sequence.ids.count,
        position: sequence.cache.count)
    }
    run.workspace.reserveAttention(
      workers: run.pool.threadCount,
      count: sequences.map { $0.cache.layers[layer].workspaceCount }.max() ?? 0)
    let context = run.workspace.context.reserve(count * shape.queryWidth)
    run.pool.run(count: sequences.count * shape.keyHeadCount) { task, worker in
      let index = task / shape.keyHeadCount
      let head = task % shape.keyHeadCount
      let sequence = sequences[index]
      let first = batch.rows(index).lowerBound
      sequence.cache.layers[layer].attend(
        queries: queries + first * stride, stride: stride, count: sequence.ids.count,
        position: sequence.cache.count, keyHeads: head..<head + 1, kernels: kernels,
        into: context + first * shape.queryWidth, contextStride: shape.queryWidth,
        workspace: run.workspace.attention[worker].pointer)
    }
    run.linear(
      context, rows: count, weight: own.attentionOutput, bias: own.attentionOutputBias, into: y)
  }

  /// Normalises, clips and turns queries and keys, in place.
  private func prepare(
    _ queries: UnsafeMutablePointer<Float>, count: Int, own: DecoderWeights.Layer, run: DecoderRun
  ) {
    let shape = architecture.attention
    let stride = shape.inputWidth
    let keys = queries + shape.queryWidth
    if let queryNorm = own.queryNorm, let keyNorm = own.keyNorm {
      if shape.queryKeyNorm == .wholeRow {
        normalize(
          queries, rows: count, columns: shape.queryWidth, stride: stride, gain: queryNorm,
          into: queries, run: run)
        normalize(
          keys, rows: count, columns: shape.keyWidth, stride: stride, gain: keyNorm, into: keys,
          run: run)
      } else {
        for head in 0..<shape.headCount {
          let start = queries + head * shape.headWidth
          normalize(
            start, rows: count, columns: shape.headWidth, stride: stride, gain: queryNorm,
            into: start, run: run)
        }
        for head in 0..<shape.keyHeadCount {
          let start = keys + head * shape.headWidth
          normalize(
            start, rows: count, columns: shape.headWidth, stride: stride, gain: keyNorm,
            into: start, run: run)
        }
      }
    }
    if let clip = shape.clip {
      for index in 0..<count * stride { queries[index] = min(max(queries[index], -clip), clip) }
    }
    kernels.rotary(
      queries, rows: count, stride: stride, heads: shape.headCount + shape.keyHeadCount,
      headWidth: shape.headWidth, cosines: run.workspace.cosines.pointer,
      sines: run.workspace.sines.pointer)
  }

  /// The FFN slot: the backbone's own network, and beside it the experts of each sequence's pack.
  private func feedForward(
    _ layer: Int, _ x: UnsafePointer<Float>, sequences: [DecoderSequence], batch: RaggedBatch,
    into y: UnsafeMutablePointer<Float>, run: DecoderRun
  ) {
    let count = batch.tokenCount
    switch weights.layers[layer].feedForward {
    case .dense(let network): run.network(network, x, rows: count, into: y)
    case .sparse(let network):
      y.update(repeating: 0, count: count * architecture.width)
      network.add(x, rowCount: count, layer: layer, to: y, run: run)
    }
    var own = run
    own.observer = nil
    for (index, sequence) in sequences.enumerated() {
      guard let experts = sequence.experts?[layer] else { continue }
      experts.add(
        x, rows: Array(batch.rows(index)), rowCount: count, layer: layer, to: y, run: own)
    }
  }
}
