import MoETensor

/// The trunk's results for one shard: the features, and the hidden states that expert passes start from.
///
/// The backbone runs once over all sequences; the FFN slot of the first expert layer of each pack is kept, so
/// an expert pass costs the experts there and the layers above, over its own sequences, and nothing more.
struct Trunk {
  /// What the dispatcher reads, `[sequences, G]`: the pooled states of the pooled layers.
  let features: [Float]
  /// The kernels everything runs on.
  let kernels: Kernels
  private let encoder: Encoder
  private let batch: RaggedBatch
  /// The FFN slot of a layer: what entered it, and the residual with the backbone's own network, both `[N, D]`.
  private struct Slot {
    let attended: [Float]
    let sums: [Float]
  }

  /// By layer.
  private let kept: [Int: Slot]

  /// Runs the backbone over a shard.
  init(
    _ sequences: [[Int32]], encoder: Encoder, packs: [PackModel], workspace: EncoderWorkspace
  ) throws {
    self.encoder = encoder
    kernels = encoder.kernels
    batch = RaggedBatch(sequences)
    let wanted = Set(packs.compactMap(\.firstExpertLayer))
    var kept: [Int: Slot] = [:]
    var features = [Float](repeating: 0, count: sequences.count * encoder.featureWidth)
    try encoder.embed(batch, workspace: workspace)
    for layer in 0..<encoder.layerCount {
      encoder.slot(layer, offsets: batch.offsets, workspace: workspace)
      if wanted.contains(layer) {
        let count = batch.tokenCount * encoder.width
        kept[layer] = Slot(
          attended: Array(
            UnsafeBufferPointer(start: workspace.attended.reserve(count), count: count)),
          sums: Array(UnsafeBufferPointer(start: workspace.hidden.reserve(count), count: count)))
      }
      encoder.finish(layer, offsets: batch.offsets, experts: nil, workspace: workspace)
      encoder.pool(layer, offsets: batch.offsets, into: &features, workspace: workspace)
    }
    self.features = features
    self.kept = kept
  }

  /// Runs one pack's expert pass over some of the sequences.
  ///
  /// - Parameters:
  ///   - pack: The pack.
  ///   - sequences: The sequences, by index.
  ///   - workspace: Buffers of the caller.
  ///   - observe: Told what enters the experts of each layer, `[N, D]`, before they run.
  /// - Returns: The features its heads read, `[sequences.count, G]`: the trunk's, with those of the pooled layers
  ///   from the first expert layer on taken anew.
  func features(
    by pack: PackModel, sequences: [Int], workspace: EncoderWorkspace,
    observe: ((_ layer: Int, _ h: UnsafePointer<Float>, _ rows: Int) -> Void)? = nil
  ) -> [Float] {
    let width = encoder.width
    let stride = encoder.featureWidth
    var features = sequences.flatMap { self.features[$0 * stride..<($0 + 1) * stride] }
    guard let first = pack.firstExpertLayer, let start = kept[first] else { return features }
    var offsets = [0]
    for sequence in sequences { offsets.append((offsets.last ?? 0) + batch.rows(sequence).count) }
    let count = (offsets.last ?? 0) * width
    gather(start.attended, sequences, into: workspace.attended.reserve(count))
    gather(start.sums, sequences, into: workspace.hidden.reserve(count))
    for layer in first..<encoder.layerCount {
      if layer > first { encoder.slot(layer, offsets: offsets, workspace: workspace) }
      observe?(layer, workspace.attended.pointer, offsets.last ?? 0)
      encoder.finish(layer, offsets: offsets, experts: pack.experts[layer], workspace: workspace)
      encoder.pool(layer, offsets: offsets, into: &features, workspace: workspace)
    }
    return features
  }

  /// Lays the tokens of some sequences end to end.
  private func gather(
    _ states: [Float], _ sequences: [Int], into target: UnsafeMutablePointer<Float>
  ) {
    var next = target
    states.withUnsafeBufferPointer { states in
      guard let base = states.baseAddress else { return }
      for sequence in sequences {
        let rows = batch.rows(sequence)
        let count = rows.count * encoder.width
        next.update(from: base + rows.lowerBound * encoder.width, count: count)
        next += count
      }
    }
  }
}

extension LabelHead {
  /// The label probabilities of each row of features, `[count, L]`.
  func probabilities(_ features: [Float], count: Int, kernels: Kernels) -> [Float] {
    features.withUnsafeBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return [] }
      return probabilities(base, count: count, kernels: kernels)
    }
  }
}
