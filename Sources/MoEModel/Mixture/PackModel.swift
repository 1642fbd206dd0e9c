public import MoEBase
import MoETensor
public import SafeTensors

/// Which pack: what provenance names.
public struct PackIdentity: Sendable, Hashable {
  /// `namespace/name`.
  public let name: String
  /// The version, for people.
  public let version: String
  /// The digest of the signed statement.
  public let digest: Digest

  /// Makes an identity.
  public init(name: String, version: String, digest: Digest) {
    self.name = name
    self.version = version
    self.digest = digest
  }
}

/// What the manifest says of a pack's tensors, in the words of the model floor.
public struct PackShape: Sendable, Equatable {
  /// The layers that hold experts, ascending; empty where the frozen head won.
  public var layers: [Int]
  /// E, experts a layer.
  public var expertCount: Int
  /// F, the width of each expert.
  public var expertWidth: Int
  /// K, experts a token.
  public var topK: Int
  /// C, the dispatcher rows.
  public var rowCount: Int
  /// w, the share of the n-gram weights in the score; 0 where the pack has none.
  public var ngramShare: Double
  /// τ, in nats.
  public var threshold: Double
  /// T.
  public var temperature: Double
  /// The tasks, each with its labels in the order of the head's rows.
  public var tasks: [Task]

  /// One task of a pack.
  public struct Task: Sendable, Equatable {
    /// Its name.
    public var name: String
    /// What kind of thing it predicts.
    public var kind: TaskKind
    /// The stable ids of its labels.
    public var labels: [String]

    /// Makes a task.
    public init(name: String, kind: TaskKind = .classify, labels: [String]) {
      self.name = name
      self.kind = kind
      self.labels = labels
    }
  }

  /// Makes a shape.
  public init(
    layers: [Int], expertCount: Int, expertWidth: Int, topK: Int, rowCount: Int,
    ngramShare: Double = 0, threshold: Double, temperature: Double, tasks: [Task]
  ) {
    self.layers = layers
    self.expertCount = expertCount
    self.expertWidth = expertWidth
    self.topK = topK
    self.rowCount = rowCount
    self.ngramShare = ngramShare
    self.threshold = threshold
    self.temperature = temperature
    self.tasks = tasks
  }
}

/// The tensors of one pack, loaded: dispatcher rows, experts and heads; immutable and shared.
public struct PackModel: Sendable {
  /// Which pack.
  public let identity: PackIdentity
  /// Its rows in the dispatcher.
  public let rows: DispatcherRows
  /// Its experts beside an encoder's networks, by layer; empty on a language model.
  public let experts: [Int: ExpertLayer]
  /// Its experts beside a language model's networks, by layer; empty on an encoder.
  public let gatedExperts: [Int: SparseNetwork]
  /// Its heads, one a task that has labels.
  public let heads: [LabelHead]

  /// The first layer of an encoder that holds experts; `nil` where the frozen head won.
  public var firstExpertLayer: Int? { experts.keys.min() }

  /// Makes a pack of its parts.
  public init(
    identity: PackIdentity, rows: DispatcherRows, experts: [Int: ExpertLayer] = [:],
    gatedExperts: [Int: SparseNetwork] = [:], heads: [LabelHead] = []
  ) {
    self.identity = identity
    self.rows = rows
    self.experts = experts
    self.gatedExperts = gatedExperts
    self.heads = heads
  }

  /// Loads a pack from its tensor files.
  ///
  /// - Parameters:
  ///   - identity: Which pack.
  ///   - shape: What its manifest says.
  ///   - backbone: What it is to run on; the tensors have its widths.
  ///   - expertFile: `experts.safetensors`; `nil` where the frozen head won.
  ///   - router: `router.safetensors`.
  ///   - headFile: `heads.safetensors`; `nil` where no task has labels.
  /// - Throws: `SafeTensorsError` where a tensor is missing or has another shape.
  public init(
    identity: PackIdentity, shape: PackShape, backbone: BackboneOutline,
    experts expertFile: SafeTensorsFile?, router: SafeTensorsFile, heads headFile: SafeTensorsFile?
  ) throws {
    let reader = PackTensors(
      shape: shape, width: backbone.width, experts: expertFile, router: router)
    var experts: [Int: ExpertLayer] = [:]
    var gatedExperts: [Int: SparseNetwork] = [:]
    for layer in expertFile == nil ? [] : shape.layers {
      switch backbone.kind {
      case .encoder:
        experts[layer] = try reader.expertLayer(layer)
      case .decoder: gatedExperts[layer] = try reader.sparseNetwork(layer)
      }
    }
    let featureWidth = backbone.featureWidth
    self.init(
      identity: identity,
      rows: DispatcherRows(
        weight: try router.packed(
          TensorName.dispatcherWeight, rows: shape.rowCount, columns: featureWidth),
        bias: try router.floatArray(TensorName.dispatcherBias, shape: [shape.rowCount]),
        prior: try router.floatArray(TensorName.dispatcherPrior, shape: [shape.rowCount]),
        ngrams: shape.ngramShare == 0
          ? [] : try router.floatArray(TensorName.dispatcherNGrams, shape: [NGramBag.bucketCount]),
        ngramShare: shape.ngramShare, threshold: shape.threshold, temperature: shape.temperature),
      experts: experts, gatedExperts: gatedExperts,
      heads: try shape.tasks.filter { !$0.labels.isEmpty }.map { task in
        guard let headFile else {
          throw SafeTensorsError(
            "heads.safetensors", .missingTensor(name: TensorName.headWeight(task: task.name)))
        }
        return try LabelHead(task, in: headFile, featureWidth: featureWidth)
      })
  }
}
