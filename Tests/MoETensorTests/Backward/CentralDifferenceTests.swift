import MoETensor
import Testing

/// Each gradient against central differences of the same formula in double precision.
@Suite struct CentralDifferenceTests {
  private let passes: Passes
  /// Float's rounding over sums of up to 64 terms, relative to the greatest gradient.
  private let tolerance = 3e-6

  init() throws { passes = try Passes() }

  private func doubles(_ values: [Float]) -> [Double] { values.map(Double.init) }

  @Test(arguments: [(1, 1, 1), (3, 5, 2), (4, 17, 33), (9, 32, 16)])
  func `linear`(rows: Int, inputs: Int, outputs: Int) {
    let x = samples(rows * inputs, seed: 1)
    let weight = samples(inputs * outputs, seed: 2)
    let bias = samples(outputs, seed: 3)
    let dy = samples(rows * outputs, seed: 4)
    let pass = passes.linear(x, rows: rows, weight, bias, dy: dy)
    let (dx, dw, db) = (doubles(x), doubles(weight), doubles(bias))
    #expect(
      relativeDifference(
        pass.dx,
        Exact.gradient(dx, dy) { Exact.linear($0, rows: rows, dw, db, inputs: inputs) })
        < tolerance)
    #expect(
      relativeDifference(
        pass.dWeight,
        Exact.gradient(dw, dy) { Exact.linear(dx, rows: rows, $0, db, inputs: inputs) })
        < tolerance)
    #expect(
      relativeDifference(
        pass.dBias,
        Exact.gradient(db, dy) { Exact.linear(dx, rows: rows, dw, $0, inputs: inputs) })
        < tolerance)
  }

  @Test func `linear adds to the gradients of parameters`() {
    let (x, dy): ([Float], [Float]) = ([2], [5])
    let dWeight = output(1, filledWith: 10) { dWeight in
      let dBias = output(1, filledWith: 20) { dBias in
        passes.backward.addWeightGradient(
          x: x, inputs: 1, dy: dy, outputs: 1, rows: 1, dWeight: dWeight, dBias: dBias)
      }
      #expect(dBias == [25])
    }
    #expect(dWeight == [20])
  }

  @Test func `gelu`() {
    let x = samples(300, seed: 1, scale: 3) + [0, -0.0, 9, -9, 30, -30]
    let dy = samples(x.count, seed: 2)
    let expected = Exact.gradient(doubles(x), dy, Exact.gelu)
    #expect(relativeDifference(passes.gelu(x, dy: dy).dx, expected) < 1e-6)
  }

  @Test(arguments: [1, 2, 5, 16, 17, 33, 64]) func `layer norm`(columns: Int) {
    let x = samples(3 * columns, seed: 1)
    let gain = samples(columns, seed: 2)
    let bias = samples(columns, seed: 3)
    let dy = samples(3 * columns, seed: 4)
    let epsilon: Float = 1e-2
    let pass = passes.layerNorm(x, gain: gain, bias: bias, epsilon: epsilon, dy: dy)
    let (dx, dg, db) = (doubles(x), doubles(gain), doubles(bias))
    func f(_ x: [Double], _ gain: [Double], _ bias: [Double]) -> [Double] {
      Exact.layerNorm(x, gain: gain, bias: bias, epsilon: Double(epsilon))
    }
    #expect(relativeDifference(pass.dx, Exact.gradient(dx, dy) { f($0, dg, db) }) < tolerance)
    #expect(relativeDifference(pass.dGain, Exact.gradient(dg, dy) { f(dx, $0, db) }) < tolerance)
    #expect(relativeDifference(pass.dBias, Exact.gradient(db, dy) { f(dx, dg, $0) }) < tolerance)
  }

  @Test(arguments: [1, 2, 7, 16, 33]) func `softmax`(columns: Int) {
    let x = samples(3 * columns, seed: 1, scale: 2)
    let dy = samples(3 * columns, seed: 2)
    let expected = Exact.gradient(doubles(x), dy) { Exact.softmax($0, columns: columns) }
    #expect(
      relativeDifference(passes.softmax(x, columns: columns, dy: dy).dx, expected) < tolerance)
  }

  @Test(arguments: [(1, 1, 16), (2, 2, 3), (5, 2, 8), (7, 1, 32)])
  func `attention`(tokens: Int, heads: Int, width: Int) {
    let x = samples(tokens * 3 * heads * width, seed: 1)
    let dy = samples(tokens * heads * width, seed: 2)
    let expected = Exact.gradient(doubles(x), dy) {
      Exact.attention($0, tokens: tokens, heads: heads, width: width)
    }
    let pass = passes.attention(x, tokens: tokens, heads: heads, width: width, dy: dy)
    #expect(relativeDifference(pass.dx, expected) < tolerance)
  }

  @Test func `mean over tokens`() {
    let x = samples(5 * 7, seed: 1)
    let dy = samples(7, seed: 2)
    let expected = Exact.gradient(doubles(x), dy) { Exact.meanPool($0, columns: 7) }
    #expect(relativeDifference(passes.meanPool(x, columns: 7, dy: dy).dx, expected) < tolerance)
  }

  @Test func `L2 normalisation`() {
    let x = samples(3 * 19, seed: 1)
    let dy = samples(3 * 19, seed: 2)
    let expected = Exact.gradient(doubles(x), dy) { Exact.l2Normalize($0, columns: 19) }
    #expect(relativeDifference(passes.l2Normalize(x, columns: 19, dy: dy).dx, expected) < tolerance)
  }

  @Test func `L2 normalisation of a zero row divides by epsilon`() {
    let zero = [Float](repeating: 0, count: 4)
    let dy: [Float] = [1, 2, 3, 4]
    let dx = passes.l2Normalize(zero, columns: 4, dy: dy).dx
    #expect(dx == dy.map { $0 / 1e-12 })
  }

  @Test func `cross-entropy`() {
    let (columns, labels) = (6, [0, 5, 2, 2])
    let x = samples(labels.count * columns, seed: 1, scale: 2)
    let kernels = Kernels()
    var loss = 0.0
    let dx = output(x.count) {
      loss = kernels.crossEntropy(x, columns: columns, labels: labels, scale: 0.25, dLogits: $0)
    }
    let expected = Exact.gradient(doubles(x), [0.25]) {
      [Exact.crossEntropy($0, labels: labels, columns: columns)]
    }
    #expect(relativeDifference(dx, expected) < tolerance)
    #expect(abs(loss - Exact.crossEntropy(doubles(x), labels: labels, columns: columns)) < 1e-12)
    #expect(kernels.crossEntropy(x, columns: columns, labels: labels) == loss)
  }

  @Test func `cross-entropy of great logits is finite and of NaN is NaN`() {
    let kernels = Kernels()
    #expect(kernels.crossEntropy([1e30, 0], columns: 2, labels: [0]) == 0)
    #expect(kernels.crossEntropy([.nan, 0], columns: 2, labels: [1]).isNaN)
  }

  @Test func `gradients of gelu, softmax and layer norm have the same bits on every path`() throws {
    let (rows, columns) = (3, 37)
    let x = samples(rows * columns, seed: 1)
    let dy = samples(rows * columns, seed: 2)
    let gain = samples(columns, seed: 3)
    func run(_ kernels: Kernels) throws -> [UInt32] {
      let backward = try BackwardKernels(kernels: kernels)
      var results = output(x.count) { backward.geluBackward(x: x, dy: dy, count: x.count, dx: $0) }
      results += output(x.count) {
        backward.softmaxBackward(
          probabilities: x, dy: dy, rows: rows, columns: columns, scale: 0.3, dx: $0)
      }
      results += output(x.count + 2 * columns) {
        backward.layerNormBackward(
          x: x, dy: dy, rows: rows, columns: columns, gain: gain, epsilon: 1e-5, dx: $0,
          dGain: $0 + x.count, dBias: $0 + x.count + columns)
      }
      return bits(results)
    }
    let expected = try run(portable)
    for kernels in everyPath { #expect(try run(kernels) == expected) }
  }
}
