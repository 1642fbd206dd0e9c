import Foundation
public import MoEBase
public import MoEEval
public import MoEModel
public import MoEPackFormat
public import MoETensor
public import MoETraining
import SafeTensors

/// A pack that was trained and measured, before it is signed.
public struct BuiltPack: Sendable {
  /// The manifest; the writer fills in entries and tensors.
  public let manifest: Manifest
  /// Every entry but the envelope.
  public let entries: [PackEntry]
  /// Where its experts come from.
  public let experts: PackExperts
  /// What the gate's calibration gave.
  public let calibration: GateCalibration
  /// What the gate's calibration was made from.
  public let gateScores: GateScores
  /// What the evals gave, in the order of `pack.yaml`.
  public let evals: [EvalResult]
  /// What the pack, as it ships, makes of the texts held out for validation; `nil` where none were.
  public let validation: Validation?
  /// The first eval that does not reach its floor; such a pack must not be written.
  public let shortfall: SourceError?
  /// How long each text of the evals took, two passes of it, in seconds.
  public let secondsPerText: Double

  /// Texts held out for validation, and what came of them.
  public struct Validation: Sendable {
    /// The texts.
    public let examples: [SourceExample]
    /// What the pack makes of them.
    public let result: EvalResult
  }
}

/// From a checked source to a measured pack: training, gate, evals, manifest.
///
/// The same source, seed and build give the same bytes on CPUs of one class.
public struct PackBuild: Sendable {
  /// What trained the pack, as provenance records it.
  public static let trainer = "moe-pack 1"
  /// The tolerance that claims are signed with: how far a re-run may lie under the recorded value.
  public static let tolerance = 0.01

  let source: PackSource
  let backbone: Backbone
  let profile: BackboneProfile
  let profileDigest: Digest
  let pool: ThreadPool
  let progress: @Sendable (BuildProgress) -> Void

  /// Prepares a build.
  ///
  /// - Parameters:
  ///   - source: The checked source.
  ///   - backbone: The backbone the source names.
  ///   - profile: The backbone's profile, and its digest.
  ///   - pool: The threads that share the work.
  ///   - progress: Told how it goes, from any thread.
  public init(
    source: PackSource, backbone: Backbone, profile: (profile: BackboneProfile, digest: Digest),
    pool: ThreadPool, progress: @escaping @Sendable (BuildProgress) -> Void = { _ in }
  ) {
    self.source = source
    self.backbone = backbone
    self.profile = profile.profile
    profileDigest = profile.digest
    self.pool = pool
    self.progress = progress
  }

  /// Builds a pack that may be written.
  ///
  /// - Throws: ``SourceError/belowFloor(eval:metric:value:floor:examples:)`` when an eval does not reach the
  ///   floor the vendor signs for; `TrainingError`; `TensorError` when OpenBLAS is not there.
  public func run() throws -> BuiltPack {
    let built = try measured()
    if let shortfall = built.shortfall { throw shortfall }
    return built
  }

  /// Builds and measures a pack, whether it reaches its floors or not.
  ///
  /// - Throws: `SourceError`; `TrainingError`; `TensorError` when OpenBLAS is not there.
  public func measured() throws -> BuiltPack {
    if let task = source.description.tasks.first,
      task.kind.needsLanguageModel != (backbone.kind == .decoder)
    {
      throw SourceError.wrongBackbone(
        task: task.name, kind: task.kind.rawValue, backbone: backbone.name)
    }
    let experts: PackExperts
    let own: OwnTexts
    switch backbone.transformer {
    case .encoder where source.description.tensors != nil:
      experts = try imported()
      own = ownTexts(try textsOfGate(), source.targets(of: ownExamples))
    case .encoder(let encoder):
      let training = try train(on: encoder)
      experts = .trained(training.result, training.options)
      let texts = GateTexts(
        features: training.result.features, bags: training.result.encodings.map { NGramBag($0) })
      own = ownTexts(texts, training.result.targets)
    case .decoder:
      experts = try imported()
      own = clustered(try textsOfGate(), atMost: Self.mostClusters)
    }
    progress(BuildProgress("fitting the gate", 0))
    let gate = try fitGate(own)
    let tensors = try PackTensorFiles(
      experts: experts, gate: gate, task: task, backbone: backbone)
    let mixture = try mixture(tensors, gate: gate, experts: experts.shape)
    let clock = ContinuousClock()
    let start = clock.now
    let evals = try measure(mixture)
    let seconds = (clock.now - start) / .seconds(1)
    let assembly = ManifestAssembly(
      source: source, backbone: backbone, profileDigest: profileDigest, experts: experts,
      gate: gate, evals: evals)
    return BuiltPack(
      manifest: assembly.manifest(), entries: assembly.entries(tensors), experts: experts,
      calibration: gate.calibration, gateScores: gate.scores, evals: evals,
      validation: try validate(
        experts.training?.validExamples ?? source.labelledValidation, on: mixture),
      shortfall: shortfall(evals),
      secondsPerText: seconds / Double(max(1, evals.reduce(0) { $0 + $1.labelled + $1.none })))
  }

  private var task: String { source.description.tasks.first?.name ?? "" }

  /// The pack's texts as the gate sees them.
  private struct OwnTexts {
    let texts: GateTexts
    /// The class, or cluster, of each.
    let classes: [Int]
    let classCount: Int
  }

  private func train(
    on encoder: Encoder
  ) throws -> (result: TaskTraining, options: TrainingOptions) {
    let plan = TaskTrainer.plan(of: source, layerCount: encoder.layerCount)
    var options = TrainingOptions(depth: plan?.layers.count ?? 0)
    options.seed = source.description.seed
    let trainer = TaskTrainer(
      source: source, backbone: backbone, encoder: encoder, options: options, pool: pool,
      progress: progress)
    return (try trainer.run(), options)
  }

  /// What was trained elsewhere; nothing where the source names nothing.
  private func imported() throws -> PackExperts {
    .imported(
      try source.description.tensors.map {
        try ImportedExperts(
          directory: source.directory.appending(path: $0), name: $0, source: source,
          backbone: backbone)
      })
  }

  /// A dispatcher row a label, or, where a text may have several or none, one a cluster.
  private func ownTexts(_ texts: GateTexts, _ targets: HeadTargets) -> OwnTexts {
    switch targets {
    case .one(let labels):
      OwnTexts(texts: texts, classes: labels, classCount: source.labels.count)
    case .each: clustered(texts, atMost: max(Self.mostClusters, source.labels.count))
    }
  }

  /// The texts to learn and to choose by.
  private var ownExamples: [SourceExample] {
    source.train.examples + (source.valid?.examples ?? [])
  }

  /// What the gate reads of them.
  private func textsOfGate() throws -> GateTexts {
    let counter = ProgressCounter(total: ownExamples.count) { [progress] in
      progress(BuildProgress("reading the pack's texts", $0))
    }
    return try texts(ownExamples.map(\.text), progress: counter.add)
  }

  /// What a gate reads of texts.
  private func texts(
    _ texts: [String], progress: (@Sendable (Int) -> Void)? = nil
  ) throws -> GateTexts {
    let encodings = texts.map { backbone.tokenizer.encode($0) }
    return GateTexts(
      features: try backbone.features(encodings, pool: pool, progress: progress),
      bags: encodings.map { NGramBag($0) })
  }

  /// Texts in clusters of like features: a dispatcher row each.
  private func clustered(_ texts: GateTexts, atMost most: Int) -> OwnTexts {
    let clusters = Clusters(
      texts.features, width: backbone.featureWidth,
      count: min(most, max(1, texts.bags.count / Self.textsPerCluster)),
      seed: source.description.seed)
    return OwnTexts(texts: texts, classes: clusters.assignments, classCount: clusters.count)
  }

  /// The most dispatcher rows of a pack without a label for each text, unless it has more labels.
  private static let mostClusters = 8
  /// The least texts a row is made for.
  private static let textsPerCluster = 25

  private func fitGate(_ own: OwnTexts) throws -> FittedGate {
    func known(_ features: [Float], _ texts: [String]) -> GateTexts {
      GateTexts(
        features: features, bags: texts.map { NGramBag(backbone.tokenizer.encode($0)) })
    }
    let groups = [
      own.texts, known(profile.negatives, profile.negativeTexts),
      known(profile.anchors, profile.anchorTexts),
      try texts(source.negatives?.examples.map(\.text) ?? []),
    ]
    return FittedGate(
      fitter: try RowFitter(profile: profile, kernels: backbone.kernels), groups: groups,
      labels: own.classes, classCount: own.classCount, recall: source.description.recall,
      seed: source.description.seed, pool: pool)
  }

  /// Runs the evals.
  private func measure(_ mixture: MixtureModel) throws -> [EvalResult] {
    let texts = source.evals.reduce(0) { $0 + $1.file.examples.count }
    let counter = ProgressCounter(total: texts) { [progress] in
      progress(BuildProgress("running the evals", $0))
    }
    return try source.evals.map { eval in
      try run(
        eval.description.name, task: eval.description.task, eval.file.examples, on: mixture,
        progress: counter.add)
    }
  }

  private func run(
    _ name: String, task: String, _ examples: [SourceExample], on mixture: MixtureModel,
    progress: (@Sendable (Int) -> Void)? = nil
  ) throws -> EvalResult {
    let task = source.description.tasks.first { $0.name == task }
    let set = EvalSet(
      name: name, task: task?.name ?? "", kind: task?.kind ?? .classify,
      completion: task?.completion ?? CompletionSettings(),
      examples: examples.compactMap { example in
        example.expectation.map { EvalExample(text: example.text, expectation: $0) }
      })
    return try set.run(
      on: mixture, pack: mixture.packs[0].identity, pool: pool, progress: progress)
  }

  /// What the pack makes of the texts that chose its epoch.
  private func validate(
    _ examples: [SourceExample], on mixture: MixtureModel
  ) throws -> BuiltPack.Validation? {
    guard !examples.isEmpty else { return nil }
    return BuiltPack.Validation(
      examples: examples, result: try run("validation", task: task, examples, on: mixture))
  }

  /// The first eval that does not reach the floor the vendor signs for.
  private func shortfall(_ evals: [EvalResult]) -> SourceError? {
    for (eval, result) in zip(source.evals, evals) {
      let value = eval.description.value(of: result)
      let task = source.description.tasks.first { $0.name == eval.description.task }
      guard (task?.kind ?? .classify).reaches(eval.description.floor, value: value) else {
        return .belowFloor(
          eval: eval.description.name, metric: eval.description.metric, value: value,
          floor: eval.description.floor, examples: result.labelled)
      }
    }
    return nil
  }

  /// The mixture of this pack alone, loaded from the very bytes that ship.
  private func mixture(
    _ tensors: PackTensorFiles, gate: FittedGate, experts: Manifest.Experts?
  ) throws -> MixtureModel {
    let shape = PackShape(
      layers: experts?.layers ?? [], expertCount: experts?.count ?? 0,
      expertWidth: experts?.width ?? 0, topK: experts?.topK ?? 0,
      rowCount: gate.rows.bias.count, ngramShare: gate.ngramShare,
      threshold: gate.calibration.threshold,
      temperature: gate.calibration.temperature,
      tasks: [PackShape.Task(name: task, kind: source.task.kind, labels: source.labels)])
    let description = source.description
    let pack = try PackModel(
      identity: PackIdentity(
        name: description.pack.description, version: description.version.description,
        digest: Digest(of: tensors.router)),
      shape: shape, backbone: backbone.outline,
      experts: try tensors.experts.map {
        try SafeTensorsFile(bytes: $0, name: EntryName.experts)
      },
      router: try SafeTensorsFile(bytes: tensors.router, name: EntryName.router),
      heads: try tensors.heads.map { try SafeTensorsFile(bytes: $0, name: EntryName.heads) })
    return MixtureModel(backbone: backbone, packs: [pack])
  }
}
