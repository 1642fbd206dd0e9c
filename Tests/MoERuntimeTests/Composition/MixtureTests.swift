import MoEBase
import MoEModel
import MoERuntime
import MoETensor
import MoETestSupport
import Synchronization
import Testing

/// What heads read, and what `compare` gives, against the plainest way to it.
@Suite struct MixtureTests {
  private let backbone: Backbone
  private let packs: [PackModel]
  private let mixture: MixtureModel
  private let encodings: [Encoding]

  init() throws {
    let backbone = try TinyBackbone.make()
    self.backbone = backbone
    packs = try [([0, 1, 2], 1), ([2, 3], 3), ([4], 0)].enumerated().map { index, pack in
      try TinyPack("example/p\(index)", topics: pack.0, expertCount: pack.1, backbone: backbone)
        .mounted(digest: Digest(of: [UInt8(index)])).model
    }
    mixture = MixtureModel(backbone: backbone, packs: packs)
    encodings = TinyTexts.mixture(count: 300, seed: 33).map { backbone.tokenizer.encode($0) }
  }

  /// The features of one text, layer by layer, with the experts of a pack.
  private func features(_ encoding: Encoding, _ pack: PackModel) throws -> [Float] {
    let encoder = try backbone.encoder
    let batch = RaggedBatch([encoding.ids])
    let workspace = EncoderWorkspace()
    var features = [Float](repeating: 0, count: encoder.featureWidth)
    try encoder.embed(batch, workspace: workspace)
    for layer in 0..<encoder.layerCount {
      encoder.layer(
        layer, offsets: batch.offsets, experts: pack.experts[layer], workspace: workspace)
      encoder.pool(layer, offsets: batch.offsets, into: &features, workspace: workspace)
    }
    return features
  }

  @Test(arguments: [0, 1, 2])
  func `heads read the trunk's blocks under a pack's experts and its own blocks above`(
    _ index: Int
  ) throws {
    let pack = packs[index]
    #expect(pack.firstExpertLayer == [1, 1, nil][index])
    let width = backbone.width
    let answers = try mixture.answer(
      encodings, options: AnswerOptions(pack: pack.identity), pool: ThreadPool(threads: 2))
    let embeddings = try mixture.embed(
      encodings, pack: pack.identity, pool: ThreadPool(threads: 2))
    let base = try backbone.features(encodings, pool: ThreadPool(threads: 1))
    let stride = backbone.featureWidth
    for (text, encoding) in encodings.enumerated() {
      let features = try features(encoding, pack)
      let trunk = Array(base[text * stride..<(text + 1) * stride])
      #expect(features[..<width] == trunk[..<width])
      #expect((features == trunk) == (index == 2), "experts change what they are under")
      #expect(Array(embeddings[text * width..<(text + 1) * width]) == features.suffix(width))
      let head = pack.heads[0]
      let expected = features.withUnsafeBufferPointer { buffer in
        buffer.baseAddress.map {
          head.probabilities($0, count: 1, kernels: backbone.kernels)
        } ?? []
      }
      for prediction in answers[text].predictions {
        let label = try #require(head.labels.firstIndex(of: prediction.label))
        #expect(prediction.probability == expected[label])
      }
      #expect(answers[text].predictions.count == head.labels.count)
    }
  }

  @Test(arguments: [1, 2])
  func `packs whose experts begin in different layers run together, byte for byte as each alone`(
    _ threads: Int
  ) throws {
    let experts = try #require(packs[0].experts[1])
    let low = PackModel(
      identity: PackIdentity(name: "example/low", version: "1.0.0", digest: Digest(of: [7])),
      rows: packs[0].rows, experts: [0: experts, 2: experts], heads: packs[0].heads)
    let mixture = MixtureModel(backbone: backbone, packs: packs + [low])
    // Every shard holds every pack; one text in five is the dispatcher's.
    let requests = encodings.enumerated().map { index, encoding in
      let pack = (packs + [low])[index % 4]
      return MixtureRequest(
        encoding, options: index % 5 == 0 ? AnswerOptions() : AnswerOptions(pack: pack.identity))
    }
    let together = try mixture.answer(requests, pool: ThreadPool(threads: threads))
    let alone = ThreadPool(threads: 1)
    for (request, answer) in zip(requests, together) {
      #expect(try mixture.answer([request], pool: alone) == [answer])
    }
    for index in stride(from: 3, to: encodings.count, by: 4) where index % 5 != 0 {
      let probabilities = try features(encodings[index], low).withUnsafeBufferPointer { buffer in
        low.heads[0].probabilities(
          try #require(buffer.baseAddress), count: 1, kernels: backbone.kernels)
      }
      let answer = together[index]
      #expect(answer.route.map(\.pack) == [low.identity])
      for prediction in answer.predictions {
        let label = try #require(low.heads[0].labels.firstIndex(of: prediction.label))
        #expect(prediction.probability == probabilities[label])
      }
    }
  }

  @Test(arguments: [0, 1, 2], [1, 2])
  func `comparing is answering twice, byte for byte`(_ index: Int, _ threads: Int) throws {
    let pack = packs[index].identity
    let pool = ThreadPool(threads: threads)
    let done = Mutex(0)
    let compared = try mixture.compare(encodings, naming: pack, pool: pool) { count in
      done.withLock { $0 += count }
    }
    #expect(done.withLock { $0 } == encodings.count)
    let own = try mixture.answer(encodings, options: AnswerOptions(pack: pack), pool: pool)
    let automatic = try mixture.answer(encodings, pool: pool)
    #expect(compared.map(\.own.invariantBytes) == own.map(\.invariantBytes))
    #expect(compared.map(\.automatic.invariantBytes) == automatic.map(\.invariantBytes))
    // What stands outside the invariant bytes too.
    #expect(compared.map(\.own) == own && compared.map(\.automatic) == automatic)
    #expect(own.allSatisfy { $0.isForced && $0.route.map(\.pack) == [pack] })
    let selected = automatic.count { $0.route.contains { $0.pack == pack } }
    #expect((10..<290).contains(selected), "\(selected)")
    #expect(try mixture.compare([], naming: pack, pool: pool).isEmpty)
  }

  @Test func `a pack that is not mounted can be compared with nothing`() throws {
    let stranger = PackIdentity(name: "example/p9", version: "1.0.0", digest: Digest(of: [9]))
    let error = #expect(throws: MixtureError.self) {
      try mixture.compare(encodings, naming: stranger, pool: ThreadPool(threads: 1))
    }
    #expect(error?.code == "pack-not-installed")
  }
}
