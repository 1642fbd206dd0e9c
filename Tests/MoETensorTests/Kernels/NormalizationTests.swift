import MoETensor
import Testing

@Suite struct NormalizationTests {
  private let extents = [1, 2, 3, 7, 15, 16, 17, 31, 32, 33, 64, 384]

  @Test func `softmax has the bits of its definition on every path`() {
    for columns in extents {
      let x = samples(3 * columns, seed: UInt64(columns), scale: 4)
      let expected = (0..<3).flatMap { Naive.softmax(Array(x[$0 * columns..<($0 + 1) * columns])) }
      for kernels in everyPath {
        let y = output(x.count) {
          $0.update(from: x, count: x.count)
          kernels.softmax($0, rows: 3, columns: columns)
        }
        #expect(bits(y) == bits(expected), "\(kernels.path) \(columns)")
      }
      for row in 0..<3 {
        let total = expected[row * columns..<(row + 1) * columns].reduce(0, +)
        #expect(abs(total - 1) < 1e-5)
      }
    }
  }

  @Test func `a masked key weighs 0 and a row with NaN is NaN alone`() {
    for kernels in everyPath {
      let y = output(9) {
        $0.update(from: [1, -.infinity, 1, 0, .nan, 2, -200, 0, -200], count: 9)
        kernels.softmax($0, rows: 3, columns: 3)
      }
      #expect(y[0...2] == [0.5, 0, 0.5])
      #expect(y[3...5].allSatisfy { $0.isNaN })
      #expect(y[6...8] == [0, 1, 0])
    }
  }

  @Test func `a softmax with a stride touches nothing between the rows`() {
    for kernels in everyPath {
      let y = output(40, filledWith: 3) { kernels.softmax($0, rows: 2, columns: 5, stride: 20) }
      for index in y.indices {
        #expect(y[index] == ([0, 1, 2, 3, 4].contains(index % 20) ? 0.2 : 3))
      }
    }
  }

  @Test func `layer norm has the bits of its definition, with a residual and in place too`() {
    for columns in extents {
      let rows = 4
      let x = samples(rows * columns, seed: UInt64(columns))
      let residual = samples(rows * columns, seed: UInt64(columns) + 1)
      let gain = samples(columns, seed: 5)
      let bias = samples(columns, seed: 6)
      func expected(_ x: [Float]) -> [UInt32] {
        bits(
          (0..<rows).flatMap {
            Naive.layerNorm(
              Array(x[$0 * columns..<($0 + 1) * columns]), gain: gain, bias: bias, epsilon: 1e-12)
          })
      }
      for kernels in everyPath {
        let plain = output(x.count) {
          kernels.layerNorm(
            x, rows: rows, columns: columns, gain: gain, bias: bias, epsilon: 1e-12, into: $0)
        }
        #expect(bits(plain) == expected(x), "\(kernels.path) \(columns)")
        let fused = output(x.count) {
          $0.update(from: x, count: x.count)
          kernels.layerNorm(
            UnsafePointer($0), rows: rows, columns: columns, residual: residual, gain: gain,
            bias: bias, epsilon: 1e-12, into: $0)
        }
        #expect(bits(fused) == expected(zip(x, residual).map(+)), "\(kernels.path) \(columns)")
      }
    }
  }

  @Test func `layer norm works through strides`() {
    let (rows, columns) = (3, 20)
    let x = samples(rows * 30, seed: 1)
    let residual = samples(rows * 25, seed: 2)
    let ones = [Float](repeating: 1, count: columns)
    let zeros = [Float](repeating: 0, count: columns)
    for kernels in everyPath {
      let y = output(rows * 40, filledWith: 8) {
        kernels.layerNorm(
          x, rows: rows, columns: columns, stride: 30, residual: residual, residualStride: 25,
          gain: ones, bias: zeros, epsilon: 1e-5, into: $0, outputStride: 40)
      }
      for row in 0..<rows {
        let sum = (0..<columns).map { x[row * 30 + $0] + residual[row * 25 + $0] }
        let expected = Naive.layerNorm(sum, gain: ones, bias: zeros, epsilon: 1e-5)
        #expect(bits(Array(y[row * 40..<row * 40 + columns])) == bits(expected))
        #expect(y[row * 40 + columns..<(row + 1) * 40].allSatisfy { $0 == 8 })
      }
    }
  }

  @Test func `a constant row normalises to the bias`() {
    for kernels in everyPath {
      let y = output(3) {
        kernels.layerNorm(
          [4, 4, 4], rows: 1, columns: 3, gain: [1, 1, 1], bias: [1, 2, 3], epsilon: 1e-12,
          into: $0)
      }
      #expect(y == [1, 2, 3])
    }
  }

  @Test func `the mean over tokens adds them in order and divides once`() {
    for columns in extents {
      for rows in [1, 2, 7, 37] {
        let x = samples(rows * columns, seed: UInt64(rows * 1000 + columns))
        let expected = (0..<columns).map { d in
          (0..<rows).reduce(Float(0)) { $0 + x[$1 * columns + d] } / Float(rows)
        }
        for kernels in everyPath {
          let y = output(columns) {
            kernels.meanPool(x, rows: rows, columns: columns, into: $0)
          }
          #expect(bits(y) == bits(expected))
        }
      }
    }
  }

  @Test func `L2 normalisation divides by the norm, and a zero row stays zero`() {
    for columns in extents {
      let x = samples(2 * columns, seed: UInt64(columns)) + [Float](repeating: 0, count: columns)
      let expected = (0..<3).flatMap { row -> [Float] in
        let part = Array(x[row * columns..<(row + 1) * columns])
        let norm = max(Naive.dot(part, part).squareRoot(), 1e-12)
        return part.map { $0 / norm }
      }
      for kernels in everyPath {
        let y = output(x.count) { kernels.l2Normalize(x, rows: 3, columns: columns, into: $0) }
        #expect(bits(y) == bits(expected))
        #expect(abs(kernels.l2Norm(y, count: columns) - 1) < 1e-6)
      }
    }
  }
}
