import MoETensor
import Testing

@Suite struct LinearTests {
  private let extents = [1, 2, 3, 7, 16, 17, 31, 32, 33, 64]

  @Test func `every path gives the bits of the plain chain of fused multiply-adds`() {
    for rows in extents {
      for inputs in extents {
        for outputs in extents {
          let seed = UInt64(rows * 10_000 + inputs * 100 + outputs)
          let x = samples(rows * inputs, seed: seed)
          let weight = samples(outputs * inputs, seed: seed + 1)
          let bias = samples(outputs, seed: seed + 2)
          let packed = PackedMatrix(rows: outputs, columns: inputs, values: weight)
          let expected = bits(
            Naive.linear(x, rows: rows, weight, outputs: outputs, inputs: inputs, bias: bias))
          for kernels in everyPath {
            let y = output(rows * outputs) {
              kernels.linear(x, rows: rows, weight: packed, bias: bias, into: $0)
            }
            #expect(bits(y) == expected, "\(kernels.path) [\(rows), \(inputs)] to \(outputs)")
          }
        }
      }
    }
  }

  @Test func `without a bias nothing is added`() {
    let x: [Float] = [-1]
    let packed = PackedMatrix(rows: 1, columns: 1, values: [3])
    for kernels in everyPath {
      #expect(output(1) { kernels.linear(x, rows: 1, weight: packed, into: $0) } == [-3])
    }
  }

  @Test func `no rows, no outputs and no inputs are fine`() {
    for kernels in everyPath {
      let empty = PackedMatrix(rows: 0, columns: 4, values: [])
      let y = output(2, filledWith: 5) {
        kernels.linear([1, 2, 3, 4], rows: 1, weight: empty, into: $0)
        kernels.linear(
          [0], rows: 0, weight: PackedMatrix(rows: 1, columns: 1, values: [1]), into: $0)
      }
      #expect(y == [5, 5])
      let constant = PackedMatrix(rows: 2, columns: 0, values: [])
      let bias: [Float] = [7, 8]
      #expect(
        output(2) { kernels.linear([0], rows: 1, weight: constant, bias: bias, into: $0) } == bias)
    }
  }

  @Test(arguments: [(5, 19, 45), (13, 32, 64), (1, 3, 2), (25, 64, 33)])
  func `each epilogue is what it says, on every path`(rows: Int, inputs: Int, outputs: Int) {
    let x = samples(rows * inputs, seed: 1)
    let weight = samples(outputs * inputs, seed: 2, scale: 0.3)
    let bias = samples(outputs, seed: 3)
    let residual = samples(rows * outputs, seed: 4)
    let scales = samples(rows, seed: 5)
    let packed = PackedMatrix(rows: outputs, columns: inputs, values: weight)
    let plain = Naive.linear(x, rows: rows, weight, outputs: outputs, inputs: inputs, bias: bias)
    let count = rows * outputs
    func run(_ kernels: Kernels, _ epilogue: LinearEpilogue) -> [UInt32] {
      bits(
        output(count) {
          $0.update(from: residual, count: count)
          kernels.linear(x, rows: rows, weight: packed, bias: bias, epilogue: epilogue, into: $0)
        })
    }
    let gelu = output(count) { portable.gelu(plain, count: count, into: $0) }
    let scaled = (0..<count).map { residual[$0].addingProduct(scales[$0 / outputs], plain[$0]) }
    for kernels in everyPath {
      residual.withUnsafeBufferPointer { residual in
        scales.withUnsafeBufferPointer { scales in
          guard let residual = residual.baseAddress, let scales = scales.baseAddress else { return }
          #expect(run(kernels, .none) == bits(plain))
          #expect(run(kernels, .gelu) == bits(gelu))
          #expect(
            run(kernels, .add(residual)) == bits(zip(plain, self.add(residual, count)).map(+)))
          #expect(run(kernels, .scaledAdd(scales)) == bits(scaled))
        }
      }
      #expect(run(kernels, .scaledAdd(nil)) == bits(zip(residual, plain).map(+)))
    }
  }

  private func add(_ values: UnsafePointer<Float>, _ count: Int) -> [Float] {
    (0..<count).map { values[$0] }
  }

  @Test func `the residual may be the output itself`() {
    let (rows, inputs, outputs) = (14, 20, 40)
    let x = samples(rows * inputs, seed: 1)
    let weight = samples(outputs * inputs, seed: 2)
    let start = samples(rows * outputs, seed: 3)
    let packed = PackedMatrix(rows: outputs, columns: inputs, values: weight)
    let plain = Naive.linear(x, rows: rows, weight, outputs: outputs, inputs: inputs, bias: nil)
    for kernels in everyPath {
      let y = output(rows * outputs) {
        $0.update(from: start, count: rows * outputs)
        kernels.linear(x, rows: rows, weight: packed, epilogue: .add(UnsafePointer($0)), into: $0)
      }
      #expect(bits(y) == bits(zip(plain, start).map(+)))
    }
  }

  @Test func `a row has the same bits alone, in any batch, at any place, with any stride`() {
    let (inputs, outputs, most) = (37, 70, 61)
    let x = samples(most * inputs, seed: 8)
    let bias = samples(outputs, seed: 9)
    let packed = PackedMatrix(
      rows: outputs, columns: inputs, values: samples(outputs * inputs, seed: 10))
    for kernels in everyPath {
      let alone = (0..<most).map { row in
        bits(
          output(outputs) { y in
            kernels.linear(
              Array(x[row * inputs..<(row + 1) * inputs]), rows: 1, weight: packed, bias: bias,
              epilogue: .gelu, into: y)
          })
      }
      for rows in [2, 3, 7, 11, 12, 13, 24, 25, 36, 37, 61] {
        for (stride, outputStride) in [(inputs, outputs), (inputs + 5, outputs + 11)] {
          var spread = [Float](repeating: .nan, count: rows * stride)
          for row in 0..<rows {
            for k in 0..<inputs { spread[row * stride + k] = x[row * inputs + k] }
          }
          let y = output(rows * outputStride, filledWith: -1) {
            kernels.linear(
              spread, rows: rows, stride: stride, weight: packed, bias: bias, epilogue: .gelu,
              into: $0, outputStride: outputStride)
          }
          for row in 0..<rows {
            let start = row * outputStride
            #expect(bits(Array(y[start..<start + outputs])) == alone[row])
            #expect(y[start + outputs..<start + outputStride].allSatisfy { $0 == -1 })
          }
        }
      }
    }
  }

  @Test func `many rows over several cache blocks keep their bits`() {
    let (rows, inputs, outputs) = (300, 1536, 33)
    let x = samples(rows * inputs, seed: 21)
    let weight = samples(outputs * inputs, seed: 22)
    let packed = PackedMatrix(rows: outputs, columns: inputs, values: weight)
    let best = Kernels()
    let y = output(rows * outputs) { best.linear(x, rows: rows, weight: packed, into: $0) }
    for row in [0, 127, 128, 131, 132, 255, 256, 299] {
      let expected = Naive.linear(
        Array(x[row * inputs..<(row + 1) * inputs]), rows: 1, weight, outputs: outputs,
        inputs: inputs, bias: nil)
      #expect(bits(Array(y[row * outputs..<(row + 1) * outputs])) == bits(expected))
    }
  }

  @Test func `a range of panels writes its own outputs with the same bits`() {
    let (rows, inputs, outputs) = (9, 24, 100)
    let x = samples(rows * inputs, seed: 1)
    let packed = PackedMatrix(
      rows: outputs, columns: inputs, values: samples(outputs * inputs, seed: 2))
    for kernels in everyPath {
      let whole = output(rows * outputs) {
        kernels.linear(x, rows: rows, weight: packed, into: $0)
      }
      let pieces = output(rows * outputs) {
        for panel in [2, 0, 3, 1] {
          kernels.linear(x, rows: rows, weight: packed, into: $0, panels: panel..<panel + 1)
        }
      }
      #expect(bits(pieces) == bits(whole))
      let one = output(rows * outputs, filledWith: 9) {
        kernels.linear(x, rows: rows, weight: packed, into: $0, panels: 1..<2)
      }
      for index in one.indices {
        let isWithin = (32..<64).contains(index % outputs)
        #expect(one[index].bitPattern == (isWithin ? whole[index] : 9).bitPattern)
      }
    }
  }

  @Test func `rows of NaN and infinity leave their neighbours alone`() {
    let (rows, inputs, outputs) = (25, 18, 48)
    var x = samples(rows * inputs, seed: 31)
    let packed = PackedMatrix(
      rows: outputs, columns: inputs, values: samples(outputs * inputs, seed: 32))
    for kernels in everyPath {
      let clean = output(rows * outputs) {
        kernels.linear(x, rows: rows, weight: packed, into: $0)
      }
      let poisoned: Set<Int> = [0, 5, 11, 12, 24]
      for row in poisoned {
        for k in 0..<inputs { x[row * inputs + k] = row % 2 == 0 ? .nan : .infinity }
      }
      let y = output(rows * outputs) { kernels.linear(x, rows: rows, weight: packed, into: $0) }
      for row in 0..<rows {
        let range = row * outputs..<(row + 1) * outputs
        if poisoned.contains(row) {
          #expect(y[range].allSatisfy { !$0.isFinite })
        } else {
          #expect(bits(Array(y[range])) == bits(Array(clean[range])))
        }
      }
      x = samples(rows * inputs, seed: 31)
    }
  }

  @Test func `denormal numbers count, in and out`() {
    let tiny = Float.leastNonzeroMagnitude
    let packed = PackedMatrix(rows: 2, columns: 2, values: [1, 1, 0.5, 0.25])
    for kernels in everyPath {
      let y = output(2) { kernels.linear([tiny, 3 * tiny], rows: 1, weight: packed, into: $0) }
      // Half of the least number is a tie and goes to even, 0; then fma(3 tiny, 1/4, 0) rounds to tiny.
      #expect(y == [4 * tiny, tiny])
    }
  }
}
