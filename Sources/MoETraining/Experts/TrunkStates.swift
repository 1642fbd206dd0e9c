public import MoEModel
public import MoETensor

/// What texts are where the experts begin, computed once for all epochs.
///
/// Kept is the FFN slot of the first expert layer: everything before the experts is frozen, so neither the
/// attention nor the backbone's own feed-forward network of that layer is run again.
public struct TrunkStates: Sendable {
  /// The first layer with experts.
  public let layer: Int
  /// What enters the slot, `[N, D]`, the tokens of all texts end to end.
  private let attended: [Float]
  /// The residual with the backbone's feed-forward network, `[N, D]`.
  private let sums: [Float]
  /// Where each text starts, and after the last one N.
  private let offsets: [Int]
  /// The features of every text, `[count, G]`, which come with the same pass.
  public let features: [Float]
  private let width: Int

  /// The number of texts.
  public var count: Int { offsets.count - 1 }

  /// Runs the frozen backbone over texts.
  ///
  /// - Parameters:
  ///   - encodings: The tokenized texts.
  ///   - layer: The first layer that will hold experts.
  ///   - encoder: The backbone's transformer.
  ///   - pool: The threads that share the work.
  ///   - progress: Told how many texts are done, from any thread.
  /// - Throws: Whatever reading the mapped weights throws.
  public init(
    _ encodings: [Encoding], entering layer: Int, encoder: Encoder, pool: ThreadPool,
    progress: (@Sendable (Int) -> Void)? = nil
  ) throws {
    let pieces = try pool.mapShards(encodings) { range, workspace in
      let batch = RaggedBatch(encodings[range].map(\.ids))
      try encoder.embed(batch, workspace: workspace)
      var kept: (attended: [Float], sums: [Float]) = ([], [])
      var features = [Float](repeating: 0, count: range.count * encoder.featureWidth)
      for index in 0..<encoder.layerCount {
        encoder.slot(index, offsets: batch.offsets, workspace: workspace)
        if index == layer {
          let count = batch.tokenCount * encoder.width
          kept = (
            Array(UnsafeBufferPointer(start: workspace.attended.reserve(count), count: count)),
            Array(UnsafeBufferPointer(start: workspace.hidden.reserve(count), count: count))
          )
        }
        encoder.finish(index, offsets: batch.offsets, workspace: workspace)
        encoder.pool(index, offsets: batch.offsets, into: &features, workspace: workspace)
      }
      progress?(range.count)
      return (kept.attended, kept.sums, features)
    }
    var offsets = [0]
    for encoding in encodings { offsets.append((offsets.last ?? 0) + encoding.ids.count) }
    self.init(
      layer: layer, attended: pieces.flatMap(\.0), sums: pieces.flatMap(\.1), offsets: offsets,
      features: pieces.flatMap(\.2), width: encoder.width)
  }

  /// Makes states of their parts.
  package init(
    layer: Int, attended: [Float], sums: [Float], offsets: [Int], features: [Float], width: Int
  ) {
    self.layer = layer
    self.attended = attended
    self.sums = sums
    self.offsets = offsets
    self.features = features
    self.width = width
  }

  /// The slots of some texts end to end, and where each text starts.
  package func gather(
    _ texts: some Sequence<Int>
  ) -> (attended: [Float], sums: [Float], offsets: [Int]) {
    var attended: [Float] = []
    var sums: [Float] = []
    var starts = [0]
    for text in texts {
      let range = offsets[text] * width..<offsets[text + 1] * width
      attended.append(contentsOf: self.attended[range])
      sums.append(contentsOf: self.sums[range])
      starts.append(attended.count / width)
    }
    return (attended, sums, starts)
  }

  /// The states of some of the texts alone, in the order given.
  public func subset(_ texts: [Int]) -> TrunkStates {
    let (attended, sums, offsets) = gather(texts)
    return TrunkStates(
      layer: layer, attended: attended, sums: sums, offsets: offsets, features: features(of: texts),
      width: width)
  }

  /// The features of some of the texts, in the order given, `[texts.count, G]`.
  package func features(of texts: [Int]) -> [Float] {
    let stride = features.count / max(1, count)
    return texts.flatMap { features[$0 * stride..<($0 + 1) * stride] }
  }
}
