import MoEBase
public import MoEModel
public import MoETensor

/// How experts and heads are trained.
public struct TrainingOptions: Sendable, Equatable {
  /// The most epochs.
  public var epochs = 8
  /// Texts a step.
  public var batchSize = 32
  /// The greatest learning rate of the experts and routers.
  public var expertRate: Float = 4e-3
  /// The greatest learning rate of the head.
  public var headRate: Float = 2e-3
  /// How much probability the target gives to all labels together instead of the right one.
  public var labelSmoothing: Float = 0.1
  /// λ of AdamW.
  public var weightDecay: Float = 0.1
  /// The weight of the load-balancing loss where there is more than one expert.
  public var balance: Float = 0.01
  /// The weight of the router z-loss where there is more than one expert.
  public var zLoss: Float = 1e-3
  /// After how many epochs without a better validation result training stops.
  public var patience = 4
  /// Seeds the first weights and the order of texts.
  public var seed: UInt64 = 1

  /// Makes the options for experts in the last layer alone.
  public init() {}

  /// Makes the options for experts in the top `depth` layers.
  ///
  /// Experts under others change what the head reads. Their head moves slowly, so that they and not it take up
  /// what the texts say, and half the epochs are enough.
  public init(depth: Int) {
    guard depth > 1 else { return }
    epochs = 4
    expertRate = 2e-3
    headRate = 5e-4
  }
}

/// One epoch, as it went.
public struct EpochRecord: Sendable, Equatable {
  /// Counted from 1.
  public let epoch: Int
  /// The mean training loss, in nats a text.
  public let loss: Double
  /// The result on the validation split, 0 … 1: ``HeadEvaluation/score``.
  public let score: Double
}

/// Experts and a head, trained.
public struct TrainedExperts: Sendable {
  /// The experts, by layer; empty for a frozen head.
  public let layers: [Int: ExpertLayer]
  /// The head's W, `[L, G]`.
  public let headWeight: [Float]
  /// The head's b, `[L]`.
  public let headBias: [Float]
  /// The epoch whose parameters these are; 0 where none was better than the start.
  public let epoch: Int
  /// What they give on the validation split.
  public let validation: HeadEvaluation
  /// What each epoch gave.
  public let history: [EpochRecord]
  /// How the routers spread the validation texts' tokens, by layer; empty where there is one expert.
  public let utilization: [ExpertUtilization]
}

/// Trains the experts of one pack and its head, the backbone frozen.
///
/// Every batch is divided into shards whose number does not depend on the threads, and their gradients are
/// added in a fixed order: the same seed gives the same bits on CPUs of one class.
public struct ExpertTrainer: Sendable {
  /// What the head's input is multiplied with while training, so that its rate suits unit vectors.
  package static let headScale: Float = 20
  /// Texts a shard.
  private static let shardSize = 8

  let encoder: Encoder
  /// Where each tensor lies in the flat vector of parameters.
  package let layout: ExpertLayout
  let options: TrainingOptions
  private let frozen: [FrozenLayer]
  private let backward: BackwardKernels
  private let pool: ThreadPool

  /// Makes a trainer.
  ///
  /// - Throws: `TensorError` when OpenBLAS is not there.
  public init(
    encoder: Encoder, plan: ExpertPlan, labelCount: Int, options: TrainingOptions, pool: ThreadPool
  ) throws {
    self.encoder = encoder
    self.options = options
    self.pool = pool
    layout = ExpertLayout(
      plan: plan, width: encoder.width, featureWidth: encoder.featureWidth,
      labelCount: labelCount)
    frozen = plan.layers.map { FrozenLayer($0, encoder: encoder) }
    backward = try BackwardKernels(kernels: encoder.kernels)
  }

  /// Trains.
  ///
  /// - Parameters:
  ///   - train: The training texts' states where the first expert layer begins.
  ///   - targets: The right labels of the training texts.
  ///   - valid: The validation texts' states.
  ///   - validTargets: The right labels of the validation texts.
  ///   - head: The head to start from, as a frozen head gave it.
  ///   - progress: Told after each step: the share done, the running loss, the last validation score.
  /// - Returns: The parameters of the last epoch whose validation score is not clearly under the best so far.
  public func train(
    _ train: TrunkStates, targets: HeadTargets, valid: TrunkStates, validTargets: HeadTargets,
    head: FrozenHead, progress: ((Double, Double, Double?) -> Void)? = nil
  ) -> TrainedExperts {
    var generator = SeededGenerator(seed: options.seed)
    var parameters = layout.initial(generator: &generator)
    for (offset, index) in layout.headWeight.enumerated() {
      parameters[index] = head.weight[offset] / Self.headScale
    }
    for (offset, index) in layout.headBias.enumerated() { parameters[index] = head.bias[offset] }
    let batchCount = (train.count + options.batchSize - 1) / options.batchSize
    let stepCount = batchCount * options.epochs
    let expertRate = LearningRate(peak: options.expertRate, stepCount: stepCount)
    let headRate = LearningRate(peak: options.headRate, stepCount: stepCount)
    var optimizer = AdamW(count: layout.count, weightDecay: options.weightDecay)
    var best = (epoch: 0, result: evaluate(parameters, valid, validTargets), parameters: parameters)
    var top = best.result.score
    var history: [EpochRecord] = []
    var order = Array(0..<train.count)
    var step = 0
    for epoch in 1...max(1, options.epochs) {
      generator.shuffle(&order)
      var total = 0.0
      for start in stride(from: 0, to: order.count, by: options.batchSize) {
        let batch = Array(order[start..<min(start + options.batchSize, order.count)])
        let (loss, gradients) = gradient(parameters, train, batch, targets)
        optimizer.step(
          &parameters, gradients: gradients,
          rates: [
            (layout.expertRange, expertRate.rate(at: step)),
            (layout.headRange, headRate.rate(at: step)),
          ])
        total += loss
        step += 1
        progress?(
          Double(step) / Double(stepCount), total / Double(start + batch.count),
          history.last?.score)
      }
      let result = evaluate(parameters, valid, validTargets)
      history.append(
        EpochRecord(epoch: epoch, loss: total / Double(train.count), score: result.score))
      // Within one standard error the later epoch is taken: its learning rate is the lower one.
      top = max(top, result.score)
      let error = (top * (1 - top) / Double(max(1, valid.count))).squareRoot()
      if result.score >= top - error {
        best = (epoch, result, parameters)
      }
      if epoch - best.epoch >= options.patience { break }
    }
    return trained(
      best.parameters, epoch: best.epoch, validation: best.result, history: history,
      utilization: utilization(best.parameters, valid))
  }

  private func trained(
    _ parameters: [Float], epoch: Int, validation: HeadEvaluation,
    history: [EpochRecord],
    utilization: [ExpertUtilization]
  ) -> TrainedExperts {
    var layers: [Int: ExpertLayer] = [:]
    for (position, layer) in layout.plan.layers.enumerated() {
      layers[layer] = layout.layer(position, of: parameters)
    }
    return TrainedExperts(
      layers: layers, headWeight: parameters[layout.headWeight].map { $0 * Self.headScale },
      headBias: Array(parameters[layout.headBias]), epoch: epoch, validation: validation,
      history: history, utilization: utilization)
  }

  /// The summed loss of a batch and the mean gradient.
  package func gradient(
    _ parameters: [Float], _ states: TrunkStates, _ batch: [Int], _ targets: HeadTargets
  ) -> (loss: Double, gradients: [Float]) {
    let layers = layout.plan.layers.indices.map { layout.layer($0, of: parameters) }
    let shards = stride(from: 0, to: batch.count, by: Self.shardSize).map {
      Array(batch[$0..<min($0 + Self.shardSize, batch.count)])
    }
    let results = pool.map(count: shards.count) { index in
      shardGradient(
        parameters, layers, states, shards[index], targets, batchCount: batch.count)
    }
    var loss = 0.0
    var gradients = [Float](repeating: 0, count: layout.count)
    for result in results {
      loss += result.loss
      for index in gradients.indices { gradients[index] += result.gradients[index] }
    }
    return (loss, gradients)
  }

  private func shardGradient(
    _ parameters: [Float], _ layers: [ExpertLayer], _ states: TrunkStates, _ texts: [Int],
    _ targets: HeadTargets, batchCount: Int
  ) -> (loss: Double, gradients: [Float]) {
    var gradients = [Float](repeating: 0, count: layout.count)
    let (tapes, offsets) = forward(texts, states, layers)
    let first = states.layer
    let features = FeaturePass(
      trunk: states.features(of: texts), tapes: tapes, first: first, offsets: offsets,
      encoder: encoder)
    let head = HeadPass(
      features.features, targets: targets.subset(texts), parameters: parameters, layout: layout,
      smoothing: options.labelSmoothing, scale: 1 / Float(batchCount), backward: backward,
      gradients: &gradients)
    var slope = [Float](repeating: 0, count: (offsets.last ?? 0) * encoder.width)
    let shardCount = Float(max(1, (batchCount + Self.shardSize - 1) / Self.shardSize))
    let losses = RouterLosses(
      balance: options.balance / shardCount, z: options.zLoss / shardCount)
    for position in tapes.indices.reversed() {
      features.backward(head.dFeatures, position: position, to: &slope, backward: backward)
      slope = tapes[position].backward(
        slope, index: first + position, offsets: offsets,
        context: LayerTape.Context(
          encoder: encoder, frozen: frozen[position], layer: layers[position], position: position,
          layout: layout, losses: losses, backward: backward),
        gradients: &gradients)
    }
    return (head.loss, gradients)
  }

  /// Runs the layers from the first one with experts.
  private func forward(
    _ texts: [Int], _ states: TrunkStates, _ layers: [ExpertLayer]
  ) -> (tapes: [LayerTape], offsets: [Int]) {
    let (attended, sums, offsets) = states.gather(texts)
    var tapes = [
      LayerTape(
        states.layer, attended: attended, sums: sums, experts: layers[0], encoder: encoder)
    ]
    for position in 1..<max(1, layers.count) {
      tapes.append(
        LayerTape(
          states.layer + position, input: tapes[position - 1].output, offsets: offsets,
          experts: layers[position], encoder: encoder))
    }
    return (tapes, offsets)
  }

  /// What experts and head give on texts.
  package func evaluate(
    _ parameters: [Float], _ states: TrunkStates, _ targets: HeadTargets
  ) -> HeadEvaluation {
    let layers = layout.plan.layers.indices.map { layout.layer($0, of: parameters) }
    let head = FrozenHead(
      weight: parameters[layout.headWeight].map { $0 * Self.headScale },
      bias: Array(parameters[layout.headBias]))
    let ranges = Self.ranges(of: states)
    let results = pool.map(count: ranges.count) { index in
      let (tapes, offsets) = forward(ranges[index], states, layers)
      let pass = FeaturePass(
        trunk: states.features(of: ranges[index]), tapes: tapes, first: states.layer,
        offsets: offsets, encoder: encoder)
      let logits = head.logits(
        pass.features, count: ranges[index].count, kernels: encoder.kernels)
      return (
        logits: logits,
        loss: targets.subset(ranges[index]).loss(logits, labelCount: layout.labelCount).loss
      )
    }
    return HeadEvaluation(
      logits: results.flatMap(\.logits), loss: results.reduce(0) { $0 + $1.loss },
      targets: targets, labelCount: layout.labelCount)
  }

  /// How the routers spread the tokens of texts.
  private func utilization(
    _ parameters: [Float], _ states: TrunkStates
  ) -> [ExpertUtilization] {
    guard layout.plan.count > 1 else { return [] }
    let layers = layout.plan.layers.indices.map { layout.layer($0, of: parameters) }
    let ranges = Self.ranges(of: states)
    let tallies = pool.map(count: ranges.count) { index in
      forward(ranges[index], states, layers).tapes.map { RouterTally($0.experts) }
    }
    return layout.plan.layers.indices.map { position in
      let total = tallies.reduce(RouterTally(expertCount: layout.plan.count)) {
        $0 + $1[position]
      }
      return total.utilization(layer: layout.plan.layers[position])
    }
  }

  private static func ranges(of states: TrunkStates) -> [[Int]] {
    stride(from: 0, to: states.count, by: 16).map { Array($0..<min($0 + 16, states.count)) }
  }
}
