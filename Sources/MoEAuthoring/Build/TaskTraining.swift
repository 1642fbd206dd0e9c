import MoEBase
import MoEModel
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
  /// The last validation accuracy, while training.
  public let accuracy: Double?

  init(_ stage: String, _ fraction: Double, loss: Double? = nil, accuracy: Double? = nil) {
    self.stage = stage
    self.fraction = fraction
    self.loss = loss
    self.accuracy = accuracy
  }
}

/// What training a task gave: the head that ships, the experts if they earned their place, and why.
public struct TaskTraining: Sendable {
  /// The validation accuracy of the frozen head.
  public let frozenAccuracy: Double
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
  /// The features of every training and validation text, `[N, G]`.
  public let features: [Float]
  /// The label of each.
  public let labels: [Int]
  /// How many texts training saw.
  public let trainCount: Int
  /// The texts that were held out for validation.
  public let validExamples: [SourceExample]
  /// How many these were.
  public var validCount: Int { validExamples.count }
}

/// A head fitted to the training texts, and what it gives on the validation texts.
private struct HeadFit {
  let inversePenalty: Double
  let head: FrozenHead
  let accuracy: Double
  let loss: Double

  /// Whether experts label more validation texts right, or as many with a lower cross-entropy.
  func isWorse(than experts: TrainedExperts) -> Bool {
    experts.accuracy > accuracy || (experts.accuracy == accuracy && experts.loss < loss)
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
  /// Experts in more than one layer start from the head of the smallest C whose validation accuracy is within
  /// one standard error of the best: a head that fits its training texts closely leaves the experts under it
  /// nothing but noise to learn.
  static let smallerInversePenalties = [0.1, 1]

  func run() throws -> TaskTraining {
    try checkDepth()
    let plan = Self.plan(of: source, layerCount: backbone.layerCount)
    let (trainExamples, validExamples) = split()
    let examples = trainExamples + validExamples
    let labels = examples.map { example in
      example.label.flatMap { source.labels.firstIndex(of: $0) } ?? 0
    }
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
    let trainLabels = Array(labels[0..<trainExamples.count])
    let validLabels = Array(labels[trainExamples.count...])
    let backward = try BackwardKernels(kernels: backbone.kernels)
    progress(BuildProgress("fitting the frozen head", 0))
    let trainFeatures = Array(states.features[..<boundary])
    let validFeatures = Array(states.features[boundary...])
    let isDeep = (plan?.layers.count ?? 0) > 1
    let fits = ((isDeep ? Self.smallerInversePenalties : []) + [FrozenHead.inversePenalty]).map {
      penalty in
      let head = FrozenHead(
        fitting: trainFeatures, labels: trainLabels,
        labelCount: source.labels.count, inversePenalty: penalty, backward: backward)
      let result = head.evaluate(
        validFeatures, labels: validLabels, kernels: backbone.kernels)
      let count = Double(max(1, validLabels.count))
      return HeadFit(
        inversePenalty: penalty, head: head, accuracy: Double(result.correct) / count,
        loss: result.loss / count)
    }
    let frozen = fits[fits.count - 1]
    let start = fits[
      FrozenHead.firstWithinOneStandardError(fits.map(\.accuracy), count: validLabels.count)]
    var experts: TrainedExperts?
    if let plan, source.labels.count > 1 {
      let trainer = try ExpertTrainer(
        encoder: encoder, plan: plan, labelCount: source.labels.count, options: options,
        pool: pool)
      experts = trainer.train(
        states.subset(trainIndices), labels: trainLabels,
        valid: states.subset(validIndices), validLabels: validLabels, head: start.head
      ) { [progress] in
        progress(BuildProgress("training experts", $0, loss: $1, accuracy: $2))
      }
    }
    let ships = experts.map { $0.epoch > 0 && frozen.isWorse(than: $0) } ?? false
    let head =
      ships
      ? experts.map { FrozenHead(weight: $0.headWeight, bias: $0.headBias) } ?? frozen.head
      : frozen.head
    return TaskTraining(
      frozenAccuracy: frozen.accuracy, startInversePenalty: start.inversePenalty, experts: experts,
      plan: plan, shipsExperts: ships,
      head: head, features: states.features, labels: labels, trainCount: trainExamples.count,
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

  /// The validation texts of the source, or else a seeded tenth of every label's training texts.
  private func split() -> (train: [SourceExample], valid: [SourceExample]) {
    if let valid = source.valid { return (source.train.examples, valid.examples) }
    var generator = SeededGenerator(seed: source.description.seed)
    var held: Set<Int> = []
    for label in source.labels {
      var lines = source.train.examples.filter { $0.label == label }.map(\.line)
      generator.shuffle(&lines)
      held.formUnion(lines.prefix(max(1, lines.count / 10)))
    }
    return (
      source.train.examples.filter { !held.contains($0.line) },
      source.train.examples.filter { held.contains($0.line) }
    )
  }
}
