import Foundation
import MoEBase
import MoETensor
import Testing

@Suite struct DecoderKernelTests {
  @Test func `root mean square, gated unit and rotation have the bits of their definitions`() {
    for columns in [2, 15, 16, 17, 40, 96] {
      let x = samples(3 * columns, seed: UInt64(columns), scale: 2)
      let gain = samples(columns, seed: 7)
      let up = samples(3 * columns, seed: 8)
      let rows = (0..<3).map { Array(x[$0 * columns..<($0 + 1) * columns]) }
      let normed = rows.flatMap { Naive.rmsNorm($0, gain: gain, epsilon: 1e-5) }
      let gated = Naive.siluProduct(x, up)
      for kernels in everyPath {
        #expect(
          bits(
            output(x.count) {
              kernels.rmsNorm(
                x, rows: 3, columns: columns, gain: gain, epsilon: 1e-5, into: $0)
            }) == bits(normed), "\(kernels.path) \(columns)")
        #expect(
          bits(
            output(x.count) {
              kernels.siluProduct(
                gate: x, up: up, rows: 3, columns: columns, stride: columns, into: $0)
            }) == bits(gated), "\(kernels.path) \(columns)")
      }
    }
    for width in [2, 6, 32, 40] {
      let x = samples(2 * 3 * width, seed: UInt64(width))
      let (cosines, sines) = (samples(width, seed: 3), samples(width, seed: 4))
      var expected = x
      for row in 0..<2 {
        for head in 0..<3 {
          for i in 0..<width / 2 {
            let a = (row * 3 + head) * width + i
            let b = a + width / 2
            let angle = row * width / 2 + i
            expected[a] = x[a] * cosines[angle] - x[b] * sines[angle]
            expected[b] = x[b] * cosines[angle] + x[a] * sines[angle]
          }
        }
      }
      for kernels in everyPath {
        let y = output(x.count) { y in
          y.update(from: x, count: x.count)
          kernels.rotary(
            y, rows: 2, stride: 3 * width, heads: 3, headWidth: width, cosines: cosines,
            sines: sines)
        }
        #expect(bits(y) == bits(expected), "\(kernels.path) \(width)")
      }
    }
  }

  @Test func `sine and cosine are within two units of the C library`() {
    var generator = SeededGenerator(seed: 3)
    for _ in 0..<200_000 {
      let x = (generator.uniform() - 0.5) * 2 * 300_000
      let (sine, cosine) = Elementary.sineCosine(x)
      #expect(abs(sine - Foundation.sin(x)) <= 4e-16)
      #expect(abs(cosine - Foundation.cos(x)) <= 4e-16)
    }
    #expect(Elementary.sineCosine(0) == (0, 1))
  }

  @Test func `every number of two bytes is widened exactly`() throws {
    let halves = (0...UInt16.max).map { $0 }
    let bytes = halves.withUnsafeBytes { Array($0) }
    for format in [NumberFormat.bf16, .f16] {
      let widened = bytes.withUnsafeBytes { format.widen($0) }
      for (half, value) in zip(halves, widened) {
        let expected = definition(half, format)
        #expect(
          value.isNaN ? expected.isNaN : value.bitPattern == expected.bitPattern, "\(half)")
      }
      // The same through the kernels: each number times one.
      let matrix = packed(bytes, rows: 1 << 16, columns: 1, format: format)
      for kernels in everyPath {
        let y = output(1 << 16) { kernels.linear([1], rows: 1, weight: matrix, into: $0) }
        let agrees = zip(y, widened).allSatisfy { $0.isNaN ? $1.isNaN : $0 == $1 }
        #expect(agrees, "\(kernels.path) \(format)")
      }
    }
  }

  @Test func `narrow weights give the bits of their widened selves`() {
    for (rows, outputs, inputs) in [(1, 40, 33), (3, 100, 64), (13, 32, 7), (80, 70, 50)] {
      let x = samples(rows * inputs, seed: 11)
      let halves = samples(outputs * inputs, seed: 12).map { UInt16($0.bitPattern >> 16) }
      let bytes = halves.withUnsafeBytes { Array($0) }
      for format in [NumberFormat.bf16, .f16] {
        // The bits of a bf16 read as f16 may not be finite; clear an exponent's bit.
        let safe =
          format == .bf16 ? bytes : halves.map { $0 & 0xBFFF }.withUnsafeBytes { Array($0) }
        let wide = PackedMatrix(
          rows: outputs, columns: inputs, values: safe.withUnsafeBytes { format.widen($0) })
        let narrow = packed(safe, rows: outputs, columns: inputs, format: format)
        #expect(narrow.values == wide.values)
        for kernels in everyPath {
          let expected = output(rows * outputs) {
            kernels.linear(x, rows: rows, weight: wide, into: $0)
          }
          let y = output(rows * outputs) {
            kernels.linear(x, rows: rows, weight: narrow, into: $0)
          }
          #expect(bits(y) == bits(expected), "\(kernels.path) \(format) \(rows) \(outputs)")
        }
      }
    }
  }

  @Test func `panels unpack to what was packed, also from a transpose`() {
    let (rows, columns) = (45, 19)
    for format in NumberFormat.allCases {
      let values = (0..<rows * columns * format.byteCount).map { UInt8($0 % 251) }
      for isTransposed in [false, true] {
        var panels = [UInt8](
          repeating: 0xFF,
          count: PackedMatrix.panelBytes(rows: rows, columns: columns, format: format))
        var back = [UInt8](repeating: 0, count: values.count)
        panels.withUnsafeMutableBytes { panels in
          values.withUnsafeBytes {
            format.pack($0, isTransposed: isTransposed, rows: rows, columns: columns, into: panels)
          }
          back.withUnsafeMutableBytes {
            format.unpack(
              UnsafeRawBufferPointer(panels), isTransposed: isTransposed, rows: rows,
              columns: columns, into: $0)
          }
        }
        #expect(back == values)
      }
    }
  }

  /// The number by IEEE 754's and bfloat16's definitions.
  private func definition(_ half: UInt16, _ format: NumberFormat) -> Float {
    guard format == .f16 else { return Float(bitPattern: UInt32(half) << 16) }
    let sign: Float = half >> 15 == 1 ? -1 : 1
    let exponent = Int(half >> 10 & 0x1F)
    let fraction = Float(half & 0x3FF)
    switch exponent {
    case 0: return sign * fraction * Float(sign: .plus, exponent: -24, significand: 1)
    case 31: return fraction == 0 ? sign * .infinity : .nan
    default:
      return sign * (1 + fraction / 1024)
        * Float(sign: .plus, exponent: exponent - 15, significand: 1)
    }
  }

  /// A matrix of stored numbers in panels of its own.
  private func packed(
    _ bytes: [UInt8], rows: Int, columns: Int, format: NumberFormat
  ) -> PackedMatrix {
    let owner = PanelMemory(
      count: PackedMatrix.panelBytes(rows: rows, columns: columns, format: format))
    bytes.withUnsafeBytes {
      format.pack($0, isTransposed: false, rows: rows, columns: columns, into: owner.bytes)
    }
    return PackedMatrix(
      rows: rows, columns: columns, format: format, panels: UnsafeRawBufferPointer(owner.bytes),
      owner: owner)
  }
}

/// Memory that a matrix keeps alive.
private final class PanelMemory: @unchecked Sendable {  // written before it is shared
  let bytes: UnsafeMutableRawBufferPointer
  init(count: Int) { bytes = .allocate(byteCount: count, alignment: 64) }
  deinit { bytes.deallocate() }
}
