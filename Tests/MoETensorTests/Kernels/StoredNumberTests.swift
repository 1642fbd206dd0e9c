import MoEBase
import MoETensor
import Testing

@Suite struct StoredNumberTests {
  @Test func `every finite half is narrowed back to itself`() throws {
    for format in [NumberFormat.bf16, .f16] {
      for half in UInt16.min...UInt16.max {
        let value = withUnsafeBytes(of: half.littleEndian) { format.widen($0)[0] }
        guard value.isFinite else { continue }
        let bytes = try #require(format.narrow(exactly: [value]), "\(format) \(half)")
        #expect(bytes == [UInt8(half & 0xFF), UInt8(half >> 8)])
      }
    }
  }

  @Test func `a number that would be rounded is not narrowed`() {
    let tiny = Float(sign: .plus, exponent: -25, significand: 1)
    let between = Float(sign: .minus, exponent: -24, significand: 1.5)
    for value in [1 + Float.ulpOfOne, 65_536, tiny, between, .leastNonzeroMagnitude, 2_049] {
      #expect(NumberFormat.f16.narrow(exactly: [0, value]) == nil, "\(value)")
    }
    for value in [1 + Float.ulpOfOne, 257, .leastNonzeroMagnitude] {
      #expect(NumberFormat.bf16.narrow(exactly: [value, 0]) == nil, "\(value)")
    }
    #expect(NumberFormat.f16.narrow(exactly: [65_504, -0.0])?.count == 4)
    #expect(NumberFormat.f32.narrow(exactly: [.greatestFiniteMagnitude])?.count == 4)
  }

  @Test func `rows come out of panels as they went in`() {
    var generator = SeededGenerator(seed: 8)
    for (rows, columns) in [(1, 1), (31, 3), (32, 4), (33, 5), (100, 7)] {
      let values = (0..<rows * columns).map { _ in Float(generator.below(1_000)) - 500 }
      let matrix = PackedMatrix(rows: rows, columns: columns, values: values)
      for first in 0...rows {
        for last in [first, min(first + 1, rows), (first + rows) / 2, rows] where last >= first {
          let part = Array(values[first * columns..<last * columns])
          #expect(matrix.values(rows: first..<last) == part)
          #expect(matrix.stored(rows: first..<last) == part.withUnsafeBytes { Array($0) })
        }
      }
    }
  }
}
