extension PackedMatrix {
  /// The values, row-major: `[F, D]`.
  public var values: [Float] {
    [Float](unsafeUninitializedCapacity: rows * columns) { buffer, initialized in
      if let base = buffer.baseAddress {
        for row in 0..<rows { unpack(row: row, into: base + row * columns) }
      }
      initialized = rows * columns
    }
  }

  /// The matrix with inputs and outputs exchanged: `dx = dy · W` is the linear map of `dy` by it.
  public func transposed() -> PackedMatrix {
    let values = self.values
    let turned = [Float](unsafeUninitializedCapacity: values.count) { buffer, initialized in
      for row in 0..<rows {
        for column in 0..<columns { buffer[column * rows + row] = values[row * columns + column] }
      }
      initialized = values.count
    }
    return PackedMatrix(rows: columns, columns: rows, values: turned)
  }
}
