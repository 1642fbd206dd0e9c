import MoEModel
import MoETensor
import MoETestSupport
import MoETraining
import Testing

@Suite struct TrunkStatesTests {
  private let backbone: Backbone
  private let encodings: [Encoding]

  init() throws {
    let backbone = try TinyBackbone.make()
    self.backbone = backbone
    encodings = TinyTexts.mixture(count: 60, seed: 3).map { backbone.tokenizer.encode($0) }
  }

  @Test(arguments: 0...TinyBackbone.layerCount)
  func `states are the slot of the layer, and features those of the backbone`(_ layer: Int) throws {
    let encoder = try backbone.encoder
    let states = try TrunkStates(
      encodings, entering: layer, encoder: encoder, pool: ThreadPool(threads: 2))
    #expect(states.count == 60 && states.layer == layer)
    #expect(states.features == (try backbone.features(encodings, pool: ThreadPool(threads: 1))))
    guard layer < encoder.layerCount else { return }
    for text in [0, 7, 59] {
      // The text alone, as a batch of its own.
      let workspace = EncoderWorkspace()
      let batch = RaggedBatch([encodings[text].ids])
      try encoder.embed(batch, workspace: workspace)
      for index in 0..<layer {
        encoder.layer(index, offsets: batch.offsets, experts: nil, workspace: workspace)
      }
      encoder.slot(layer, offsets: batch.offsets, workspace: workspace)
      let count = batch.tokenCount * encoder.width
      func copy(_ buffer: AlignedBuffer) -> [Float] {
        Array(UnsafeBufferPointer(start: buffer.reserve(count), count: count))
      }
      let kept = states.gather([text])
      #expect(kept.attended == copy(workspace.attended))
      #expect(kept.sums == copy(workspace.hidden))
      #expect(kept.offsets == batch.offsets)
    }
  }

  @Test func `a subset is the texts in the order given`() throws {
    let width = backbone.featureWidth
    let states = try TrunkStates(
      encodings, entering: 1, encoder: backbone.encoder, pool: ThreadPool(threads: 1))
    let chosen = [41, 3, 3, 58]
    let subset = states.subset(chosen)
    #expect(subset.count == 4 && subset.layer == 1)
    for (place, text) in chosen.enumerated() {
      let (part, whole) = (subset.gather([place]), states.gather([text]))
      #expect(part.attended == whole.attended && part.sums == whole.sums)
      #expect(
        Array(subset.features[place * width..<(place + 1) * width])
          == Array(states.features[text * width..<(text + 1) * width]))
      #expect(states.features(of: [text]) == subset.features(of: [place]))
    }
  }
}
