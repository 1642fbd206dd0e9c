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
  /// What training gave.
  public let training: TaskTraining
  /// What the gate's calibration gave.
  public let calibration: GateCalibration
  /// What the evals gave, in the order of `pack.yaml`.
  public let evals: [EvalResult]
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
  let options: TrainingOptions
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
    let plan = TaskTrainer.plan(of: source, layerCount: backbone.encoder.layerCount)
    var options = TrainingOptions(depth: plan?.layers.count ?? 0)
    options.seed = source.description.seed
    self.options = options
    self.pool = pool
    self.progress = progress
  }

  /// Builds.
  ///
  /// - Throws: ``SourceError/belowFloor(eval:metric:value:floor:examples:)`` when an eval does not reach the
  ///   floor the vendor signs for; `TrainingError`; `TensorError` when OpenBLAS is not there.
  public func run() throws -> BuiltPack {
    let training = try TaskTrainer(
      source: source, backbone: backbone, options: options, pool: pool, progress: progress
    ).run()
    progress(BuildProgress("fitting the gate", 0))
    let gate = try fitGate(training)
    let tensors = PackTensorFiles(
      training: training, gate: gate, task: task, encoder: backbone.encoder)
    let mixture = try measured(tensors, gate: gate, training: training)
    let texts = source.evals.reduce(0) { $0 + $1.file.examples.count }
    let counter = ProgressCounter(total: texts) { [progress] in
      progress(BuildProgress("running the evals", $0))
    }
    let evals = try source.evals.map { eval in
      let set = EvalSet(
        name: eval.description.name, task: eval.description.task,
        examples: eval.file.examples.compactMap { example in
          example.expectation.map { EvalExample(text: example.text, expectation: $0) }
        })
      return try set.run(
        on: mixture, pack: mixture.packs[0].identity, pool: pool, progress: counter.add)
    }
    for (eval, result) in zip(source.evals, evals)
    where result.accuracy < eval.description.floor {
      throw SourceError.belowFloor(
        eval: eval.description.name, metric: "accuracy", value: result.accuracy,
        floor: eval.description.floor, examples: result.labelled)
    }
    let assembly = ManifestAssembly(
      source: source, backbone: backbone, profileDigest: profileDigest, training: training,
      calibration: gate.calibration, rowCount: gate.rows.bias.count, evals: evals,
      options: options)
    return BuiltPack(
      manifest: assembly.manifest(), entries: assembly.entries(tensors), training: training,
      calibration: gate.calibration, evals: evals)
  }

  private var task: String { source.description.tasks.first?.name ?? "" }

  private func fitGate(_ training: TaskTraining) throws -> FittedGate {
    let near = try backbone.features(
      texts: source.negatives?.examples.map(\.text) ?? [], pool: pool)
    return FittedGate(
      fitter: try RowFitter(profile: profile, kernels: backbone.encoder.kernels),
      own: training.features, labels: training.labels, classCount: source.labels.count,
      profile: profile, near: near, seed: source.description.seed, pool: pool)
  }

  /// The mixture of this pack alone, loaded from the very bytes that ship.
  private func measured(
    _ tensors: PackTensorFiles, gate: FittedGate, training: TaskTraining
  ) throws -> MixtureModel {
    let plan = training.shipsExperts ? training.plan : nil
    let shape = PackShape(
      layers: plan?.layers ?? [], expertCount: plan?.count ?? 0, expertWidth: plan?.width ?? 0,
      topK: plan?.topK ?? 0, rowCount: gate.rows.bias.count,
      threshold: gate.calibration.threshold, temperature: gate.calibration.temperature,
      tasks: [PackShape.Task(name: task, labels: source.labels)])
    let description = source.description
    let pack = try PackModel(
      identity: PackIdentity(
        name: description.pack.description, version: description.version.description,
        digest: Digest(of: tensors.router)),
      shape: shape, encoder: backbone.encoder,
      experts: try tensors.experts.map {
        try SafeTensorsFile(bytes: $0, name: EntryName.experts)
      },
      router: try SafeTensorsFile(bytes: tensors.router, name: EntryName.router),
      heads: try SafeTensorsFile(bytes: tensors.heads, name: EntryName.heads))
    return MixtureModel(backbone: backbone, packs: [pack])
  }
}
