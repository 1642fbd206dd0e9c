import Foundation
import MoEBase
import MoETensor
import SafeTensors

/// A decoder's weights in the panels that the kernels read: written once when a backbone is added, mapped ever after.
///
/// A safetensors file: each matrix `[F, D]` a tensor `[⌈F / 32⌉, D, 32]` in the checkpoint's own numbers,
/// rows beyond F zero; each vector F32. Data start at a multiple of 64, matrices come first, so every matrix
/// lies at a multiple of 64. Nothing of it becomes resident before it is multiplied.
public enum PanelFile {
  /// Its name in a backbone's directory.
  public static let name = "panels.safetensors"
  /// The bytes of rows that are packed at a time.
  private static let chunkBytes = 16 << 20

  /// Writes the panels of a checkpoint, every tensor of which must map and be finite.
  ///
  /// - Parameters:
  ///   - checkpoint: The tensors.
  ///   - architecture: What they are.
  ///   - url: The new file.
  ///   - progress: Told the bytes written, and of how many.
  /// - Throws: ``BackboneError`` naming the tensor, or what writing throws; the file is then useless.
  static func write(
    _ checkpoint: Checkpoint, architecture: DecoderArchitecture, to url: URL,
    progress: ((_ done: Int, _ total: Int) -> Void)? = nil
  ) throws {
    let keys = CheckpointKeys(architecture)
    let matrices = try keys.matrices.map { try PlannedMatrix($0, checkpoint: checkpoint) }
    let vectors = try keys.vectors.map { ($0, try checkpoint.vector($0)) }
    try checkTensors(checkpoint, keys: keys, matrices: matrices)
    let output = try PanelOutput(
      url: url, matrices: matrices.map { ($0.source.name, $0.format, $0.shape, $0.sizeBytes) },
      vectors: vectors.map { ($0.0.name, $0.1.count) })
    let total = matrices.reduce(0) { $0 + $1.sizeBytes }
    var done = 0
    for matrix in matrices {
      try matrix.pack(chunkBytes: chunkBytes) { bytes in
        try output.write(bytes)
        done += bytes.count
        progress?(done, total)
      }
    }
    for (_, values) in vectors { try values.withUnsafeBytes { try output.write($0) } }
    try output.finish()
  }

  /// Refuses a checkpoint with tensors that nothing here is made of.
  private static func checkTensors(
    _ checkpoint: Checkpoint, keys: CheckpointKeys, matrices: [PlannedMatrix]
  ) throws {
    var used = Set(matrices.flatMap { $0.blocks.map(\.tensor) })
    for source in keys.vectors { used.formUnion(source.tensors.map(\.name)) }
    if keys.architecture.tiesEmbeddings, checkpoint.contains(CheckpointKeys.outputTensor) {
      try requireTied(checkpoint, keys: keys)
      used.insert(CheckpointKeys.outputTensor)
    }
    let superfluous = checkpoint.tensorNames.subtracting(used)
      .filter { !CheckpointKeys.isDerived($0) }.min()
    if let superfluous {
      throw BackboneError.badTensor(
        name: superfluous, expected: "a tensor of `\(keys.architecture.family.rawValue)`",
        got: "a name that does not map")
    }
  }

  /// Where embeddings are tied, a repeated output map must be the embedding.
  private static func requireTied(_ checkpoint: Checkpoint, keys: CheckpointKeys) throws {
    let shape = [keys.architecture.vocabularySize, keys.architecture.width]
    let (file, tensor, _) = try checkpoint.tensor(CheckpointKeys.outputTensor, shape: shape)
    let (other, embedding, _) = try checkpoint.tensor(keys.embeddingTensor, shape: shape)
    let isSame = file.withBytes(of: tensor) { a in
      other.withBytes(of: embedding) { b in
        a.count == b.count
          && (a.baseAddress.flatMap { x in b.baseAddress.map { memcmp(x, $0, a.count) == 0 } }
            ?? true)
      }
    }
    guard isSame else {
      throw BackboneError.badTensor(
        name: CheckpointKeys.outputTensor,
        expected: "the embedding itself, as `tie_word_embeddings` says", got: "other values")
    }
  }
}

/// A matrix that is about to be packed: where its rows lie in the checkpoint.
private struct PlannedMatrix {
  let source: MatrixSource
  let blocks: [MatrixSource.Block]
  let format: NumberFormat
  private let places: [(file: SafeTensorsFile, descriptor: TensorDescriptor)]

  init(_ source: MatrixSource, checkpoint: Checkpoint) throws {
    self.source = source
    blocks = checkpoint.layout(of: source)
    var places: [(SafeTensorsFile, TensorDescriptor)] = []
    var formats: [NumberFormat] = []
    for block in blocks {
      let (file, descriptor, format) = try checkpoint.tensor(block.tensor, shape: block.shape)
      places.append((file, descriptor))
      formats.append(format)
      guard format == formats[0] else {
        throw BackboneError.badTensor(
          name: block.tensor, expected: "\(formats[0].rawValue), as `\(blocks[0].tensor)` is",
          got: format.rawValue)
      }
    }
    self.places = places
    format = formats.first ?? .f32
  }

  var shape: [Int] {
    [
      (source.rows + PackedMatrix.panelWidth - 1) / PackedMatrix.panelWidth, source.columns,
      PackedMatrix.panelWidth,
    ]
  }
  var sizeBytes: Int {
    PackedMatrix.panelBytes(rows: source.rows, columns: source.columns, format: format)
  }

  /// Packs some panels at a time and hands them over in order.
  func pack(chunkBytes: Int, _ take: (UnsafeRawBufferPointer) throws -> Void) throws {
    let rowBytes = source.columns * format.byteCount
    let isTransposed = blocks[0].isTransposed
    let panel = PackedMatrix.panelWidth
    let rowsAtOnce = isTransposed ? source.rows : max(chunkBytes / rowBytes / panel, 1) * panel
    var rows: [UInt8] = []
    var packed: [UInt8] = []
    for start in stride(from: 0, to: source.rows, by: rowsAtOnce) {
      let range = start..<min(start + rowsAtOnce, source.rows)
      rows.removeAll(keepingCapacity: true)
      try gather(range, into: &rows)
      let size = PackedMatrix.panelBytes(
        rows: range.count, columns: source.columns, format: format)
      if packed.count != size { packed = [UInt8](repeating: 0, count: size) }
      packed.withUnsafeMutableBytes { target in
        rows.withUnsafeBytes {
          format.pack(
            $0, isTransposed: isTransposed, rows: range.count, columns: source.columns,
            into: target)
        }
      }
      try packed.withUnsafeBytes { try take($0) }
    }
  }

  /// Lays the bytes of some rows end to end, finite all of them.
  private func gather(_ range: Range<Int>, into rows: inout [UInt8]) throws {
    let rowBytes = source.columns * format.byteCount
    var first = 0
    for (block, place) in zip(blocks, places) {
      defer { first += block.rows }
      let wanted = range.clamped(to: first..<first + block.rows)
      guard !wanted.isEmpty else { continue }
      try place.file.withBytes(of: place.descriptor) { bytes in
        let partBytes = bytes.count / block.count
        let start = block.part * partBytes + (wanted.lowerBound - first) * rowBytes
        let part = UnsafeRawBufferPointer(rebasing: bytes[start..<start + wanted.count * rowBytes])
        if let index = format.firstNonFinite(part) {
          throw BackboneError.notFinite(
            tensor: block.tensor, index: start / format.byteCount + index)
        }
        rows.append(contentsOf: part)
      }
    }
  }
}

/// The file under the writer: its header, then bytes in order.
private struct PanelOutput {
  private let handle: FileHandle

  init(
    url: URL, matrices: [(name: String, format: NumberFormat, shape: [Int], bytes: Int)],
    vectors: [(name: String, count: Int)]
  ) throws {
    var members: [JSONMember] = []
    var offset = 0
    func add(_ name: String, _ format: NumberFormat, _ shape: [Int], _ bytes: Int) {
      members.append(
        JSONMember(
          name,
          [
            "dtype": .string(format.rawValue), "shape": .array(shape.map { .integer($0) }),
            "data_offsets": [.integer(offset), .integer(offset + bytes)],
          ]))
      offset += bytes
    }
    for matrix in matrices { add(matrix.name, matrix.format, matrix.shape, matrix.bytes) }
    for vector in vectors { add(vector.name, .f32, [vector.count], 4 * vector.count) }
    var header = JSONValue.object(members).bytes
    while (header.count + 8) % 64 != 0 { header.append(UInt8(ascii: " ")) }
    guard FileManager.default.createFile(atPath: url.path, contents: nil) else {
      throw BackboneError.unreadable(path: url.path, reason: "the file cannot be made")
    }
    handle = try FileHandle(forWritingTo: url)
    try withUnsafeBytes(of: UInt64(header.count).littleEndian) { try write($0) }
    try header.withUnsafeBytes { try write($0) }
  }

  func write(_ bytes: UnsafeRawBufferPointer) throws {
    guard let base = bytes.baseAddress, bytes.count > 0 else { return }
    try handle.write(
      contentsOf: Data(
        bytesNoCopy: UnsafeMutableRawPointer(mutating: base), count: bytes.count,
        deallocator: .none))
  }

  func finish() throws {
    try handle.synchronize()
    try handle.close()
  }
}
