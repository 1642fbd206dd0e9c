import MoETensor
import SafeTensors

/// A matrix of a checkpoint: where its rows lie, and in which numbers.
struct CheckpointMatrix {
  /// What it is.
  let source: MatrixSource
  /// The tensors it is stacked of, as this checkpoint has them.
  let blocks: [MatrixSource.Block]
  /// How its numbers are stored.
  let format: NumberFormat
  private let places: [(file: SafeTensorsFile, descriptor: TensorDescriptor)]

  /// Finds the tensors.
  ///
  /// - Throws: ``BackboneError/badTensor(name:expected:got:)``.
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

  /// The shape of its panels.
  var panelShape: [Int] {
    [
      (source.rows + PackedMatrix.panelWidth - 1) / PackedMatrix.panelWidth, source.columns,
      PackedMatrix.panelWidth,
    ]
  }
  /// The bytes of its panels.
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

  /// The numbers of some rows, widened.
  ///
  /// - Precondition: The matrix is not transposed.
  /// - Throws: ``BackboneError/notFinite(tensor:index:)``.
  func values(rows range: Range<Int>) throws -> [Float] {
    precondition(!blocks[0].isTransposed, "rows of a transposed matrix")
    var rows: [UInt8] = []
    try gather(range, into: &rows)
    return rows.withUnsafeBytes { format.widen($0) }
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

extension DType {
  /// The type of stored weights.
  init(_ format: NumberFormat) {
    self =
      switch format {
      case .f32: .f32
      case .bf16: .bf16
      case .f16: .f16
      }
  }
}
