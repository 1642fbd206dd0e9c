import CKernels
public import MoEBase

/// A weight matrix `[F, D]` in reduced precision, laid out once for the inference kernels; immutable and shared.
///
/// The outputs stand in panels of 32, `packed[panel][group][32][4 bytes]`; a group is two inputs of bf16 or four bytes.
///
/// ```
/// bf16   w' = w rounded to bf16, ties to even; magnitudes under 2⁻¹²⁶ become 0
/// int8   s_j = max_k |w_jk| / 127,   q_jk = w_jk · (127 / max_k |w_jk|) rounded to a whole number, ties to even
/// ```
public struct ReducedMatrix: Sendable {
  /// F: outputs.
  public let rows: Int
  /// D: inputs.
  public let columns: Int
  /// ``Precision/bf16`` or ``Precision/int8``.
  public let precision: Precision
  private let storage: Storage

  /// Rounds and packs a row-major matrix.
  ///
  /// - Parameters:
  ///   - rows: F, outputs.
  ///   - columns: D, inputs.
  ///   - values: `[F, D]`, row-major.
  ///   - precision: What to round to.
  /// - Precondition: `values` has `rows * columns` elements, and `precision` is reduced.
  public init(
    rows: Int, columns: Int, values: UnsafeBufferPointer<Float>, precision: Precision
  ) {
    let (count, overflow) = rows.multipliedReportingOverflow(by: columns)
    precondition(
      rows >= 0 && columns >= 0 && !overflow && values.count == count,
      "a matrix [\(rows), \(columns)] cannot be made of \(values.count) values")
    guard let code = precision.code else { preconditionFailure("f32 is no reduced precision") }
    self.rows = rows
    self.columns = columns
    self.precision = precision
    storage = Storage(
      bytes: moe_reduced_bytes(rows, columns, code),
      outputs: code == MOE_PRECISION_INT8 ? (rows + 31) / 32 * 32 : 0)
    guard let base = values.baseAddress, count > 0 else { return }
    if code == MOE_PRECISION_INT8 {
      moe_pack_int8(
        base, rows, columns, storage.panels.pointer, storage.scales.pointer, storage.sums.pointer)
    } else {
      moe_pack_bf16(base, rows, columns, storage.panels.pointer)
    }
  }

  /// How many panels of 32 outputs there are.
  public var panelCount: Int { (rows + PackedMatrix.panelWidth - 1) / PackedMatrix.panelWidth }

  var panels: UnsafeRawPointer { UnsafeRawPointer(storage.panels.pointer) }
  var scales: UnsafePointer<Float> { UnsafePointer(storage.scales.pointer) }
  var sums: UnsafePointer<Float> { UnsafePointer(storage.sums.pointer) }

  /// The memory is written before anybody else sees it, and never again: that makes sharing it safe.
  private final class Storage: @unchecked Sendable {
    let panels: AlignedBuffer
    /// s_j, whole panels of them; empty for bf16.
    let scales: AlignedBuffer
    /// s_j · Σ_k q_jk.
    let sums: AlignedBuffer

    init(bytes: Int, outputs: Int) {
      panels = AlignedBuffer(count: (bytes + 3) / 4)
      scales = AlignedBuffer(count: outputs)
      sums = AlignedBuffer(count: outputs)
    }
  }
}

extension Precision {
  /// The kernels' word for a reduced precision; `nil` for ``f32``.
  var code: moe_precision? {
    switch self {
    case .f32: nil
    case .bf16: MOE_PRECISION_BF16
    case .int8: MOE_PRECISION_INT8
    }
  }
}
