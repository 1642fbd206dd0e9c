import MoEBase
import MoEModel
import MoETensor
import MoETestSupport
import MoETraining
import Testing

@Suite struct ExpertTrainerTests {
  /// Texts of three topics, run through the tiny backbone up to its top two layers.
  private struct Toy {
    let backbone: Backbone
    let train: TrunkStates
    let trainLabels: [Int]
    let valid: TrunkStates
    let validLabels: [Int]

    init() throws {
      backbone = try TinyBackbone.make()
      var generator = SeededGenerator(seed: 41)
      func texts(_ count: Int) -> [(text: String, label: Int)] {
        (0..<count).map { (TinyTexts.text(topic: $0 % 3, using: &generator), $0 % 3) }
      }
      let (train, valid) = (texts(150), texts(60))
      let tokenizer = backbone.tokenizer
      func states(_ texts: [(text: String, label: Int)]) throws -> TrunkStates {
        try TrunkStates(
          texts.map { tokenizer.encode($0.text) }, entering: 1, backbone: backbone,
          pool: ThreadPool(threads: 1))
      }
      self.train = try states(train)
      self.valid = try states(valid)
      trainLabels = train.map(\.label)
      validLabels = valid.map(\.label)
    }

    func trained(
      experts: Int = 1, topK: Int = 1, head: FrozenHead, threads: Int = 1, _ options: TrainingOptions
    ) throws -> TrainedExperts {
      let trainer = try ExpertTrainer(
        encoder: backbone.encoder,
        plan: ExpertPlan(
          top: 2, of: backbone.encoder.layerCount, width: 8, count: experts, topK: topK),
        labelCount: 3, options: options, pool: ThreadPool(threads: threads))
      return trainer.train(
        train, labels: trainLabels, valid: valid, validLabels: validLabels, head: head)
    }

    /// A head that knows nothing of the topics.
    var blindHead: FrozenHead {
      var generator = SeededGenerator(seed: 42)
      let width = backbone.encoder.width
      return FrozenHead(
        weight: (0..<3 * width).map { _ in Float(generator.normal()) }, bias: [0, 0, 0])
    }
  }

  private static func options(_ epochs: Int, expertRate: Float = 4e-3, headRate: Float = 5e-3) -> TrainingOptions {
    var options = TrainingOptions()
    options.epochs = epochs
    options.expertRate = expertRate
    options.headRate = headRate
    options.patience = epochs
    return options
  }

  @Test(arguments: [(1, 1), (3, 2)])
  func `experts alone learn topics under a head that knows none`(_ experts: Int, _ topK: Int) throws {
    let toy = try Toy()
    let trained = try toy.trained(
      experts: experts, topK: topK, head: toy.blindHead,
      Self.options(10, expertRate: 1e-2, headRate: 0))
    let losses = trained.history.map(\.loss)
    #expect(trained.accuracy > 0.85, "\(trained.history)")
    #expect(losses[losses.count - 1] < 0.6 * losses[0], "\(losses)")
    #expect(trained.layers.keys.sorted() == [1, 2])
    #expect(trained.layers[2]?.experts.count == experts)
    // A rate of 0 leaves the head as it was, but for its division by the scale and back.
    for (got, start) in zip(trained.headWeight, toy.blindHead.weight) { #expect(abs(got - start) < 1e-5) }
  }

  @Test func `experts and head together learn what separates the topics`() throws {
    let toy = try Toy()
    let trained = try toy.trained(head: toy.blindHead, Self.options(8, headRate: 1e-2))
    #expect(trained.accuracy > 0.9, "\(trained.history)")
    #expect(trained.history.map(\.epoch) == Array(1...8))
  }

  @Test func `training starts from the frozen head exactly and keeps it where nothing gets better`() throws {
    let toy = try Toy()
    let width = toy.backbone.encoder.width
    let head = FrozenHead(
      fitting: toy.train.embeddings, labels: toy.trainLabels, labelCount: 3,
      backward: try BackwardKernels())
    #expect(head.weight.count == 3 * width && head.bias.count == 3)
    let frozen = head.evaluate(
      toy.valid.embeddings, labels: toy.validLabels, kernels: toy.backbone.encoder.kernels)
    var options = Self.options(9, expertRate: 0, headRate: 0)
    options.patience = 2
    let trained = try toy.trained(head: head, options)
    #expect(trained.accuracy == Double(frozen.correct) / 60)
    #expect(abs(trained.loss - frozen.loss / 60) < 1e-5)
    #expect(trained.history.count == 2, "patience ends it")
    for layer in trained.layers.values {
      #expect(layer.experts[0].down.values.allSatisfy { $0 == 0 })
    }
  }

  @Test(arguments: [(1, 1), (3, 2)])
  func `the same seed gives the same bits on one thread and on two`(_ experts: Int, _ topK: Int) throws {
    let toy = try Toy()
    func bits(threads: Int, seed: UInt64) throws -> [UInt32] {
      var options = Self.options(2)
      options.seed = seed
      let trained = try toy.trained(
        experts: experts, topK: topK, head: toy.blindHead, threads: threads, options)
      let values =
        trained.layers.sorted { $0.key < $1.key }.flatMap { layer in
          layer.value.experts.flatMap { $0.up.values + $0.upBias + $0.down.values + $0.downBias }
            + (layer.value.router.map { $0.weight.values + $0.bias } ?? [])
        } + trained.headWeight + trained.headBias
      return values.map(\.bitPattern)
    }
    let one = try bits(threads: 1, seed: 1)
    #expect(try bits(threads: 2, seed: 1) == one)
    #expect(try bits(threads: 1, seed: 1) == one)
    #expect(try bits(threads: 1, seed: 2) != one)
  }

  @Test func `progress rises to the whole and tells the running loss`() throws {
    let toy = try Toy()
    let trainer = try ExpertTrainer(
      encoder: toy.backbone.encoder, plan: ExpertPlan(top: 1, of: 3, width: 4), labelCount: 3,
      options: Self.options(2), pool: ThreadPool(threads: 1))
    let states = try TrunkStates(
      (0..<40).map { toy.backbone.tokenizer.encode(TinyTexts.common[$0]) }, entering: 2,
      backbone: toy.backbone, pool: ThreadPool(threads: 1))
    var shares: [Double] = []
    var accuracies: [Double?] = []
    let labels = (0..<40).map { $0 % 3 }
    _ = trainer.train(
      states, labels: labels, valid: states, validLabels: labels, head: toy.blindHead
    ) { share, loss, accuracy in
      shares.append(share)
      accuracies.append(accuracy)
      #expect(loss.isFinite && loss > 0)
    }
    // 40 texts in batches of 32 are two steps an epoch.
    #expect(shares == [0.25, 0.5, 0.75, 1])
    #expect(accuracies[0] == nil && accuracies[1] == nil && accuracies[2] != nil)
  }
}

@Suite struct TrunkStatesTests {
  @Test func `states are what enters the layer, and embeddings those of the backbone`() throws {
    let backbone = try TinyBackbone.make()
    let texts = TinyTexts.mixture(count: 60, seed: 3)
    let encodings = texts.map { backbone.tokenizer.encode($0) }
    let width = backbone.encoder.width
    for layer in 0...backbone.encoder.layerCount {
      let states = try TrunkStates(
        encodings, entering: layer, backbone: backbone, pool: ThreadPool(threads: 2))
      #expect(states.count == 60 && states.layer == layer)
      let embeddings = try backbone.embed(encodings, pool: ThreadPool(threads: 1))
      #expect(states.embeddings == embeddings)
      guard layer < backbone.encoder.layerCount else {
        #expect(states.states.isEmpty)
        continue
      }
      // One text alone, as a batch of its own.
      for text in [0, 7, 59] {
        let workspace = EncoderWorkspace()
        let batch = RaggedBatch([encodings[text].ids])
        try backbone.encoder.embed(batch, workspace: workspace)
        for index in 0..<layer {
          backbone.encoder.layer(index, offsets: batch.offsets, experts: nil, workspace: workspace)
        }
        let count = batch.tokenCount * width
        let alone = Array(UnsafeBufferPointer(start: workspace.hidden.reserve(count), count: count))
        let rows = states.offsets[text]..<states.offsets[text + 1]
        #expect(Array(states.states[rows.lowerBound * width..<rows.upperBound * width]) == alone)
        let subset = states.subset([59, text], width: width)
        #expect(Array(subset.states.suffix(count)) == alone)
        #expect(subset.embeddings.suffix(width) == states.embeddings[text * width..<(text + 1) * width])
      }
    }
  }
}
