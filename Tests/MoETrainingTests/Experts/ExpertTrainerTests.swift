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
      let (tokenizer, encoder) = (backbone.tokenizer, try backbone.encoder)
      func states(_ texts: [(text: String, label: Int)]) throws -> TrunkStates {
        try TrunkStates(
          texts.map { tokenizer.encode($0.text) }, entering: 1, encoder: encoder,
          pool: ThreadPool(threads: 1))
      }
      self.train = try states(train)
      self.valid = try states(valid)
      trainLabels = train.map(\.label)
      validLabels = valid.map(\.label)
    }

    func trained(
      experts: Int = 1, topK: Int = 1, head: FrozenHead, threads: Int = 1,
      _ options: TrainingOptions
    ) throws -> TrainedExperts {
      let trainer = try ExpertTrainer(
        encoder: backbone.encoder,
        plan: ExpertPlan(
          top: 2, of: backbone.layerCount, width: 8, count: experts, topK: topK),
        labelCount: 3, options: options, pool: ThreadPool(threads: threads))
      return trainer.train(
        train, targets: .one(trainLabels), valid: valid, validTargets: .one(validLabels),
        head: head)
    }

    /// A head that knows nothing of the topics.
    var blindHead: FrozenHead {
      var generator = SeededGenerator(seed: 42)
      let width = backbone.featureWidth
      return FrozenHead(
        weight: (0..<3 * width).map { _ in Float(generator.normal()) }, bias: [0, 0, 0])
    }
  }

  private static func options(_ epochs: Int, expertRate: Float = 4e-3, headRate: Float = 5e-3)
    -> TrainingOptions
  {
    var options = TrainingOptions()
    options.epochs = epochs
    options.expertRate = expertRate
    options.headRate = headRate
    options.patience = epochs
    return options
  }

  @Test(arguments: [(1, 1), (3, 2)])
  func `experts alone learn topics under a head that knows none`(_ experts: Int, _ topK: Int) throws
  {
    let toy = try Toy()
    let trained = try toy.trained(
      experts: experts, topK: topK, head: toy.blindHead,
      Self.options(10, expertRate: 1e-2, headRate: 0))
    let losses = trained.history.map(\.loss)
    #expect(trained.validation.score > 0.85, "\(trained.history)")
    #expect(losses[losses.count - 1] < 0.6 * losses[0], "\(losses)")
    #expect(trained.layers.keys.sorted() == [1, 2])
    #expect(trained.layers[2]?.experts.count == experts)
    // A rate of 0 leaves the head as it was, but for its division by the scale and back.
    for (got, start) in zip(trained.headWeight, toy.blindHead.weight) {
      #expect(abs(got - start) < 1e-5)
    }
  }

  @Test(arguments: [1, 2])
  func `no expert is left without work, and how much each does is told`(_ topK: Int) throws {
    let toy = try Toy()
    let trained = try toy.trained(
      experts: 4, topK: topK, head: toy.blindHead, Self.options(6, expertRate: 1e-2, headRate: 0))
    #expect(trained.utilization.map(\.layer) == [1, 2])
    for layer in trained.utilization {
      #expect(abs(layer.shares.reduce(0, +) - 1) < 1e-9)
      #expect(layer.shares.allSatisfy { $0 > 0.025 }, "a tenth of an even share: \(layer.shares)")
      #expect(layer.entropy > 0 && layer.entropy < 1.3863, "log 4 is all there is")
    }
    #expect(try toy.trained(head: toy.blindHead, Self.options(1)).utilization.isEmpty)
  }

  @Test func `the z-loss keeps the router's logits small`() throws {
    let toy = try Toy()
    func greatest(_ zLoss: Float) throws -> Float {
      var options = Self.options(6, expertRate: 2e-2, headRate: 0)
      options.zLoss = zLoss
      options.weightDecay = 0
      let trained = try toy.trained(experts: 3, topK: 1, head: toy.blindHead, options)
      return trained.layers.values.flatMap { $0.router?.weight.values ?? [] }
        .reduce(0) { $0 + $1 * $1 }
    }
    #expect(try greatest(10) < greatest(0))
  }

  @Test func `experts and head together learn what separates the topics`() throws {
    let toy = try Toy()
    let trained = try toy.trained(head: toy.blindHead, Self.options(8, headRate: 1e-2))
    #expect(trained.validation.score > 0.9, "\(trained.history)")
    #expect(trained.history.map(\.epoch) == Array(1...8))
  }

  @Test func `training starts from the frozen head exactly and keeps it where nothing changes`()
    throws
  {
    let toy = try Toy()
    let width = toy.backbone.featureWidth
    let head = FrozenHead(
      fitting: toy.train.features, targets: .one(toy.trainLabels), labelCount: 3,
      backward: try BackwardKernels())
    #expect(head.weight.count == 3 * width && head.bias.count == 3)
    let frozen = head.evaluate(
      toy.valid.features, targets: .one(toy.validLabels), kernels: toy.backbone.kernels)
    var options = Self.options(9, expertRate: 0, headRate: 0)
    options.patience = 2
    let trained = try toy.trained(head: head, options)
    #expect(trained.validation.score == frozen.score)
    #expect(abs(trained.validation.loss - frozen.loss) < 1e-5)
    #expect(trained.history.count == 9, "every epoch is as good as the last")
    for layer in trained.layers.values {
      #expect(layer.experts[0].down.values.allSatisfy { $0 == 0 })
    }
  }

  @Test func `training ends where epochs only do harm, and the frozen head stays`() throws {
    let toy = try Toy()
    let head = FrozenHead(
      fitting: toy.train.features, targets: .one(toy.trainLabels), labelCount: 3,
      backward: try BackwardKernels())
    let frozen = head.evaluate(
      toy.valid.features, targets: .one(toy.validLabels), kernels: toy.backbone.kernels)
    var options = Self.options(9, expertRate: 30, headRate: 30)
    options.patience = 2
    let trained = try toy.trained(head: head, options)
    #expect(trained.history.allSatisfy { $0.score < 0.8 }, "\(trained.history)")
    #expect(trained.history.count == 2, "patience ends it: \(trained.history)")
    #expect(trained.validation.score == frozen.score)
    for layer in trained.layers.values {
      #expect(layer.experts[0].down.values.allSatisfy { $0 == 0 })
    }
  }

  @Test(arguments: [(1, 1), (3, 2)])
  func `the same seed gives the same bits on one thread and on two`(_ experts: Int, _ topK: Int)
    throws
  {
    let toy = try Toy()
    func bits(threads: Int, seed: UInt64) throws -> [UInt32] {
      var options = Self.options(2)
      options.seed = seed
      let trained = try toy.trained(
        experts: experts, topK: topK, head: toy.blindHead, threads: threads, options)
      var values: [Float] = trained.headWeight + trained.headBias
      for layer in trained.layers.keys.sorted() {
        for expert in trained.layers[layer]?.experts ?? [] {
          values += expert.up.values + expert.upBias
          values += expert.down.values + expert.downBias
        }
        guard let router = trained.layers[layer]?.router else { continue }
        values += router.weight.values + router.bias
      }
      return values.map { $0.bitPattern }
    }
    let one = try bits(threads: 1, seed: 1)
    #expect(try bits(threads: 2, seed: 1) == one)
    #expect(try bits(threads: 1, seed: 1) == one)
    #expect(try bits(threads: 1, seed: 2) != one)
  }

  @Test func `progress rises to the whole and tells the running loss`() throws {
    let toy = try Toy()
    var options = Self.options(2)
    options.batchSize = 32
    let trainer = try ExpertTrainer(
      encoder: toy.backbone.encoder, plan: ExpertPlan(top: 1, of: 3, width: 4), labelCount: 3,
      options: options, pool: ThreadPool(threads: 1))
    let states = try TrunkStates(
      (0..<40).map { toy.backbone.tokenizer.encode(TinyTexts.common[$0]) }, entering: 2,
      encoder: toy.backbone.encoder, pool: ThreadPool(threads: 1))
    var shares: [Double] = []
    var accuracies: [Double?] = []
    let labels = (0..<40).map { $0 % 3 }
    _ = trainer.train(
      states, targets: .one(labels), valid: states, validTargets: .one(labels), head: toy.blindHead
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
