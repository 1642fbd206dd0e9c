/// Floats and their shape, row-major: weights and what training moves about.
public struct Tensor: Sendable, Equatable {
  /// The extents.
  public let shape: Shape
  /// The elements, the last dimension fastest.
  public var values: [Float]

  /// Makes a tensor.
  ///
  /// - Precondition: `values.count` is `shape.count`.
  public init(_ shape: Shape, _ values: [Float]) {
    precondition(values.count == shape.count, "\(values.count) values for the shape \(shape)")
    self.shape = shape
    self.values = values
  }

  /// Makes a tensor of zeros.
  public init(zeros shape: Shape) {
    self.init(shape, [Float](repeating: 0, count: shape.count))
  }

  /// The product of all extents but the last; 1 for rank 0.
  public var rows: Int { shape.dimensions.dropLast().reduce(1, *) }
  /// The last extent; 1 for rank 0.
  public var columns: Int { shape.dimensions.last ?? 1 }

  /// One row.
  public func row(_ index: Int) -> ArraySlice<Float> {
    values[index * columns..<(index + 1) * columns]
  }

  /// The tensor laid out for the inference kernels, as `[rows, columns]`.
  public func packed() -> PackedMatrix {
    PackedMatrix(rows: rows, columns: columns, values: values)
  }
}
