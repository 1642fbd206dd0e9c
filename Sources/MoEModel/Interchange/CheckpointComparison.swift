import Foundation
import MoEBase
import MoETensor
import SafeTensors

/// A checkpoint beside the backbone that it was made from.
struct CheckpointComparison {
  /// What the checkpoint says it is.
  let architecture: DecoderArchitecture
  let backbone: LanguageModel
  private let files: BackboneFiles
  private let checkpoint: Checkpoint
  /// The checkpoint's matrices by their names in ``CheckpointKeys``.
  let matrices: [String: CheckpointMatrix]
  /// The backbone's.
  let base: [String: PackedMatrix]

  /// Reads a checkpoint's configuration and headers.
  ///
  /// - Throws: ``InterchangeError``, ``BackboneError`` or `SafeTensorsError`.
  init(_ directory: URL, backbone: LanguageModel) throws {
    self.backbone = backbone
    files = BackboneFiles(directory: directory)
    architecture = try DecoderConfiguration.architecture(try files.json("config.json"))
    let families = CheckpointExport.families + [.llama]
    guard families.contains(architecture.family) else {
      throw InterchangeError.family(architecture.family.rawValue, expected: families)
    }
    try Self.requireSameShape(architecture, backbone.decoder.architecture)
    let checkpoint = try Checkpoint(files)
    self.checkpoint = checkpoint
    let keys = CheckpointKeys(architecture)
    let all = try keys.matrices.map { try CheckpointMatrix($0, checkpoint: checkpoint) }
    try PanelFile.checkTensors(checkpoint, keys: keys, matrices: all)
    matrices = Dictionary(uniqueKeysWithValues: all.map { ($0.source.name, $0) })
    base = backbone.decoder.weights.namedMatrices
  }

  /// The digests of the checkpoint's weight files and configuration.
  func digests() throws -> [String: Digest] {
    try files.digests(of: ["config.json"] + checkpoint.fileNames)
  }

  /// The tensors that are neither experts nor routers, nor feed-forward networks of a dense model, and differ.
  func otherChanges() throws -> [String] {
    var changed: [String] = []
    let keys = CheckpointKeys(architecture)
    for source in keys.matrices where !Self.isExpert(source.name, architecture) {
      guard let matrix = matrices[source.name], let own = base[source.name] else { continue }
      var first = 0
      for block in matrix.blocks {
        if try !isSame(matrix, own, rows: first..<first + block.rows) {
          changed.append(block.tensor)
        }
        first += block.rows
      }
    }
    let vectors = backbone.decoder.weights.namedVectors
    for source in keys.vectors {
      var own = (vectors[source.name] ?? [])[...]
      for (name, count) in source.tensors {
        let values = try checkpoint.vector(
          VectorSource(name: source.name, tensors: [(name, count)]))
        if !values.hasSameBits(as: own.prefix(count)) { changed.append(name) }
        own = own.dropFirst(count)
      }
    }
    return changed
  }

  /// Whether some rows of a matrix are the same numbers in both, bit for bit.
  func isSame(_ matrix: CheckpointMatrix, _ own: PackedMatrix, rows: Range<Int>) throws -> Bool {
    for chunk in own.chunks.map({ $0.clamped(to: rows) }) where !chunk.isEmpty {
      guard try matrix.values(rows: chunk).hasSameBits(as: own.values(rows: chunk)) else {
        return false
      }
    }
    return true
  }

  /// Whether a matrix is one that a pack's experts and routers come from.
  private static func isExpert(_ name: String, _ architecture: DecoderArchitecture) -> Bool {
    if architecture.family == .llama { return name.hasSuffix(".gateUp") || name.hasSuffix(".down") }
    return name.contains(".experts.") || name.hasSuffix(".router")
  }

  /// Refuses a checkpoint that differs in more than the number of experts, and how many a token gets.
  private static func requireSameShape(
    _ got: DecoderArchitecture, _ expected: DecoderArchitecture
  ) throws {
    func require<Value: Equatable>(
      _ what: String, _ value: (DecoderArchitecture) -> Value
    ) throws {
      guard value(got) != value(expected) else { return }
      throw InterchangeError.otherShape(
        what: what, expected: "\(value(expected))", got: "\(value(got))")
    }
    try require("model_type") { $0.family.rawValue }
    try require("vocabulary") { $0.vocabularySize }
    try require("width") { $0.width }
    try require("layers") { $0.layerCount }
    try require("layers with experts") { $0.sparseLayers }
    try require("heads") { [$0.attention.headCount, $0.attention.keyHeadCount] }
    try require("width of a head") { $0.attention.headWidth }
    try require("width of the feed-forward networks") {
      $0.feedForwards.map {
        switch $0 {
        case .dense(let width, _): width
        case .sparse(let gate): gate.expertWidth
        }
      }
    }
    try require("how routers choose and weigh") {
      $0.feedForwards.map {
        switch $0 {
        case .dense: "dense"
        case .sparse(let gate): "\(gate.order) \(gate.normalization)"
        }
      }
    }
    try require("tied embeddings") { $0.tiesEmbeddings }
    try require("attention") { $0.attention }
    try require("rotary embedding") { $0.rotary }
    try require("normalisation") { $0.norm }
  }
}

extension Sequence<Float> {
  /// Whether these are the same numbers, in the same order, to the bit: −0 is not 0.
  func hasSameBits(as other: some Sequence<Float>) -> Bool {
    elementsEqual(other) { $0.bitPattern == $1.bitPattern }
  }
}
