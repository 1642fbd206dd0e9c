import MoETensor

/// The sequences of a shard that a pack answers.
struct ExpertPass {
  /// The pack.
  let pack: PackModel
  /// The sequences, by index in the shard.
  let sequences: [Int]
}

/// The trunk's results for one shard: the features, and the hidden states that expert passes start from.
///
/// The backbone runs once over all sequences; the FFN slot of the first expert layer of each pack is kept, so
/// an expert pass costs the experts there and the layers above, over its own sequences, and nothing more.
struct Trunk {
  /// What the dispatcher reads, `[sequences, G]`: the pooled states of the pooled layers.
  let features: [Float]
  /// The kernels everything runs on.
  let kernels: Kernels
  let encoder: Encoder
  let batch: RaggedBatch
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
      encoder.finish(layer, offsets: batch.offsets, workspace: workspace)
      encoder.pool(layer, offsets: batch.offsets, into: &features, workspace: workspace)
    }
    self.features = features
    self.kept = kept
  }

  /// Runs the expert passes of several packs together: a layer's weights are read once for all of them.
  ///
  /// A pass joins at the first layer of its pack that has experts, where the trunk left its sequences.
  ///
  /// - Parameters:
  ///   - passes: The packs, each of those that the trunk was run for, and their sequences.
  ///   - workspace: Buffers of the caller.
  ///   - observe: Told what enters the experts of each layer, `[N, D]`, before they run.
  /// - Returns: For each pass the features that the heads of its pack read, `[sequences.count, G]`: the trunk's, with
  ///   those of the pooled layers from the first expert layer on taken anew.
  func features(
    by passes: [ExpertPass], workspace: EncoderWorkspace,
    observe: ((_ layer: Int, _ h: UnsafePointer<Float>, _ rows: Int) -> Void)? = nil
  ) -> [[Float]] {
    let stride = encoder.featureWidth
    func start(_ pass: Int) -> Int { passes[pass].pack.firstExpertLayer ?? encoder.layerCount }
    // In the order in which they join, so that those that run are always the first rows.
    let order = passes.indices.sorted { (start($0), $0) < (start($1), $1) }
    let sequences = order.flatMap { passes[$0].sequences }
    var features = sequences.flatMap { self.features[$0 * stride..<($0 + 1) * stride] }
    var offsets = [0]
    for sequence in sequences { offsets.append((offsets.last ?? 0) + batch.rows(sequence).count) }
    var bounds = [0]
    for pass in order { bounds.append((bounds.last ?? 0) + passes[pass].sequences.count) }
    // Enough for all, because buffers lose what they hold when they grow.
    let attended = workspace.attended.reserve((offsets.last ?? 0) * encoder.width)
    let hidden = workspace.hidden.reserve((offsets.last ?? 0) * encoder.width)

    var joined = 0
    for layer in (order.first.map(start) ?? encoder.layerCount)..<encoder.layerCount {
      if joined > 0 {
        encoder.slot(layer, offsets: Array(offsets[...bounds[joined]]), workspace: workspace)
      }
      while joined < order.count, start(order[joined]) == layer, let slot = kept[layer] {
        let row = offsets[bounds[joined]] * encoder.width
        let own = sequences[bounds[joined]..<bounds[joined + 1]]
        gather(slot.attended, own, into: attended + row)
        gather(slot.sums, own, into: hidden + row)
        joined += 1
      }
      let running = Array(offsets[...bounds[joined]])
      observe?(layer, attended, running.last ?? 0)
      let experts = (0..<joined).compactMap { place in
        passes[order[place]].pack.experts[layer].map {
          (layer: $0, rows: offsets[bounds[place]]..<offsets[bounds[place + 1]])
        }
      }
      encoder.finish(layer, offsets: running, experts: experts, workspace: workspace)
      encoder.pool(layer, offsets: running, into: &features, workspace: workspace)
    }
    var results = [[Float]](repeating: [], count: passes.count)
    for (place, pass) in order.enumerated() {
      results[pass] = Array(features[bounds[place] * stride..<bounds[place + 1] * stride])
    }
    return results
  }

  /// The features of every sequence by one pack, `[sequences, G]`.
  func features(by pack: PackModel, workspace: EncoderWorkspace) -> [Float] {
    let pass = ExpertPass(pack: pack, sequences: Array(0..<batch.sequenceCount))
    return features(by: [pass], workspace: workspace)[0]
  }

  /// Lays the tokens of some sequences end to end.
  private func gather(
    _ states: [Float], _ sequences: ArraySlice<Int>, into target: UnsafeMutablePointer<Float>
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
