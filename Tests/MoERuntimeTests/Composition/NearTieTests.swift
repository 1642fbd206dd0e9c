import MoEBase
import MoEModel
import MoERuntime
import MoETensor
import MoETestSupport
import Testing

/// What a reduced precision says of labels, against the plain rule of SPEC 5.5.
@Suite struct NearTieTests {
  private static let ratios: [Precision: Double] = [.bf16: 0.97, .int8: 0.75]

  private let full: Backbone
  private let encodings: [Encoding]

  init() throws {
    let full = try TinyBackbone.make()
    self.full = full
    encodings = TinyTexts.mixture(count: 300, seed: 33).map { full.tokenizer.encode($0) }
  }

  /// A pack with heads that are random and of any confidence, so that some texts of each are near ties.
  private func pack(_ confidence: Float, tags: Bool) throws -> PackModel {
    let fitted = try TinyPack(
      "example/p", topics: [0, 1, 2], expertCount: 3, backbone: full
    ).mounted(digest: Digest(of: [1])).model
    let (labels, width) = (["a", "b", "c", "d"], full.featureWidth)
    var generator = SeededGenerator(seed: 8)
    func random(_ count: Int, _ scale: Float) -> [Float] {
      (0..<count).map { _ in Float.random(in: -scale...scale, using: &generator) }
    }
    let heads = (0..<2).map { number in
      LabelHead(
        task: "t\(number)", labels: labels,
        weight: PackedMatrix(
          rows: labels.count, columns: width, values: random(labels.count * width, confidence)),
        bias: random(labels.count, 0.5),
        decision: tags ? .each(thresholds: [0.3, 0.5, 0, 1]) : .one)
    }
    return PackModel(
      identity: fitted.identity, rows: fitted.rows, experts: fitted.experts, heads: heads)
  }

  /// The probabilities of one text by the plainest way, head by head.
  private func probabilities(
    _ encoding: Encoding, _ pack: PackModel, on backbone: Backbone
  ) throws -> [[Float]] {
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
    return try features.withUnsafeBufferPointer { buffer in
      let base = try #require(buffer.baseAddress)
      return pack.heads.map { $0.probabilities(base, count: 1, kernels: backbone.kernels) }
    }
  }

  private func isNearTie(_ probabilities: [Float], _ head: LabelHead, _ ratio: Double) -> Bool {
    if let thresholds = head.thresholds {
      return zip(probabilities, thresholds).contains {
        let odds = [Double($0) * (1 - Double($1)), Double($1) * (1 - Double($0))].sorted()
        return odds[0] > ratio * odds[1]
      }
    }
    let sorted = probabilities.map(Double.init).sorted()
    return sorted[sorted.count - 2] > ratio * sorted[sorted.count - 1]
  }

  @Test(arguments: [Precision.bf16, .int8], [false, true])
  func `near ties are told in full precision, and nothing else is`(
    precision: Precision, tags: Bool
  ) throws {
    let reduced = try TinyBackbone.make(precision: precision)
    let pack = try pack(precision == .bf16 && !tags ? 0.5 : 4, tags: tags)
    let mixture = MixtureModel(backbone: reduced, packs: [pack])
    let ratio = try #require(Self.ratios[precision])
    var settled = 0
    let expected = try encodings.map { encoding in
      let own = try probabilities(encoding, pack, on: reduced)
      let exact = try probabilities(encoding, pack, on: full)
      #expect(own != exact, "a reduced precision changes something")
      guard zip(own, pack.heads).contains(where: { isNearTie($0, $1, ratio) }) else { return own }
      settled += 1
      return exact
    }
    #expect((3..<encodings.count / 2).contains(settled), "\(settled)")
    for threads in [1, 2] {
      let pool = ThreadPool(threads: threads)
      let answers = try mixture.answer(
        encodings, options: AnswerOptions(pack: pack.identity), pool: pool)
      let outputs = try reduced.run(pack, on: encodings, pool: pool).outputs
      for (text, expected) in expected.enumerated() {
        #expect(outputs[text].probabilities == expected)
        for prediction in answers[text].predictions {
          let head = try #require(pack.heads.firstIndex { $0.task == prediction.task })
          let label = try #require(pack.heads[head].labels.firstIndex(of: prediction.label))
          #expect(prediction.probability == expected[head][label])
        }
        #expect(answers[text].predictions.count == 8)
      }
    }
  }

  @Test func `a task of one label is never in doubt`() throws {
    let fitted = try TinyPack(
      "example/p", topics: [0], expertCount: 1, backbone: full
    ).mounted(digest: Digest(of: [1])).model
    let reduced = try TinyBackbone.make(precision: .int8)
    let outputs = try reduced.run(fitted, on: encodings, pool: ThreadPool(threads: 1)).outputs
    for (encoding, output) in zip(encodings, outputs) {
      #expect(output.probabilities == [[1]])
      #expect(try probabilities(encoding, fitted, on: reduced) == [[1]])
    }
  }
}
