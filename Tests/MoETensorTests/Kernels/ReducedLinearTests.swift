import MoEBase
import MoETensor
import Testing

@Suite struct ReducedLinearTests {
  private let extents = [1, 2, 3, 5, 15, 16, 17, 31, 33, 64, 130]

  private func matrix(
    _ weight: [Float], rows: Int, columns: Int, _ precision: Precision
  ) -> ReducedMatrix {
    weight.withUnsafeBufferPointer {
      ReducedMatrix(rows: rows, columns: columns, values: $0, precision: precision)
    }
  }

  private func run(
    _ kernels: Kernels, _ x: [Float], rows: Int, _ matrix: ReducedMatrix, bias: [Float]? = nil,
    epilogue: LinearEpilogue = .none, panels: Range<Int>? = nil
  ) -> [Float] {
    let reduced = ReducedRows()
    reduced.assign(
      x, rows: rows, columns: matrix.columns, precision: matrix.precision, kernels: kernels)
    return output(rows * matrix.rows) { y in
      guard let bias else {
        return kernels.linear(
          reduced, rows: rows, weight: matrix, epilogue: epilogue, into: y, panels: panels)
      }
      bias.withUnsafeBufferPointer {
        kernels.linear(
          reduced, rows: rows, weight: matrix, bias: $0.baseAddress, epilogue: epilogue, into: y,
          panels: panels)
      }
    }
  }

  @Test(arguments: [Precision.bf16, .int8])
  func `every path gives the bits of the plain loops`(precision: Precision) {
    for rows in [1, 2, 13] {
      for inputs in extents {
        for outputs in [1, 17, 32, 45, 64] {
          let seed = UInt64(rows * 100_000 + inputs * 100 + outputs)
          let x = samples(rows * inputs, seed: seed)
          let weight = samples(outputs * inputs, seed: seed + 1, scale: 0.1)
          let bias = samples(outputs, seed: seed + 2)
          let expected = bits(
            NaiveReduced(precision).linear(
              x, rows: rows, weight, outputs: outputs, inputs: inputs, bias: bias))
          let packed = matrix(weight, rows: outputs, columns: inputs, precision)
          for kernels in everyPath {
            #expect(
              bits(run(kernels, x, rows: rows, packed, bias: bias)) == expected,
              "\(kernels.path) [\(rows), \(inputs)] to \(outputs)")
          }
        }
      }
    }
  }

  @Test func `bf16 takes what is under two to the power of minus 126 as zero, on every path`() {
    var generator = SeededGenerator(seed: 5)
    // Magnitudes from denormal to such that products are under the least normal number.
    func values(_ count: Int) -> [Float] {
      (0..<count).map { _ in
        Float(generator.normal())
          * Float(sign: .plus, exponent: -Int(generator.next() % 90) - 50, significand: 1)
      }
    }
    let x = values(7 * 40)
    let weight = values(33 * 40)
    let expected = bits(
      NaiveReduced(.bf16).linear(x, rows: 7, weight, outputs: 33, inputs: 40, bias: nil))
    #expect(Set(expected).count > 10)
    #expect(expected.contains { $0 & 0x7FFF_FFFF == 0 })
    for kernels in everyPath {
      let y = run(kernels, x, rows: 7, matrix(weight, rows: 33, columns: 40, .bf16))
      #expect(bits(y) == expected, "\(kernels.path)")
    }
  }

  @Test(arguments: [Precision.bf16, .int8])
  func `a row's outputs depend on that row alone, also beside one that is not finite`(
    precision: Precision
  ) {
    let inputs = 50
    let outputs = 40
    var x = samples(9 * inputs, seed: 3)
    let packed = matrix(
      samples(outputs * inputs, seed: 4), rows: outputs, columns: inputs, precision)
    x[4 * inputs + 7] = .nan
    x[6 * inputs] = .infinity
    for kernels in everyPath {
      let all = run(kernels, x, rows: 9, packed)
      for row in 0..<9 {
        let alone = run(
          kernels, Array(x[row * inputs..<(row + 1) * inputs]), rows: 1, packed)
        #expect(bits(alone) == bits(Array(all[row * outputs..<(row + 1) * outputs])))
        #expect(
          alone.allSatisfy(\.isFinite) == (row != 4 && row != 6), "\(kernels.path) row \(row)")
      }
    }
  }

  @Test(arguments: [Precision.bf16, .int8])
  func `epilogues and single panels are those of full precision`(precision: Precision) {
    let (rows, inputs, outputs) = (5, 24, 70)
    let x = samples(rows * inputs, seed: 1)
    let packed = matrix(
      samples(outputs * inputs, seed: 2, scale: 0.3), rows: outputs, columns: inputs, precision)
    let residual = samples(rows * outputs, seed: 4)
    for kernels in everyPath {
      let plain = run(kernels, x, rows: rows, packed)
      let gelu = output(plain.count) { kernels.gelu(plain, count: plain.count, into: $0) }
      #expect(bits(run(kernels, x, rows: rows, packed, epilogue: .gelu)) == bits(gelu))
      residual.withUnsafeBufferPointer { residual in
        guard let base = residual.baseAddress else { return }
        let sums = run(kernels, x, rows: rows, packed, epilogue: .add(base))
        #expect(bits(sums) == bits(zip(plain, residual).map(+)))
      }
      let second = run(kernels, x, rows: rows, packed, panels: 1..<2)
      for (index, value) in second.enumerated() {
        let isWithin = (32..<64).contains(index % outputs)
        #expect(value.bitPattern == (isWithin ? plain[index].bitPattern : 0))
      }
    }
  }

  @Test func `weights that are all alike, zero or not finite are taken as they are`() {
    for kernels in everyPath {
      let ones = [Float](repeating: 1, count: 8)
      let weight = ones + [Float](repeating: 0, count: 8) + ones.map { _ in .infinity }
      let packed = matrix(weight, rows: 3, columns: 8, .int8)
      let y = run(kernels, ones.map { $0 * 3 }, rows: 1, packed)
      #expect(y[0] == 24 && y[1] == 0 && !y[2].isFinite, "\(kernels.path)")
    }
  }

  @Test func `bytes are within half a step of the numbers, bf16 within half a unit`() {
    let (rows, inputs, outputs) = (6, 384, 64)
    let x = samples(rows * inputs, seed: 11)
    let weight = samples(outputs * inputs, seed: 12, scale: 0.05)
    let exact = Naive.linear(x, rows: rows, weight, outputs: outputs, inputs: inputs, bias: nil)
    let norm = exact.reduce(0) { $0 + $1 * $1 }
    for (precision, bound) in [(Precision.bf16, Float(1e-5)), (.int8, 2e-4)] {
      let y = run(
        portable, x, rows: rows, matrix(weight, rows: outputs, columns: inputs, precision))
      let error = zip(y, exact).reduce(Float(0)) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
      #expect(error / norm < bound, "\(precision)")
      #expect(error > 0)
    }
  }
}
