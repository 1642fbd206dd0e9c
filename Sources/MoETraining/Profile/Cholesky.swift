/// The Cholesky factor L of a symmetric positive definite matrix A = L Lᵀ, in `Double`, in one fixed order.
///
/// Shapes: A and L are `[D, D]`, row-major.
///
/// - Complexity: O(D³) to factor, O(D²) to solve.
public struct Cholesky: Sendable {
  /// Lᵀ, row-major: row k holds column k of L, so that every inner loop runs over neighbours.
  private let columns: [Double]
  /// D.
  public let size: Int

  /// Factors `matrix`; `nil` when it is not positive definite.
  public init?(_ matrix: [Double], size: Int) {
    precondition(matrix.count == size * size, "a square matrix is needed")
    var columns = matrix
    for k in 0..<size {
      let pivot = columns[k * size + k]
      guard pivot > 0, pivot.isFinite else { return nil }
      let root = pivot.squareRoot()
      for row in 0..<k { columns[k * size + row] = 0 }
      for row in k..<size { columns[k * size + row] /= root }
      for column in (k + 1)..<max(k + 1, size) {
        let factor = columns[k * size + column]
        for row in column..<size {
          columns[column * size + row] -= factor * columns[k * size + row]
        }
      }
    }
    self.columns = columns
    self.size = size
  }

  /// Solves L x = b: brings b into the coordinates in which A is the identity.
  public func whiten(_ b: [Double]) -> [Double] {
    precondition(b.count == size, "one right-hand side of D numbers")
    var x = b
    for k in 0..<size {
      x[k] /= columns[k * size + k]
      let value = x[k]
      for row in (k + 1)..<max(k + 1, size) { x[row] -= columns[k * size + row] * value }
    }
    return x
  }

  /// Solves Lᵀ x = b.
  public func unwhiten(_ b: [Double]) -> [Double] {
    precondition(b.count == size, "one right-hand side of D numbers")
    var x = b
    for row in stride(from: size - 1, through: 0, by: -1) {
      for k in (row + 1)..<max(row + 1, size) { x[row] -= columns[row * size + k] * x[k] }
      x[row] /= columns[row * size + row]
    }
    return x
  }

  /// Solves A x = b.
  public func solve(_ b: [Double]) -> [Double] { unwhiten(whiten(b)) }

  /// L⁻¹, row-major, `[D, D]`, zero above the diagonal.
  ///
  /// - Complexity: O(D³).
  public func inverse() -> [Double] {
    var result = [Double](repeating: 0, count: size * size)
    var column = [Double](repeating: 0, count: size)
    for unit in 0..<size {
      for row in unit..<size { column[row] = row == unit ? 1 : 0 }
      columns.withUnsafeBufferPointer { columns in
        column.withUnsafeMutableBufferPointer { column in
          for k in unit..<size {
            column[k] /= columns[k * size + k]
            let value = column[k]
            for row in (k + 1)..<max(k + 1, size) { column[row] -= columns[k * size + row] * value }
          }
        }
      }
      for row in unit..<size { result[row * size + unit] = column[row] }
    }
    return result
  }
}
