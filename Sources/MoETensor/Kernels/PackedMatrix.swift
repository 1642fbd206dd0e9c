import CKernels

/// A weight matrix `[F, D]` laid out once for the inference kernels; immutable and shared.
///
/// The outputs stand in panels of 32, `packed[panel][k][32]`; those beyond F are zero.
public struct PackedMatrix: Sendable {
  /// The outputs of one panel.
  public static let panelWidth = Int(MOE_PANEL)

  /// F: outputs.
  public let rows: Int
  /// D: inputs.
  public let columns: Int
  private let storage: Storage

  /// Packs a row-major matrix.
  ///
  /// - Parameters:
  ///   - rows: F, outputs.
  ///   - columns: D, inputs.
  ///   - values: `[F, D]`, row-major.
  /// - Precondition: `values` has `rows * columns` elements.
  public init(rows: Int, columns: Int, values: UnsafeBufferPointer<Float>) {
    let (count, overflow) = rows.multipliedReportingOverflow(by: columns)
    precondition(
      rows >= 0 && columns >= 0 && !overflow && values.count == count,
      "a matrix [\(rows), \(columns)] cannot be made of \(values.count) values")
    self.rows = rows
    self.columns = columns
    storage = Storage(count: moe_packed_count(rows, columns))
    guard let base = values.baseAddress, count > 0 else { return }
    moe_pack(base, columns, rows, columns, storage.buffer.pointer)
  }

  /// Packs a row-major matrix.
  ///
  /// - Precondition: `values` has `rows * columns` elements.
  public init(rows: Int, columns: Int, values: [Float]) {
    self = values.withUnsafeBufferPointer { Self(rows: rows, columns: columns, values: $0) }
  }

  /// Packs a matrix from its transpose.
  ///
  /// - Parameters:
  ///   - rows: F, outputs.
  ///   - columns: D, inputs.
  ///   - transpose: `[D, F]`, row-major.
  public init(rows: Int, columns: Int, transpose: UnsafePointer<Float>) {
    precondition(rows >= 0 && columns >= 0, "a matrix [\(rows), \(columns)]")
    self.rows = rows
    self.columns = columns
    storage = Storage(count: moe_packed_count(rows, columns))
    guard rows > 0, columns > 0 else { return }
    moe_pack_straight(transpose, rows, rows, columns, storage.buffer.pointer)
  }

  /// How many panels of 32 outputs there are.
  public var panelCount: Int { (rows + Self.panelWidth - 1) / Self.panelWidth }
  /// The bytes of the packed form.
  public var sizeBytes: Int { storage.buffer.count * MemoryLayout<Float>.stride }
  /// The panels; valid as long as this matrix.
  var pointer: UnsafePointer<Float> { UnsafePointer(storage.buffer.pointer) }

  /// Written in `PackedMatrix.init` only, before anybody else sees it: that makes sharing it safe.
  private final class Storage: @unchecked Sendable {
    let buffer: AlignedBuffer
    init(count: Int) { buffer = AlignedBuffer(count: count) }
  }
}
