public import MoEModel
public import MoETensor

/// The hidden states of texts where the experts begin, computed once for all epochs.
public struct TrunkStates: Sendable {
  /// The layer the states enter.
  public let layer: Int
  /// `[N, D]`, the tokens of all texts end to end.
  package let states: [Float]
  /// Where each text starts, and after the last one N.
  package let offsets: [Int]
  /// z(x) of every text, `[count, D]`: the base embeddings, which come with the same pass.
  public let embeddings: [Float]

  /// The number of texts.
  public var count: Int { offsets.count - 1 }

  /// Runs the frozen backbone over texts.
  ///
  /// - Parameters:
  ///   - encodings: The tokenized texts.
  ///   - layer: The first layer that will hold experts.
  ///   - backbone: The backbone.
  ///   - pool: The threads that share the work.
  ///   - progress: Told how many texts are done, from any thread.
  /// - Throws: Whatever reading the mapped weights throws.
  public init(
    _ encodings: [Encoding], entering layer: Int, backbone: Backbone, pool: ThreadPool,
    progress: (@Sendable (Int) -> Void)? = nil
  ) throws {
    let encoder = backbone.encoder
    let pieces = try pool.mapShards(Shards(encodings)) { range, workspace in
      let batch = RaggedBatch(encodings[range].map(\.ids))
      try encoder.embed(batch, workspace: workspace)
      var kept: [Float] = []
      for index in 0..<encoder.layerCount {
        if index == layer {
          let count = batch.tokenCount * encoder.width
          kept = Array(UnsafeBufferPointer(start: workspace.hidden.reserve(count), count: count))
        }
        encoder.layer(index, offsets: batch.offsets, experts: nil, workspace: workspace)
      }
      progress?(range.count)
      return (kept, encoder.pool(offsets: batch.offsets, workspace: workspace))
    }
    var offsets = [0]
    for encoding in encodings { offsets.append((offsets.last ?? 0) + encoding.ids.count) }
    self.layer = layer
    self.offsets = offsets
    states = pieces.flatMap(\.0)
    embeddings = pieces.flatMap(\.1)
  }

  /// Makes states of their parts.
  package init(layer: Int, states: [Float], offsets: [Int], embeddings: [Float]) {
    self.layer = layer
    self.states = states
    self.offsets = offsets
    self.embeddings = embeddings
  }

  /// The tokens of some texts end to end, and where each starts.
  func gather(_ texts: some Sequence<Int>, width: Int) -> (states: [Float], offsets: [Int]) {
    var gathered: [Float] = []
    var starts = [0]
    for text in texts {
      gathered.append(contentsOf: states[offsets[text] * width..<offsets[text + 1] * width])
      starts.append(gathered.count / width)
    }
    return (gathered, starts)
  }

  /// The states of some of the texts alone, in the order given.
  public func subset(_ texts: [Int], width: Int) -> TrunkStates {
    let (states, offsets) = gather(texts, width: width)
    return TrunkStates(
      layer: layer, states: states, offsets: offsets,
      embeddings: texts.flatMap { embeddings[$0 * width..<($0 + 1) * width] })
  }
}
