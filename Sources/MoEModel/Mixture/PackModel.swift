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
    /// The stable ids of its labels.
    public var labels: [String]

    /// Makes a task.
    public init(name: String, labels: [String]) {
      self.name = name
      self.labels = labels
    }
  }

  /// Makes a shape.
  public init(
    layers: [Int], expertCount: Int, expertWidth: Int, topK: Int, rowCount: Int, threshold: Double,
    temperature: Double, tasks: [Task]
  ) {
    self.layers = layers
    self.expertCount = expertCount
    self.expertWidth = expertWidth
    self.topK = topK
    self.rowCount = rowCount
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
  /// Its experts, by layer.
  public let experts: [Int: ExpertLayer]
  /// Its heads, one a task.
  public let heads: [ClassificationHead]

  /// The first layer that holds experts; `nil` where the frozen head won.
  public var firstExpertLayer: Int? { experts.keys.min() }

  /// Makes a pack of its parts.
  public init(
    identity: PackIdentity, rows: DispatcherRows, experts: [Int: ExpertLayer],
    heads: [ClassificationHead]
  ) {
    self.identity = identity
    self.rows = rows
    self.experts = experts
    self.heads = heads
  }

  /// Loads a pack from its tensor files.
  ///
  /// - Parameters:
  ///   - identity: Which pack.
  ///   - shape: What its manifest says.
  ///   - encoder: The backbone's transformer, whose widths the tensors have.
  ///   - expertFile: `experts.safetensors`; `nil` where the frozen head won.
  ///   - router: `router.safetensors`.
  ///   - heads: `heads.safetensors`.
  /// - Throws: `SafeTensorsError` where a tensor is missing or has another shape.
  public init(
    identity: PackIdentity, shape: PackShape, encoder: Encoder,
    experts expertFile: SafeTensorsFile?,
    router: SafeTensorsFile, heads: SafeTensorsFile
  ) throws {
    let (width, featureWidth) = (encoder.width, encoder.featureWidth)
    self.identity = identity
    rows = DispatcherRows(
      weight: try router.packed(
        TensorName.dispatcherWeight, rows: shape.rowCount, columns: featureWidth),
      bias: try router.floatArray(TensorName.dispatcherBias, shape: [shape.rowCount]),
      prior: try router.floatArray(TensorName.dispatcherPrior, shape: [shape.rowCount]),
      threshold: shape.threshold, temperature: shape.temperature)
    var layers: [Int: ExpertLayer] = [:]
    for layer in shape.layers {
      guard let expertFile else { break }
      let experts = try (0..<shape.expertCount).map { expert in
        Expert(
          up: try expertFile.packed(
            TensorName.expertUpWeight(layer: layer, expert: expert), rows: shape.expertWidth,
            columns: width),
          upBias: try expertFile.floatArray(
            TensorName.expertUpBias(layer: layer, expert: expert), shape: [shape.expertWidth]),
          down: try expertFile.packed(
            TensorName.expertDownWeight(layer: layer, expert: expert), rows: width,
            columns: shape.expertWidth),
          downBias: try expertFile.floatArray(
            TensorName.expertDownBias(layer: layer, expert: expert), shape: [width]))
      }
      let expertRouter: ExpertRouter? =
        shape.expertCount == 1
        ? nil
        : ExpertRouter(
          weight: try router.packed(
            TensorName.routerWeight(layer: layer), rows: shape.expertCount, columns: width),
          bias: try router.floatArray(
            TensorName.routerBias(layer: layer), shape: [shape.expertCount]),
          topK: shape.topK)
      layers[layer] = ExpertLayer(experts: experts, router: expertRouter)
    }
    self.experts = layers
    self.heads = try shape.tasks.map { task in
      ClassificationHead(
        task: task.name, labels: task.labels,
        weight: try heads.packed(
          TensorName.headWeight(task: task.name), rows: task.labels.count, columns: featureWidth),
        bias: try heads.floatArray(
          TensorName.headBias(task: task.name), shape: [task.labels.count]))
    }
  }
}

extension SafeTensorsFile {
  /// Reads a matrix and packs it for the kernels.
  fileprivate func packed(_ name: String, rows: Int, columns: Int) throws -> PackedMatrix {
    PackedMatrix(rows: rows, columns: columns, values: try floats(name, shape: [rows, columns]))
  }
}
