public import MoEBase

/// A weight matrix in the precision that its model runs in.
public enum WeightMatrix: Sendable {
  /// Binary32, or stored in fewer bits and widened.
  case full(PackedMatrix)
  /// Reduced precision.
  case reduced(ReducedMatrix)

  /// Packs a row-major matrix.
  ///
  /// - Precondition: `values` has `rows * columns` elements.
  public init(
    rows: Int, columns: Int, values: UnsafeBufferPointer<Float>, precision: Precision
  ) {
    switch precision {
    case .f32: self = .full(PackedMatrix(rows: rows, columns: columns, values: values))
    case .bf16, .int8:
      self = .reduced(
        ReducedMatrix(rows: rows, columns: columns, values: values, precision: precision))
    }
  }

  /// The matrix in full precision, which training needs.
  ///
  /// - Precondition: It is not reduced.
  public var packed: PackedMatrix {
    guard case .full(let matrix) = self else {
      preconditionFailure("training runs in full precision")
    }
    return matrix
  }
}
