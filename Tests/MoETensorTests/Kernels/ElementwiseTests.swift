import Foundation
import MoETensor
import Testing

@Suite struct ElementwiseTests {
  /// Arguments over the whole line: dense near 0, in the tails, at both ends of the range, and the odd ones.
  private var arguments: [Float] {
    var values = stride(from: Float(-110), to: 95, by: 0.00371).map { $0 }
    values += stride(from: Float(-9), to: 9, by: 0.000173).map { $0 }
    values += samples(20_000, seed: 3, scale: 1e-3) + samples(20_000, seed: 4, scale: 3)
    values += [0, -0.0, .infinity, -.infinity, .nan, 1e-30, -1e-30, 3e38, -3e38, 104, -104, 89]
    values += [.leastNonzeroMagnitude, -.leastNonzeroMagnitude, .leastNormalMagnitude, -103.97]
    return values
  }

  @Test func `exp is within two units in the last place and has its limits`() {
    let x = arguments
    let y = output(x.count) { portable.exp(x, count: x.count, into: $0) }
    var worst = 0.0
    for (argument, value) in zip(x, y) {
      let exact = Foundation.exp(Double(argument))
      if argument.isNaN {
        #expect(value.isNaN)
      } else if exact > Double(Float.greatestFiniteMagnitude) {
        #expect(value == .infinity)
      } else {
        let unit = max(Double(Float(exact).ulp), Double(Float.leastNonzeroMagnitude))
        worst = max(worst, abs(Double(value) - exact) / unit)
      }
    }
    // 1 for the rounding of a subnormal result beside that of the polynomial.
    #expect(worst <= 1.1, "\(worst) units")
    #expect(output(1) { portable.exp([-.infinity], count: 1, into: $0) } == [0])
    #expect(output(2) { portable.exp([0, -0.0], count: 2, into: $0) } == [1, 1])
  }

  @Test func `gelu is within 2e-7 of x Φ(x)`() {
    let x = arguments.filter(\.isFinite)
    let y = output(x.count) { portable.gelu(x, count: x.count, into: $0) }
    var worst = 0.0
    for (argument, value) in zip(x, y) {
      let exact = 0.5 * Double(argument) * Foundation.erfc(-Double(argument) / 2.0.squareRoot())
      worst = max(worst, abs(Double(value) - exact) / max(1, abs(exact)))
    }
    #expect(worst <= 2e-7, "\(worst)")
  }

  @Test func `gelu keeps what the formula gives for zeros, infinities and NaN`() {
    let y = output(5) { portable.gelu([0, -0.0, .infinity, -.infinity, .nan], count: 5, into: $0) }
    #expect(y[0] == 0 && y[0].sign == .plus)
    #expect(y[1] == 0 && y[1].sign == .minus)
    #expect(y[2] == .infinity)
    #expect(y[3].isNaN)
    #expect(y[4].isNaN)
  }

  @Test func `every path gives the same bits, in place too, for every count`() {
    let x = arguments
    for kernels in everyPath {
      for (name, run) in [("exp", Kernels.exp), ("gelu", Kernels.gelu)] {
        for count in Array(0...40) + [x.count] {
          let part = Array(x.suffix(count))
          let expected = output(count) { run(portable)(part, count, $0) }
          let got = output(count) { run(kernels)(part, count, $0) }
          let inPlace = output(count) {
            $0.update(from: part, count: count)
            run(kernels)(UnsafePointer($0), count, $0)
          }
          #expect(bits(got) == bits(expected), "\(name) \(kernels.path) \(count)")
          #expect(bits(inPlace) == bits(expected), "\(name) \(kernels.path) \(count)")
        }
      }
    }
  }

  @Test func `sums, inner products and scaled sums have the bits of their definition`() {
    for count in Array(0...50) + [384, 1000] {
      let x = samples(count, seed: UInt64(count))
      let y = samples(count, seed: UInt64(count) + 1)
      for kernels in everyPath {
        #expect(kernels.sum(x, count: count).bitPattern == Naive.sum(x).bitPattern)
        #expect(kernels.dot(x, y, count: count).bitPattern == Naive.dot(x, y).bitPattern)
        #expect(kernels.l2Norm(x, count: count) == Naive.dot(x, x).squareRoot())
        let sum = output(count) {
          $0.update(from: y, count: count)
          kernels.addScaled(0.7, x, count: count, into: $0)
        }
        #expect(bits(sum) == bits(zip(x, y).map { $1.addingProduct(0.7, $0) }))
      }
    }
  }
}
