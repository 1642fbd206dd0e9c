import MoEBase
import MoEEval
public import MoEModel
import MoETensor
public import MoETraining

/// How a build goes, for whoever shows it.
public struct BuildProgress: Sendable {
  /// What is being done.
  public let stage: String
  /// How much of the stage is done, 0 … 1.
  public let fraction: Double
  /// The running loss in nats a text, while training.
  public let loss: Double?
  /// The last validation score, while training.
  public let score: Double?

  init(_ stage: String, _ fraction: Double, loss: Double? = nil, score: Double? = nil) {
    self.stage = stage
    self.fraction = fraction
    self.loss = loss
    self.score = score
  }
}

/// What training a task gave: the head that ships, the experts if they earned their place, and why.
public struct TaskTraining: Sendable {
  /// What the frozen head gives on the validation texts.
  public let frozen: HeadEvaluation
  /// C of the head that the experts' training started from.
  public let startInversePenalty: Double
  /// What the experts gave; `nil` when none were asked for or there is one label.
  public let experts: TrainedExperts?
  /// The plan of the experts that were tried.
  public let plan: ExpertPlan?
  /// Whether the experts ship.
  public let shipsExperts: Bool
  /// The head that ships: W `[L, G]` and b `[L]`.
  public let head: FrozenHead
  /// Every training and validation text, tokenized.
  public let encodings: [Encoding]
  /// The features of every training and validation text, `[N, G]`.
  public let features: [Float]
  /// The right labels of each.
  public let targets: HeadTargets
  /// What each label's probability has to exceed, chosen on the validation texts; `nil` where a text has one label.
  public let thresholds: [Float]?
  /// How many texts training saw.
  public let trainCount: Int
  /// The texts that were held out for validation.
  public let validExamples: [SourceExample]
  /// What the validation score is, where it is not the accuracy.
  public var scoreName: String? {
    if case .each = targets { Metric.microF1.title } else { nil }
  }
  /// How many these were.
  public var validCount: Int { validExamples.count }
}

/// A head fitted to the training texts, and what it gives on the validation texts.
private struct HeadFit {
  let inversePenalty: Double
  let head: FrozenHead
  let validation: HeadEvaluation

  /// Whether experts have a better score on the validation texts, or the same with a lower cross-entropy.
  func isWorse(than experts: TrainedExperts) -> Bool {
    let other = experts.validation
    return other.score > validation.score
      || (other.score == validation.score && other.loss < validation.loss)
  }
}

/// Trains the one task of a pack.
struct TaskTrainer {
  let source: PackSource
  let backbone: Backbone
  let encoder: Encoder
  let options: TrainingOptions
  let pool: ThreadPool
  let progress: @Sendable (BuildProgress) -> Void

  /// The depth and width of experts where the source does not choose.
  static let defaultDepth = 3
  static let defaultWidth = 64
  /// Smaller values of C than the frozen head's.
  ///
  /// Experts in more than one layer start from the head of the smallest C whose validation score is within
  /// one standard error of the best: a head that fits its training texts closely leaves the experts under it
  /// nothing but noise to learn.
  static let smallerInversePenalties = [0.1, 1]

  func run() throws -> TaskTraining {
    try checkDepth()
    let plan = Self.plan(of: source, layerCount: backbone.layerCount)
    let (trainExamples, validExamples) = split()
    let examples = trainExamples + validExamples
    let targets = source.targets(of: examples)
    let encodings = examples.map { backbone.tokenizer.encode($0.text) }
    let counter = ProgressCounter(total: encodings.count) { [progress] in
      progress(BuildProgress("running the backbone once", $0))
    }
    let states = try TrunkStates(
      encodings, entering: plan?.layers.first ?? backbone.layerCount,
      encoder: encoder, pool: pool, progress: counter.add)
    let trainIndices = Array(0..<trainExamples.count)
    let validIndices = Array(trainExamples.count..<examples.count)
    let boundary = trainExamples.count * backbone.featureWidth
    let trainTargets = targets.subset(trainIndices)
    let validTargets = targets.subset(validIndices)
    let backward = try BackwardKernels(kernels: backbone.kernels)
    progress(BuildProgress("fitting the frozen head", 0))
    let trainFeatures = Array(states.features[..<boundary])
    let validFeatures = Array(states.features[boundary...])
    let isDeep = (plan?.layers.count ?? 0) > 1
    let fits = ((isDeep ? Self.smallerInversePenalties : []) + [FrozenHead.inversePenalty]).map {
      penalty in
      let head = FrozenHead(
        fitting: trainFeatures, targets: trainTargets,
        labelCount: source.labels.count, inversePenalty: penalty, backward: backward, pool: pool)
      return HeadFit(
        inversePenalty: penalty, head: head,
        validation: head.evaluate(
          validFeatures, targets: validTargets, kernels: backbone.kernels))
    }
    let frozen = fits[fits.count - 1]
    let start = fits[
      FrozenHead.firstWithinOneStandardError(
        fits.map(\.validation.score), count: validTargets.count)]
    var experts: TrainedExperts?
    if let plan, source.labels.count > 1 || source.task.kind == .tag {
      let trainer = try ExpertTrainer(
        encoder: encoder, plan: plan, labelCount: source.labels.count, options: options,
        pool: pool)
      experts = trainer.train(
        states.subset(trainIndices), targets: trainTargets,
        valid: states.subset(validIndices), validTargets: validTargets, head: start.head
      ) { [progress] in
        progress(BuildProgress("training experts", $0, loss: $1, score: $2))
      }
    }
    let ships = experts.map { $0.epoch > 0 && frozen.isWorse(than: $0) } ?? false
    let head =
      ships
      ? experts.map { FrozenHead(weight: $0.headWeight, bias: $0.headBias) } ?? frozen.head
      : frozen.head
    let validation = ships ? experts?.validation ?? frozen.validation : frozen.validation
    return TaskTraining(
      frozen: frozen.validation, startInversePenalty: start.inversePenalty, experts: experts,
      plan: plan, shipsExperts: ships,
      head: head, encodings: encodings, features: states.features, targets: targets,
      thresholds: thresholds(validation, validTargets), trainCount: trainExamples.count,
      validExamples: validExamples)
  }

  /// Refuses experts in layers that the backbone does not have.
  private func checkDepth() throws {
    let layerCount = backbone.layerCount
    guard let layers = source.description.experts?.layers, layers > layerCount else { return }
    throw SourceError.badField(
      file: PackDescription.fileName, path: "experts.layers",
      expected: "a whole number from 0 to \(layerCount), the layers of `\(backbone.name)`",
      got: "\(layers)")
  }

  /// The plan of the source, or the default; `nil` for no experts.
  static func plan(of source: PackSource, layerCount: Int) -> ExpertPlan? {
    guard let experts = source.description.experts else {
      return ExpertPlan(
        top: min(defaultDepth, layerCount), of: layerCount, width: defaultWidth)
    }
    guard (1...layerCount).contains(experts.layers) else { return nil }
    return ExpertPlan(
      top: experts.layers, of: layerCount, width: experts.width,
      count: experts.count, topK: experts.topK)
  }

  private func thresholds(_ validation: HeadEvaluation, _ targets: HeadTargets) -> [Float]? {
    guard case .each(let labels) = targets else { return nil }
    return TagThresholds(
      logits: validation.logits, labels: labels, labelCount: source.labels.count
    ).values
  }

  /// The validation texts of the source, or else a seeded tenth of every label's training texts, and of those
  /// without a label; no label gives up more than half of its texts.
  private func split() -> (train: [SourceExample], valid: [SourceExample]) {
    if let valid = source.valid { return (source.train.examples, valid.examples) }
    var generator = SeededGenerator(seed: source.description.seed)
    let examples = source.train.examples
    var texts: [[UInt8]: [Int]] = [:]
    for (index, example) in examples.enumerated() {
      for label in example.labels { texts[Array(label.utf8), default: []].append(index) }
    }
    var held: Set<Int> = []
    var heldOf: [[UInt8]: Int] = [:]
    func isSpared(_ label: String) -> Bool {
      let key = Array(label.utf8)
      return heldOf[key, default: 0] >= (texts[key]?.count ?? 0) / 2
    }
    let bare = examples.indices.filter { examples[$0].labels.isEmpty }
    for own in source.labels.map({ texts[Array($0.utf8)] ?? [] }) + [bare] where !own.isEmpty {
      var left = max(1, own.count / 10) - own.count { held.contains($0) }
      var shuffled = own
      generator.shuffle(&shuffled)
      for index in shuffled where left > 0 && !held.contains(index) {
        guard !examples[index].labels.contains(where: isSpared) else { continue }
        held.insert(index)
        for label in examples[index].labels { heldOf[Array(label.utf8), default: 0] += 1 }
        left -= 1
      }
    }
    return (
      examples.indices.filter { !held.contains($0) }.map { examples[$0] },
      examples.indices.filter { held.contains($0) }.map { examples[$0] }
    )
  }
}

extension PackSource {
  /// The right labels, by their places in the source's list.
  func targets(of examples: [SourceExample]) -> HeadTargets {
    let places = Dictionary(
      uniqueKeysWithValues: labels.enumerated().map { (Array($1.utf8), $0) })
    let labels = examples.map { $0.labels.compactMap { places[Array($0.utf8)] }.sorted() }
    return task.kind == .tag ? .each(labels) : .one(labels.map { $0.first ?? 0 })
  }

  /// The validation texts that the source brings, where they have labels.
  var labelledValidation: [SourceExample] {
    task.kind.hasLabels ? valid?.examples ?? [] : []
  }
}
