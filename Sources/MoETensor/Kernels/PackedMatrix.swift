import CKernels

/// A weight matrix `[F, D]` laid out once for the inference kernels; immutable and shared.
///
/// The outputs stand in panels of 32, `packed[panel][k][32]`; those beyond F are zero. The numbers are
/// stored as ``NumberFormat`` says and widened to `Float`, exactly, inside the kernels.
public struct PackedMatrix: Sendable {
  /// The outputs of one panel.
  public static let panelWidth = Int(MOE_PANEL)

  /// F: outputs.
  public let rows: Int
  /// D: inputs.
  public let columns: Int
  /// How the numbers are stored.
  public let format: NumberFormat
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
    self.init(rows: rows, columns: columns) { packed in
      guard let base = values.baseAddress, count > 0 else { return }
      moe_pack(base, columns, rows, columns, packed)
    }
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
    self.init(rows: rows, columns: columns) { packed in
      guard rows > 0, columns > 0 else { return }
      moe_pack_straight(transpose, rows, rows, columns, packed)
    }
  }

  private init(rows: Int, columns: Int, fill: (UnsafeMutablePointer<Float>) -> Void) {
    self.rows = rows
    self.columns = columns
    format = .f32
    let buffer = AlignedBuffer(count: moe_packed_count(rows, columns))
    fill(buffer.pointer)
    storage = Storage(pointer: UnsafeRawPointer(buffer.pointer), owner: buffer)
  }

  /// Takes panels that lie in memory already, such as a mapped file's; nothing is copied or read.
  ///
  /// - Parameters:
  ///   - rows: F, outputs.
  ///   - columns: D, inputs.
  ///   - format: How the numbers are stored.
  ///   - panels: ``panelBytes(rows:columns:format:)`` bytes, aligned to a number, never changed.
  ///   - owner: What keeps them in memory.
  public init(
    rows: Int, columns: Int, format: NumberFormat, panels: UnsafeRawBufferPointer,
    owner: some AnyObject & Sendable
  ) {
    precondition(
      panels.count == Self.panelBytes(rows: rows, columns: columns, format: format),
      "\(panels.count) bytes are no panels of a \(format.rawValue) matrix [\(rows), \(columns)]")
    guard let base = panels.baseAddress, Int(bitPattern: base) % format.byteCount == 0 else {
      preconditionFailure("panels that are not aligned to a number")
    }
    self.rows = rows
    self.columns = columns
    self.format = format
    storage = Storage(pointer: base, owner: owner)
  }

  /// The bytes that the panels of a matrix take.
  ///
  /// - Precondition: They fit `Int`.
  public static func panelBytes(rows: Int, columns: Int, format: NumberFormat) -> Int {
    moe_packed_count(rows, columns) * format.byteCount
  }

  /// How many panels of 32 outputs there are.
  public var panelCount: Int { (rows + Self.panelWidth - 1) / Self.panelWidth }
  /// The bytes of the packed form.
  public var sizeBytes: Int { Self.panelBytes(rows: rows, columns: columns, format: format) }
  /// The panels; valid as long as this matrix.
  var pointer: UnsafeRawPointer { storage.pointer }

  /// The weights of one output, widened: `x[k] = W[row, k]`.
  ///
  /// - Precondition: `row` is in `0..<rows`.
  public func unpack(row: Int, into x: UnsafeMutablePointer<Float>) {
    precondition((0..<rows).contains(row), "row \(row) of a matrix with \(rows)")
    moe_unpack_row(storage.pointer, format.code, columns, row, x)
  }

  /// The memory is written before anybody else sees it, and never again: that makes sharing it safe.
  private final class Storage: @unchecked Sendable {
    let pointer: UnsafeRawPointer
    let owner: AnyObject
    init(pointer: UnsafeRawPointer, owner: AnyObject) {
      self.pointer = pointer
      self.owner = owner
    }
  }
}
