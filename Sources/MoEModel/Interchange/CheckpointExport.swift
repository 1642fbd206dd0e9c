public import Foundation
import MoEBase
public import MoETensor
import SafeTensors

/// A language model with packs in the flat mode, as a checkpoint that Hugging Face transformers loads unchanged.
///
/// The experts of packs follow the backbone's own, in every layer that has experts; the configuration counts
/// them, and is otherwise the registered one. A pack's experts that are narrower than the backbone's get gate and
/// up-projections of zeros, which add nothing. Numbers are written as the backbone stores them where that
/// holds those of every pack exactly, else all of them as F32.
public struct CheckpointExport {
  /// The families whose checkpoints can carry experts of packs.
  public static let families: [DecoderFamily] = [.mixtral, .olmoe, .flexOlmo]
  /// The most bytes of one file of tensors, unless a single tensor has more.
  public static let shardBytes = 5_000_000_000

  /// Which experts of each layer are whose, in order, the backbone's first.
  public let owners: [(name: String, experts: Range<Int>)]
  /// How all numbers are written.
  public let format: NumberFormat
  /// The bytes of all tensors.
  public var sizeBytes: Int { tensors.reduce(0) { $0 + $1.byteCount } }

  private let files: BackboneFiles
  private let config: JSONValue
  private let tensors: [PlannedTensor]

  /// Plans the checkpoint; nothing is written.
  ///
  /// - Parameters:
  ///   - model: The backbone.
  ///   - packs: Each pack's name and its experts by layer, as many in each, in the order of the packs' digests.
  /// - Throws: ``InterchangeError``, ``FlatModeError`` or ``BackboneError``.
  public init(
    _ model: LanguageModel, packs: [(name: String, experts: [Int: SparseNetwork])]
  ) throws {
    let architecture = model.decoder.architecture
    guard Self.families.contains(architecture.family) else {
      throw InterchangeError.family(architecture.family.rawValue, expected: Self.families)
    }
    for pack in packs {
      for (layer, network) in pack.experts.sorted(by: { $0.key < $1.key }) {
        guard case .sparse(let gate) = architecture.feedForwards[layer] else { continue }
        let widest = network.experts.map(\.width).max() ?? 0
        guard widest <= gate.expertWidth else {
          throw InterchangeError.tooWide(
            pack: pack.name, layer: layer, width: widest, limit: gate.expertWidth)
        }
      }
    }
    let flat = try model.decoder.flattened(with: packs)
    format = Self.format(of: flat.weights)
    tensors = Self.tensors(flat, format: format)
    files = model.backbone.files
    var owners = [(name: model.name, experts: 0..<architecture.expertCount)]
    for pack in packs {
      let first = owners[owners.count - 1].experts.upperBound
      let count = pack.experts.values.first?.gate.expertCount ?? 0
      precondition(
        pack.experts.values.allSatisfy { $0.gate.expertCount == count },
        "as many experts in each layer")
      owners.append((pack.name, first..<first + count))
    }
    self.owners = owners
    config = try Self.config(
      try files.json("config.json"), family: architecture.family,
      expertCount: flat.architecture.expertCount, format: format)
  }

  /// Writes the checkpoint: whole, or not at all.
  ///
  /// - Parameters:
  ///   - directory: A new or an empty directory.
  ///   - shardBytes: The most bytes of one file of tensors.
  ///   - progress: Told the bytes written, and of how many.
  /// - Throws: ``InterchangeError``.
  public func write(
    to directory: URL, shardBytes: Int = Self.shardBytes,
    progress: ((_ done: Int, _ total: Int) -> Void)? = nil
  ) throws {
    try StagedDirectory.write(directory) { staging in
      try Data((config.prettyText + "\n").utf8).write(to: staging.appending(path: "config.json"))
      for name in BackboneFiles.decoderFiles
      where name != "config.json" && name != Checkpoint.indexFile {
        guard FileManager.default.fileExists(atPath: files.url(name).path) else { continue }
        try FileManager.default.copyItem(at: files.url(name), to: staging.appending(path: name))
      }
      var done = 0
      let total = sizeBytes
      let shards = shards(atMost: shardBytes)
      for (index, shard) in shards.enumerated() {
        try SafeTensorsStream.write(
          shard, to: staging.appending(path: Self.fileName(index, of: shards.count)),
          metadata: [("format", "pt")]
        ) {
          done += $0
          progress?(done, total)
        }
      }
      if shards.count > 1 {
        try Data((index(of: shards).prettyText + "\n").utf8)
          .write(to: staging.appending(path: Checkpoint.indexFile))
      }
    }
  }

  private func shards(atMost limit: Int) -> [[PlannedTensor]] {
    var shards: [[PlannedTensor]] = [[]]
    var size = 0
    for tensor in tensors {
      if size > 0, size + tensor.byteCount > limit {
        shards.append([])
        size = 0
      }
      shards[shards.count - 1].append(tensor)
      size += tensor.byteCount
    }
    return shards
  }

  private static func fileName(_ index: Int, of count: Int) -> String {
    func padded(_ number: Int) -> String {
      let digits = String(number)
      return String(repeating: "0", count: max(5 - digits.count, 0)) + digits
    }
    return count == 1
      ? "model.safetensors" : "model-\(padded(index + 1))-of-\(padded(count)).safetensors"
  }

  private func index(of shards: [[PlannedTensor]]) -> JSONValue {
    var places: [JSONMember] = []
    for (index, shard) in shards.enumerated() {
      for tensor in shard {
        places.append(
          JSONMember(tensor.name, .string(Self.fileName(index, of: shards.count))))
      }
    }
    return ["metadata": ["total_size": .integer(sizeBytes)], "weight_map": .object(places)]
  }
}

extension CheckpointExport {
  /// The configuration with another number of experts and type of numbers.
  private static func config(
    _ config: JSONValue, family: DecoderFamily, expertCount: Int, format: NumberFormat
  ) throws -> JSONValue {
    guard case .object(var members) = config else {
      throw BackboneError.badConfiguration(
        file: "config.json", path: "", expected: "an object", got: config.kind)
    }
    let dtype =
      switch format {
      case .f32: "float32"
      case .bf16: "bfloat16"
      case .f16: "float16"
      }
    func set(_ keys: [String], _ value: JSONValue) {
      let present = keys.filter { config[$0] != nil }
      members.removeAll { !present.isEmpty && keys.contains($0.key) }
      for key in present.isEmpty ? [keys[0]] : present { members.append(JSONMember(key, value)) }
    }
    set(
      family == .mixtral ? ["num_local_experts"] : ["num_experts", "num_local_experts"],
      .integer(expertCount))
    set(["dtype", "torch_dtype"], .string(dtype))
    return .object(members.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) })
  }

  /// The one format of the backbone's matrices where it holds every number exactly, else F32.
  private static func format(of weights: DecoderWeights) -> NumberFormat {
    let matrices = weights.namedMatrices
    let narrow = Set(matrices.values.map(\.format)).subtracting([.f32])
    guard let format = narrow.first, narrow.count == 1 else { return .f32 }
    let isExact =
      weights.namedVectors.values.allSatisfy { format.narrow(exactly: $0) != nil }
      && matrices.values.filter { $0.format == .f32 }.allSatisfy { matrix in
        matrix.chunks.allSatisfy { format.narrow(exactly: matrix.values(rows: $0)) != nil }
      }
    return isExact ? format : .f32
  }

  /// Every tensor of the checkpoint, in the layout of the family that keeps each expert apart.
  private static func tensors(_ flat: Decoder, format: NumberFormat) -> [PlannedTensor] {
    let keys = CheckpointKeys(flat.architecture)
    let matrices = flat.weights.namedMatrices
    let vectors = flat.weights.namedVectors
    var tensors: [PlannedTensor] = []
    for source in keys.matrices {
      guard let matrix = matrices[source.name] else {
        preconditionFailure("no matrix `\(source.name)`")
      }
      // Of an expert that is narrower than the table says, each block has its share of rows.
      let isWhole = matrix.rows == source.rows
      var first = 0
      for block in source.layouts[0] {
        let count = isWhole ? block.rows : matrix.rows / source.layouts[0].count
        tensors.append(
          tensor(
            block.tensor, matrix, rows: first..<first + count,
            shape: [block.rows, source.columns], format: format))
        first += count
      }
    }
    for source in keys.vectors {
      guard var values = vectors[source.name]?[...] else {
        preconditionFailure("no vector `\(source.name)`")
      }
      for (name, count) in source.tensors {
        let own = Array(values.prefix(count))
        values = values.dropFirst(count)
        tensors.append(
          PlannedTensor(name: name, format: format, shape: [count]) {
            try $0(stored(own, as: format))
          })
      }
    }
    return tensors
  }

  /// Some rows of a matrix, with zeros beyond its rows and columns up to `shape`.
  private static func tensor(
    _ name: String, _ matrix: PackedMatrix, rows: Range<Int>, shape: [Int], format: NumberFormat
  ) -> PlannedTensor {
    PlannedTensor(name: name, format: format, shape: shape) { take in
      for chunk in matrix.chunks.map({ $0.clamped(to: rows) }) where !chunk.isEmpty {
        let bytes =
          matrix.format == format
          ? matrix.stored(rows: chunk) : stored(matrix.values(rows: chunk), as: format)
        try take(
          padded(
            bytes, from: matrix.columns * format.byteCount, to: shape[1] * format.byteCount))
      }
      let missing = (shape[0] - rows.count) * shape[1] * format.byteCount
      if missing > 0 { try take([UInt8](repeating: 0, count: missing)) }
    }
  }

  private static func stored(_ values: [Float], as format: NumberFormat) -> [UInt8] {
    guard let bytes = format.narrow(exactly: values) else {
      preconditionFailure("the format was chosen to hold every number")
    }
    return bytes
  }

  /// Rows of bytes with zeros after each.
  private static func padded(_ bytes: [UInt8], from narrow: Int, to wide: Int) -> [UInt8] {
    guard narrow < wide else { return bytes }
    var result = [UInt8](repeating: 0, count: bytes.count / narrow * wide)
    for row in 0..<bytes.count / narrow {
      result.replaceSubrange(
        row * wide..<row * wide + narrow, with: bytes[row * narrow..<(row + 1) * narrow])
    }
    return result
  }
}

extension PackedMatrix {
  /// Its rows, some megabytes at a time.
  var chunks: [Range<Int>] {
    let rowsAtOnce = max((4 << 20) / max(columns, 1) / Self.panelWidth, 1) * Self.panelWidth
    return stride(from: 0, to: rows, by: rowsAtOnce).map { $0..<min($0 + rowsAtOnce, rows) }
  }
}

extension DecoderArchitecture {
  /// E of the layers with experts, as families with one number for all of them have it; 0 where none has.
  var expertCount: Int {
    for case .sparse(let gate) in feedForwards { return gate.expertCount }
    return 0
  }
}
