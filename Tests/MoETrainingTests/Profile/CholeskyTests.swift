import MoEBase
import MoETraining
import Testing

@Suite struct CholeskyTests {
  /// A random symmetric positive definite matrix: B Bᵀ + I.
  private static func matrix(_ size: Int, seed: UInt64) -> [Double] {
    var generator = SeededGenerator(seed: seed)
    let b = (0..<size * size).map { _ in generator.normal() }
    return (0..<size * size).map { index in
      let (row, column) = (index / size, index % size)
      return (0..<size).reduce(row == column ? 1.0 : 0) {
        $0 + b[row * size + $1] * b[column * size + $1]
      }
    }
  }

  /// L, row by row as textbooks have it.
  private static func naiveFactor(_ a: [Double], _ size: Int) -> [Double] {
    var factor = [Double](repeating: 0, count: size * size)
    for row in 0..<size {
      for column in 0...row {
        var sum = a[row * size + column]
        for k in 0..<column { sum -= factor[row * size + k] * factor[column * size + k] }
        factor[row * size + column] =
          row == column ? sum.squareRoot() : sum / factor[column * size + column]
      }
    }
    return factor
  }

  private static func product(_ a: [Double], _ x: [Double]) -> [Double] {
    let size = x.count
    return (0..<size).map { row in (0..<size).reduce(0) { $0 + a[row * size + $1] * x[$1] } }
  }

  private func greatestDifference(_ left: [Double], _ right: [Double]) -> Double {
    zip(left, right).map { abs($0 - $1) }.max() ?? 0
  }

  // Double's rounding, 1e-16, times the condition of B Bᵀ + I, below 1e4 here, with room.
  private let tolerance = 1e-9

  @Test(arguments: [1, 2, 3, 7, 16, 64])
  func `solving undoes the product`(_ size: Int) throws {
    let a = Self.matrix(size, seed: UInt64(size))
    let cholesky = try #require(Cholesky(a, size: size))
    #expect(cholesky.size == size)
    var generator = SeededGenerator(seed: 99)
    let x = (0..<size).map { _ in generator.normal() }
    #expect(greatestDifference(cholesky.solve(Self.product(a, x)), x) < tolerance)
  }

  @Test(arguments: [1, 2, 3, 7, 16, 64])
  func `whitening is the solution of the naive factor`(_ size: Int) throws {
    let a = Self.matrix(size, seed: UInt64(size))
    let cholesky = try #require(Cholesky(a, size: size))
    let factor = Self.naiveFactor(a, size)
    var generator = SeededGenerator(seed: 98)
    let x = (0..<size).map { _ in generator.normal() }
    // whiten(L x) = x and unwhiten(Lᵀ x) = x.
    let transposed = (0..<size * size).map { factor[$0 % size * size + $0 / size] }
    #expect(greatestDifference(cholesky.whiten(Self.product(factor, x)), x) < tolerance)
    #expect(greatestDifference(cholesky.unwhiten(Self.product(transposed, x)), x) < tolerance)
  }

  @Test(arguments: [1, 2, 3, 7, 16, 64])
  func `the inverse undoes the naive factor, and is zero above the diagonal`(_ size: Int) throws {
    let a = Self.matrix(size, seed: UInt64(size))
    let cholesky = try #require(Cholesky(a, size: size))
    let inverse = cholesky.inverse()
    #expect(inverse.count == size * size)
    let factor = Self.naiveFactor(a, size)
    for column in 0..<size {
      let unit = (0..<size).map { $0 == column ? 1.0 : 0 }
      let product = Self.product(inverse, (0..<size).map { factor[$0 * size + column] })
      #expect(greatestDifference(product, unit) < tolerance)
      // A column of the inverse is the solution for that unit vector.
      let solution = (0..<size).map { inverse[$0 * size + column] }
      #expect(greatestDifference(solution, cholesky.whiten(unit)) < tolerance)
      #expect(solution[..<column].allSatisfy { $0 == 0 })
    }
  }

  @Test func `whitened vectors have the length that the inverse gives them`() throws {
    let size = 9
    let a = Self.matrix(size, seed: 4)
    let cholesky = try #require(Cholesky(a, size: size))
    var generator = SeededGenerator(seed: 97)
    for _ in 0..<20 {
      let b = (0..<size).map { _ in generator.normal() }
      let length = cholesky.whiten(b).reduce(0) { $0 + $1 * $1 }
      let expected = zip(b, cholesky.solve(b)).reduce(0) { $0 + $1.0 * $1.1 }
      #expect(abs(length - expected) < tolerance)
    }
  }

  @Test func `a matrix that is not positive definite has no factor`() {
    for matrix in [
      [0, 0, 0, 0], [1, 2, 2, 1], [-1, 0, 0, 1], [1, 1, 1, 1], [.nan, 0, 0, 1], [1, 0, 0, .nan],
      [.infinity, 0, 0, 1],
    ] as [[Double]] {
      let factor = Cholesky(matrix, size: 2)
      #expect(factor.map(\.size) == nil, "\(matrix)")
    }
  }
}
