import MoEBase
import MoEModel
import MoETensor
import MoETestSupport
import Synchronization
import Testing

/// The features f(x): the normalised means of the states of three depths.
@Suite struct FeatureTests {
  /// Which layers are pooled, by the number of layers.
  static let pooled = [
    1: [0], 2: [0, 1], 3: [0, 1, 2], 4: [0, 1, 3], 5: [0, 2, 4], 6: [1, 3, 5], 12: [3, 7, 11],
  ]

  private func encodings(_ backbone: Backbone) -> [Encoding] {
    TinyTexts.mixture(count: 40, seed: 12).map { backbone.tokenizer.encode($0) }
  }

  @Test(arguments: pooled.keys.sorted())
  func `pooled are the layers that end a third, two thirds and all of the depth`(
    _ layerCount: Int
  ) throws {
    let encoder = try TinyBackbone.make(layerCount: layerCount).encoder
    let pooled = encoder.configuration.pooledLayers
    #expect(pooled == Self.pooled[layerCount])
    #expect(encoder.featureWidth == pooled.count * encoder.width)
  }

  @Test(arguments: pooled.keys.sorted())
  func `each block is the normalised mean of its layer's states, in Double`(
    _ layerCount: Int
  ) throws {
    let backbone = try TinyBackbone.make(layerCount: layerCount)
    let encoder = try backbone.encoder
    let (width, stride) = (encoder.width, encoder.featureWidth)
    let encodings = encodings(backbone)
    let features = try backbone.features(encodings, pool: ThreadPool(threads: 2))
    #expect(features.count == encodings.count * stride)
    let workspace = EncoderWorkspace()
    for (text, encoding) in encodings.enumerated() {
      let batch = RaggedBatch([encoding.ids])
      try encoder.embed(batch, workspace: workspace)
      var blocks: [Double] = []
      for layer in 0..<layerCount {
        encoder.layer(layer, offsets: batch.offsets, experts: nil, workspace: workspace)
        guard Self.pooled[layerCount]?.contains(layer) == true else { continue }
        let hidden = workspace.hidden.reserve(batch.tokenCount * width)
        let mean = (0..<width).map { column in
          (0..<batch.tokenCount).reduce(0) { $0 + Double(hidden[$1 * width + column]) }
            / Double(batch.tokenCount)
        }
        let length = mean.reduce(0) { $0 + $1 * $1 }.squareRoot()
        blocks += mean.map { $0 / length }
      }
      try #require(blocks.count == stride)
      for (got, expected) in zip(features[text * stride..<(text + 1) * stride], blocks) {
        // Float's rounding of a sum over at most 32 tokens.
        #expect(abs(Double(got) - expected) < 1e-6)
      }
    }
  }

  @Test(arguments: [1, 3, 6])
  func `the last block is the base embedding`(_ layerCount: Int) throws {
    let backbone = try TinyBackbone.make(layerCount: layerCount)
    let (width, stride) = (backbone.width, backbone.featureWidth)
    let encodings = encodings(backbone)
    let features = try backbone.features(encodings, pool: ThreadPool(threads: 1))
    let embeddings = try backbone.embed(encodings, pool: ThreadPool(threads: 1))
    #expect(embeddings.count == encodings.count * width)
    for text in encodings.indices {
      #expect(
        Array(embeddings[text * width..<(text + 1) * width])
          == Array(features[(text + 1) * stride - width..<(text + 1) * stride]))
    }
    #expect(backbone.embeddings(of: features) == embeddings)
    #expect(backbone.embeddings(of: []).isEmpty)
  }

  @Test func `the bits depend neither on the batch nor on the threads`() throws {
    let backbone = try TinyBackbone.make(layerCount: 6)
    let encodings = encodings(backbone)
    let done = Mutex(0)
    let two = try backbone.features(encodings, pool: ThreadPool(threads: 2)) { count in
      done.withLock { $0 += count }
    }
    #expect(done.withLock { $0 } == encodings.count)
    let one = ThreadPool(threads: 1)
    let bits = two.map(\.bitPattern)
    #expect(try backbone.features(encodings, pool: one).map(\.bitPattern) == bits)
    let alone = try encodings.flatMap { try backbone.features([$0], pool: one) }
    #expect(alone.map(\.bitPattern) == bits)
    #expect(try backbone.features([Encoding](), pool: one).isEmpty)
  }

  @Test func `a layer that is not pooled writes nothing`() throws {
    let backbone = try TinyBackbone.make(layerCount: 6)
    let encoder = try backbone.encoder
    let batch = RaggedBatch(encodings(backbone).prefix(3).map(\.ids))
    let workspace = EncoderWorkspace()
    try encoder.embed(batch, workspace: workspace)
    let untouched = [Float](repeating: 7, count: 3 * encoder.featureWidth)
    for layer in 0..<6 {
      encoder.layer(layer, offsets: batch.offsets, experts: nil, workspace: workspace)
      var features = untouched
      encoder.pool(layer, offsets: batch.offsets, into: &features, workspace: workspace)
      let written = Set(
        features.indices.filter { features[$0] != 7 }
          .map { $0 % encoder.featureWidth / encoder.width })
      #expect(written == (layer % 2 == 0 ? [] : [layer / 2]))
    }
  }

  @Test func `room for another number of features is a mistake of the caller`() async {
    await #expect(processExitsWith: .failure) {
      let backbone = try TinyBackbone.make()
      let batch = RaggedBatch([[2, 3]])
      let workspace = EncoderWorkspace()
      try backbone.encoder.embed(batch, workspace: workspace)
      var features = [Float](repeating: 0, count: TinyBackbone.width)
      try backbone.encoder.pool(0, offsets: batch.offsets, into: &features, workspace: workspace)
    }
  }
}
