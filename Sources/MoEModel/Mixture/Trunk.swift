import MoETensor

/// The trunk's results for one shard: the features, and the hidden states that expert passes start from.
///
/// The backbone runs once over all sequences; what entered the first expert layer of each pack is kept,
/// so an expert pass costs its own layers over its own sequences and nothing more.
struct Trunk {
  /// What the dispatcher reads, `[sequences, G]`: the pooled states of the pooled layers.
  let features: [Float]
  /// The kernels everything runs on.
  let kernels: Kernels
  private let encoder: Encoder
  private let batch: RaggedBatch
  /// What entered a layer, `[N, D]`, by layer.
  private let kept: [Int: [Float]]

  /// Runs the backbone over a shard.
  init(
    _ sequences: [[Int32]], backbone: Backbone, packs: [PackModel], workspace: EncoderWorkspace
  ) throws {
    encoder = backbone.encoder
    kernels = encoder.kernels
    batch = RaggedBatch(sequences)
    let wanted = Set(packs.compactMap(\.firstExpertLayer))
    var kept: [Int: [Float]] = [:]
    var features = [Float](repeating: 0, count: sequences.count * encoder.featureWidth)
    try encoder.embed(batch, workspace: workspace)
    for layer in 0..<encoder.layerCount {
      if wanted.contains(layer) {
        let count = batch.tokenCount * encoder.width
        kept[layer] = Array(
          UnsafeBufferPointer(start: workspace.hidden.reserve(count), count: count))
      }
      encoder.layer(layer, offsets: batch.offsets, experts: nil, workspace: workspace)
      encoder.pool(layer, offsets: batch.offsets, into: &features, workspace: workspace)
    }
    self.features = features
    self.kept = kept
  }

  /// Runs one pack's expert pass over some of the sequences.
  ///
  /// - Returns: The features its heads read, `[sequences.count, G]`: the trunk's, with those of the pooled layers
  ///   from the first expert layer on taken anew.
  func features(
    by pack: PackModel, sequences: [Int], workspace: EncoderWorkspace
  ) -> [Float] {
    let width = encoder.width
    let stride = encoder.featureWidth
    var features = sequences.flatMap { self.features[$0 * stride..<($0 + 1) * stride] }
    guard let first = pack.firstExpertLayer, let start = kept[first] else { return features }
    var offsets = [0]
    for sequence in sequences { offsets.append((offsets.last ?? 0) + batch.rows(sequence).count) }
    let hidden = workspace.hidden.reserve((offsets.last ?? 0) * width)
    start.withUnsafeBufferPointer { start in
      guard let start = start.baseAddress else { return }
      for (position, sequence) in sequences.enumerated() {
        let rows = batch.rows(sequence)
        (hidden + offsets[position] * width)
          .update(from: start + rows.lowerBound * width, count: rows.count * width)
      }
    }
    for layer in first..<encoder.layerCount {
      encoder.layer(
        layer, offsets: offsets, experts: pack.experts[layer], workspace: workspace)
      encoder.pool(layer, offsets: offsets, into: &features, workspace: workspace)
    }
    return features
  }
}

extension DispatcherRows {
  /// The pack's margin for each row of features, `[count, G]`.
  func margins(_ features: [Float], kernels: Kernels) -> [Double] {
    features.withUnsafeBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return [] }
      return margins(base, count: buffer.count / weight.columns, kernels: kernels)
    }
  }
}

extension ClassificationHead {
  /// The label probabilities of each row of features, `[count, L]`.
  func probabilities(_ features: [Float], count: Int, kernels: Kernels) -> [Float] {
    features.withUnsafeBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return [] }
      return probabilities(base, count: count, kernels: kernels)
    }
  }
}
