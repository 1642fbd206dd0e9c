public import MoETensor
import SafeTensors

/// The weights of a decoder: matrices mapped in the checkpoint's own numbers, vectors in memory.
struct DecoderWeights: Sendable {
  /// One layer.
  struct Layer: Sendable {
    /// The normalisation of attention, `[D]`.
    let attentionNorm: [Float]
    /// Queries, keys and values, `[(H + 2 keyHeads) headWidth, D]`.
    let attentionInput: PackedMatrix
    let attentionInputBias: [Float]?
    /// `[D, H headWidth]`.
    let attentionOutput: PackedMatrix
    let attentionOutputBias: [Float]?
    /// The gains of the queries' and keys' normalisation.
    let queryNorm: [Float]?
    let keyNorm: [Float]?
    /// The normalisation of the feed-forward network, `[D]`.
    let feedForwardNorm: [Float]
    var feedForward: FeedForward
  }

  /// What stands in a layer's FFN slot.
  enum FeedForward: Sendable {
    case dense(GatedNetwork)
    case sparse(SparseNetwork)
  }

  /// The embedding, `[V, D]`.
  let embedding: PackedMatrix
  /// Whether the output map is the embedding.
  let isTied: Bool
  /// The output map, `[V, D]`; the embedding itself where they are tied.
  let output: PackedMatrix
  /// The last normalisation, `[D]`.
  let norm: [Float]
  var layers: [Layer]

  /// Maps a file of panels.
  ///
  /// - Throws: `SafeTensorsError` where it is not the one that ``PanelFile`` wrote for this architecture.
  init(file: SafeTensorsFile, architecture: DecoderArchitecture) throws {
    let reader = PanelReader(file: file)
    let width = architecture.width
    embedding = try reader.matrix("embedding", rows: architecture.vocabularySize, columns: width)
    isTied = architecture.tiesEmbeddings
    output =
      architecture.tiesEmbeddings
      ? embedding : try reader.matrix("output", rows: architecture.vocabularySize, columns: width)
    norm = try reader.vector("norm", count: width)
    let attention = architecture.attention
    layers = try (0..<architecture.layerCount).map { layer in
      let name = "layers.\(layer)."
      let isWhole = attention.queryKeyNorm == .wholeRow
      let hasNorm = attention.queryKeyNorm != .none
      return Layer(
        attentionNorm: try reader.vector(name + "attention.norm", count: width),
        attentionInput: try reader.matrix(
          name + "attention.input", rows: attention.inputWidth, columns: width),
        attentionInputBias: attention.hasInputBias
          ? try reader.vector(name + "attention.input.bias", count: attention.inputWidth) : nil,
        attentionOutput: try reader.matrix(
          name + "attention.output", rows: width, columns: attention.queryWidth),
        attentionOutputBias: attention.hasOutputBias
          ? try reader.vector(name + "attention.output.bias", count: width) : nil,
        queryNorm: hasNorm
          ? try reader.vector(
            name + "query.norm", count: isWhole ? attention.queryWidth : attention.headWidth) : nil,
        keyNorm: hasNorm
          ? try reader.vector(
            name + "key.norm", count: isWhole ? attention.keyWidth : attention.headWidth) : nil,
        feedForwardNorm: try reader.vector(name + "feedForward.norm", count: width),
        feedForward: try Self.feedForward(
          reader, name, architecture.feedForwards[layer], width: width))
    }
  }

  private static func feedForward(
    _ reader: PanelReader, _ name: String, _ kind: DecoderArchitecture.FeedForward, width: Int
  ) throws -> FeedForward {
    switch kind {
    case .dense(let inner, let hasBias):
      return .dense(
        try reader.network(name, width: width, inner: inner, hasBias: hasBias))
    case .sparse(let gate):
      return .sparse(
        SparseNetwork(
          gate: gate,
          router: try reader.matrix(name + "router", rows: gate.expertCount, columns: width),
          experts: try (0..<gate.expertCount).map {
            try reader.network(name + "experts.\($0).", width: width, inner: gate.expertWidth)
          },
          shared: try gate.sharedExpertWidth.map {
            SparseNetwork.Shared(
              network: try reader.network(name + "shared.", width: width, inner: $0),
              gate: try reader.matrix(name + "shared.gate", rows: 1, columns: width))
          }))
    }
  }
}

extension Decoder {
  /// How the matrices are stored, each way once.
  public var formats: [NumberFormat] {
    NumberFormat.allCases.filter { format in weights.matrices.contains { $0.format == format } }
  }

  /// The bytes of all matrices, mapped as far as they are used.
  public var sizeBytes: Int { weights.matrices.reduce(0) { $0 + $1.sizeBytes } }
}

extension DecoderWeights {
  /// Every matrix, each once.
  fileprivate var matrices: [PackedMatrix] {
    var all = [embedding]
    if !isTied { all.append(output) }
    for layer in layers {
      all += [layer.attentionInput, layer.attentionOutput]
      switch layer.feedForward {
      case .dense(let network): all += [network.gateUp, network.down]
      case .sparse(let network):
        all.append(network.router)
        for expert in network.experts { all += [expert.gateUp, expert.down] }
        if let shared = network.shared {
          all += [shared.network.gateUp, shared.network.down, shared.gate]
        }
      }
    }
    return all
  }
}

/// Reads matrices and vectors of a panel file by name.
private struct PanelReader {
  let file: SafeTensorsFile

  func matrix(_ name: String, rows: Int, columns: Int) throws -> PackedMatrix {
    let panels = (rows + PackedMatrix.panelWidth - 1) / PackedMatrix.panelWidth
    let shape = [panels, columns, PackedMatrix.panelWidth]
    guard let tensor = file.tensor(name) else {
      throw SafeTensorsError(file.name, .missingTensor(name: name))
    }
    guard let format = NumberFormat(rawValue: tensor.dtype.rawValue), tensor.shape == shape else {
      throw SafeTensorsError(
        file.name,
        .differentTensor(
          name: name, expected: "panels \(shape)", got: "\(tensor.dtype.rawValue) \(tensor.shape)"))
    }
    let isAligned = file.withBytes(of: tensor) {
      $0.baseAddress.map { Int(bitPattern: $0) % 4 == 0 } ?? false
    }
    guard isAligned else {
      throw SafeTensorsError(
        file.name, .misaligned(name: name, offset: tensor.range.lowerBound, alignment: 4))
    }
    return file.withBytes(of: tensor) {
      PackedMatrix(rows: rows, columns: columns, format: format, panels: $0, owner: file)
    }
  }

  func vector(_ name: String, count: Int) throws -> [Float] {
    try file.floatArray(name, shape: [count])
  }

  func network(
    _ name: String, width: Int, inner: Int, hasBias: Bool = false
  ) throws -> GatedNetwork {
    GatedNetwork(
      gateUp: try matrix(name + "gateUp", rows: 2 * inner, columns: width),
      down: try matrix(name + "down", rows: width, columns: inner),
      gateUpBias: hasBias ? try vector(name + "gateUp.bias", count: 2 * inner) : nil,
      downBias: hasBias ? try vector(name + "down.bias", count: width) : nil)
  }
}
