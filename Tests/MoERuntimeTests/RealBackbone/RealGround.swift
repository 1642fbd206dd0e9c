import Foundation
import MoEBase
import MoEModel
import MoEPackFormat
import MoERuntime
import MoETensor
import MoETestSupport
import MoETraining

/// The real backbone with its profile, and two packs on it as `pack build` would make them, but for their
/// experts and heads, which are random: the gate is the ordinary one, fitted to the shipped training texts.
struct RealGround {
  /// Where the real backbone lies, if this machine has it; `tools/test` says so.
  static let directory = ProcessInfo.processInfo.environment["MOEPACK_BACKBONE_DIR"]
    .map { URL(fileURLWithPath: $0, isDirectory: true) }
  /// Made once for all tests.
  static let shared = Result { try RealGround() }

  let backbone: Backbone
  let profile: BackboneProfile
  let profileDigest: Digest
  let texts: [String]
  /// `example/sg-maritime-law` with one expert a layer, and `example/eu-gdpr` with three and a router.
  let packs: [TinyPack]
  /// The digests of the packs, as written to an archive.
  let digests: [Digest]
  /// What both packs answer on one batch of everything, two threads, the best kernels.
  let reference: [Answer]
  private static let expertWidth = 16

  private init() throws {
    guard let directory = Self.directory else { throw TestFailure("no backbone") }
    backbone = try Backbone(
      .miniLM, files: BackboneFiles(directory: directory), kernels: Kernels())
    (profile, profileDigest) = try BackboneProfile.load(
      directory: directory.appending(path: "profile"), width: backbone.featureWidth)
    let shipped = try ShippedTexts()
    texts = shipped.mixture()
    let fitter = try RowFitter(profile: profile, kernels: backbone.kernels)
    var packs: [TinyPack] = []
    for (source, expertCount) in zip(shipped.sources, [1, 3]) {
      packs.append(
        try Self.pack(
          source, expertCount: expertCount, fitter: fitter, backbone: backbone, profile: profile,
          profileDigest: profileDigest))
    }
    self.packs = packs
    let scratch = try TemporaryDirectory()
    digests = try packs.map { try $0.write(to: scratch.url.appending(path: "pack")) }
    reference = try Composition(
      backbone: backbone, profile: profileDigest, generation: 1,
      packs: try zip(packs, digests).map { try $0.mounted(digest: $1) }
    ).answer(
      texts.map { [tokenizer = backbone.tokenizer] in tokenizer.encode($0) },
      pool: ThreadPool(threads: 2))
  }

  /// The packs as a store would mount them.
  func mounted() throws -> [MountedPack] {
    try zip(packs, digests).map { try $0.mounted(digest: $1) }
  }

  private static func pack(
    _ source: ShippedTexts.Source, expertCount: Int, fitter: RowFitter, backbone: Backbone,
    profile: BackboneProfile, profileDigest: Digest
  ) throws -> TinyPack {
    let pool = ThreadPool(threads: 2)
    let labels = Set(source.train.map(\.label)).sorted {
      $0.utf8.lexicographicallyPrecedes($1.utf8)
    }
    let own = labels.enumerated().flatMap { index, label in
      source.train.filter { $0.label == label }.map { ($0.text, index) }
    }
    func texts(_ texts: [String], _ features: [Float]? = nil) throws -> GateTexts {
      GateTexts(
        features: try features ?? backbone.features(texts: texts, pool: pool),
        bags: texts.map { NGramBag(backbone.tokenizer.encode($0)) })
    }
    let gate = FittedGate(
      fitter: fitter,
      groups: [
        try texts(own.map(\.0)), try texts(profile.negativeTexts, profile.negatives),
        try texts(profile.anchorTexts, profile.anchors), try texts(source.negatives),
      ], labels: own.map(\.1), classCount: labels.count, seed: 1, pool: pool)
    var manifest = try TinyPack(
      "example/\(source.name)", topics: [0], backbone: TinyBackbone.make()
    )
    .manifest
    manifest.backbone = Manifest.Backbone(name: backbone.name, digest: backbone.digest)
    manifest.tokenizer = backbone.tokenizerDigest
    manifest.profile = profileDigest
    let layers = [backbone.layerCount - 2, backbone.layerCount - 1]
    manifest.experts = Manifest.Experts(
      layers: layers, width: expertWidth, count: expertCount, topK: min(2, expertCount),
      utilization: expertCount == 1
        ? []
        : layers.map { _ in
          Manifest.Utilization(
            shares: (0..<expertCount).map { _ in 1 / Double(expertCount) }, entropy: 0.5)
        })
    manifest.tasks = [Manifest.Task(name: "issue", labels: labels)]
    manifest.dispatcher.rows = labels.count
    manifest.dispatcher.ngramShare = gate.ngramShare
    manifest.dispatcher.threshold = gate.calibration.threshold
    manifest.dispatcher.temperature = gate.calibration.temperature
    manifest.evals[0].examples = source.evaluation.count { $0.label != nil }
    manifest.evals[0].none = source.evaluation.count { $0.label == nil }
    var catalog = LabelCatalog()
    for label in labels { catalog["issue", label] = LabelCatalog.Label(title: label) }
    return TinyPack(
      manifest: manifest, tensors: tensors(manifest, gate: gate, backbone: backbone),
      labels: catalog, evaluation: source.evaluationLines, backbone: backbone)
  }

  /// The fitted rows; experts, expert routers and heads at random.
  private static func tensors(
    _ manifest: Manifest, gate: FittedGate, backbone: Backbone
  ) -> [String: [String: [Float]]] {
    var generator = SeededGenerator(seed: UInt64(manifest.tasks[0].labels.count))
    var result: [String: [String: [Float]]] = [:]
    for tensor in manifest.expectedTensors(of: backbone) {
      let count = tensor.shape.reduce(1, *)
      let values: [Float] =
        switch tensor.name {
        case TensorName.dispatcherWeight: gate.rows.weight.map { Float($0) }
        case TensorName.dispatcherBias: gate.rows.bias.map { Float($0) }
        case TensorName.dispatcherPrior: gate.rows.prior.map { Float($0) }
        case TensorName.dispatcherNGrams: gate.ngrams
        default: (0..<count).map { _ in 0.1 * Float(generator.normal()) }
        }
      result[tensor.entry, default: [:]][tensor.name] = values
    }
    return result
  }
}
