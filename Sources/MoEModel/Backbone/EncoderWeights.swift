public import MoEBase
public import MoETensor
public import SafeTensors

/// The gain and bias of one layer normalisation, `[D]` each.
public struct LayerNormWeights: Sendable {
  /// The gain.
  public let gain: [Float]
  /// The bias.
  public let bias: [Float]
}

/// A linear map, its matrix packed for the kernels.
public struct LinearWeights: Sendable {
  /// `[out, in]`, in the precision of the model.
  public let weight: WeightMatrix
  /// `[out]`.
  public let bias: [Float]
}

/// The weights of one encoder layer.
public struct EncoderLayerWeights: Sendable {
  /// Queries, keys and values as one map, `[3 D, D]`.
  public let queryKeyValue: LinearWeights
  /// The attention's output map, `[D, D]`.
  public let attentionOutput: LinearWeights
  /// After the attention.
  public let attentionNorm: LayerNormWeights
  /// The feed-forward network's first map, `[F, D]`.
  public let up: LinearWeights
  /// The feed-forward network's second map, `[D, F]`.
  public let down: LinearWeights
  /// After the feed-forward network.
  public let outputNorm: LayerNormWeights
}

/// The weights of a BERT encoder: the embeddings memory-mapped, the layers packed.
public struct EncoderWeights: Sendable {
  /// Keeps the mapping of the embeddings alive.
  public let file: SafeTensorsFile
  /// What every position adds for token type 0 and the layer norm after the embeddings.
  public let embeddingNorm: LayerNormWeights
  /// The embedding of token type 0, `[D]`.
  public let tokenType: [Float]
  /// The layers, from the first.
  public let layers: [EncoderLayerWeights]
  /// The precision of the layers' linear maps.
  public let precision: Precision
  /// The same weights in full precision, where these are reduced.
  private let full: Deferred<EncoderWeights>?

  static let wordEmbeddings = "embeddings.word_embeddings.weight"
  static let positionEmbeddings = "embeddings.position_embeddings.weight"
  /// Tensors of the checkpoint that this model does not use, by name.
  static let unused: Set<String> = [
    "embeddings.position_ids", "pooler.dense.weight", "pooler.dense.bias",
  ]

  /// Maps every tensor of the checkpoint, by the names of Hugging Face transformers' `BertModel`.
  ///
  /// - Parameters:
  ///   - file: The checkpoint.
  ///   - configuration: Its shape.
  ///   - precision: What the layers' matrices are rounded to.
  /// - Throws: ``BackboneError/badTensor(name:expected:got:)`` if a tensor is missing, has another shape,
  ///   or is not one of this architecture.
  public init(
    file: SafeTensorsFile, configuration: EncoderConfiguration, precision: Precision = .f32
  ) throws {
    self.precision = precision
    var reader = CheckpointReader(file: file, precision: precision)
    let width = configuration.width
    try reader.check(Self.wordEmbeddings, shape: [configuration.vocabularySize, width])
    try reader.check(Self.positionEmbeddings, shape: [configuration.positionCount, width])
    let types = try reader.values("embeddings.token_type_embeddings.weight", shape: [2, width])
    tokenType = Array(types[0..<width])
    embeddingNorm = try reader.norm("embeddings.LayerNorm", width: width)
    layers = try (0..<configuration.layerCount).map { index in
      let layer = "encoder.layer.\(index)."
      return EncoderLayerWeights(
        queryKeyValue: try reader.stacked(
          ["query", "key", "value"].map { layer + "attention.self.\($0)" }, shape: [width, width]),
        attentionOutput: try reader.linear(
          layer + "attention.output.dense", shape: [width, width]),
        attentionNorm: try reader.norm(layer + "attention.output.LayerNorm", width: width),
        up: try reader.linear(
          layer + "intermediate.dense", shape: [configuration.feedForwardWidth, width]),
        down: try reader.linear(
          layer + "output.dense", shape: [width, configuration.feedForwardWidth]),
        outputNorm: try reader.norm(layer + "output.LayerNorm", width: width))
    }
    try reader.finish(unused: Self.unused)
    self.file = file
    full =
      precision == .f32
      ? nil : Deferred { try EncoderWeights(file: file, configuration: configuration) }
  }

  /// The same weights in full precision: read when they are first wanted, once, and shared.
  ///
  /// - Throws: What reading them throws.
  func inFullPrecision() throws -> EncoderWeights { try full?.get() ?? self }
}

/// Reads tensors by name and shape, and refuses a checkpoint that holds others.
private struct CheckpointReader {
  let file: SafeTensorsFile
  let precision: Precision
  var used: Set<String> = []

  init(file: SafeTensorsFile, precision: Precision) {
    self.file = file
    self.precision = precision
  }

  mutating func check(_ name: String, shape: [Int]) throws {
    used.insert(name)
    guard let tensor = file.tensors.first(where: { $0.name == name }) else {
      throw BackboneError.badTensor(name: name, expected: "F32 \(shape)", got: "no such tensor")
    }
    guard tensor.dtype == .f32, tensor.shape == shape else {
      throw BackboneError.badTensor(
        name: name, expected: "F32 \(shape)", got: "\(tensor.dtype.rawValue) \(tensor.shape)")
    }
  }

  mutating func values(_ name: String, shape: [Int]) throws -> [Float] {
    try check(name, shape: shape)
    return try file.floatArray(name, shape: shape)
  }

  mutating func norm(_ name: String, width: Int) throws -> LayerNormWeights {
    LayerNormWeights(
      gain: try values(name + ".weight", shape: [width]),
      bias: try values(name + ".bias", shape: [width]))
  }

  mutating func linear(_ name: String, shape: [Int]) throws -> LinearWeights {
    try stacked([name], shape: shape)
  }

  /// Reads maps of one shape and stacks their outputs.
  mutating func stacked(_ names: [String], shape: [Int]) throws -> LinearWeights {
    var weight: [Float] = []
    var bias: [Float] = []
    weight.reserveCapacity(names.count * shape[0] * shape[1])
    for name in names {
      try check(name + ".weight", shape: shape)
      weight.append(contentsOf: try file.floats(name + ".weight", shape: shape))
      bias.append(contentsOf: try values(name + ".bias", shape: [shape[0]]))
    }
    let packed = weight.withUnsafeBufferPointer {
      WeightMatrix(
        rows: names.count * shape[0], columns: shape[1], values: $0, precision: precision)
    }
    return LinearWeights(weight: packed, bias: bias)
  }

  func finish(unused: Set<String>) throws {
    for tensor in file.tensors where !used.contains(tensor.name) && !unused.contains(tensor.name) {
      throw BackboneError.badTensor(
        name: tensor.name, expected: "a tensor of a BERT encoder", got: "a name that does not map")
    }
  }
}
