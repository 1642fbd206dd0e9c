import MoEBase
import SafeTensors
import Testing

@Suite struct TensorScanTests {
  private func scan(_ dtype: DType, _ bytes: [UInt8]) throws -> TensorScan {
    var writer = SafeTensorsWriter()
    writer.add("w", dtype, shape: [bytes.count / dtype.byteCount], bytes: bytes)
    let file = try SafeTensorsFile(bytes: writer.bytes(), name: "x")
    return try #require(file.scan().first)
  }

  private func floats(_ values: [Float]) throws -> TensorScan {
    try scan(.f32, values.withUnsafeBytes { Array($0) })
  }

  private func doubles(_ values: [Double]) throws -> TensorScan {
    try scan(.f64, values.withUnsafeBytes { Array($0) })
  }

  private func shorts(_ dtype: DType, _ values: [UInt16]) throws -> TensorScan {
    try scan(dtype, values.withUnsafeBytes { Array($0) })
  }

  @Test func `the greatest magnitude is found whatever its sign`() throws {
    #expect(try floats([0.5, -3, 2]).absmax == 3)
    #expect(try doubles([0.5, -3.25, 2]).absmax == 3.25)
    #expect(try floats([-0.0]).absmax == 0)
    #expect(try floats([]).absmax == 0)
    #expect(try floats([.greatestFiniteMagnitude]).absmax == Double(Float.greatestFiniteMagnitude))
    #expect(try scan(.i8, [0x80, 0x7F]).absmax == 128)
    #expect(try scan(.u8, [3, 200]).absmax == 200)
    #expect(try scan(.i64, [0, 0, 0, 0, 0, 0, 0, 0x80]).absmax == 0x1p63)
    #expect(try scan(.bool, [0, 1]).absmax == 1)
  }

  @Test func `the first value that is not finite is named`() throws {
    for bad: Float in [.nan, .infinity, -.infinity, .signalingNaN] {
      for index in 0..<9 {
        var values: [Float] = [1, 2, 3, 4, 5, 6, 7, 8, 9]
        values[index] = bad
        let result = try floats(values)
        #expect(result.firstNonFiniteIndex == index)
        #expect(!result.isFinite)
        #expect(result.absmax == (index == 8 ? 8 : 9))
      }
    }
    #expect(try doubles([1, -.infinity, .nan]).firstNonFiniteIndex == 1)
    #expect(try doubles([1, 2]).isFinite)
  }

  @Test func `half and brain floats are read by their bits`() throws {
    // binary16: 1.0, the largest 65504, the smallest subnormal 2⁻²⁴, -2.0
    #expect(try shorts(.f16, [0x3C00, 0xC000]).absmax == 2)
    #expect(try shorts(.f16, [0x7BFF]).absmax == 65504)
    #expect(try shorts(.f16, [0x0001]).absmax == 0x1p-24)
    #expect(try shorts(.f16, [0x3C00, 0xFC00]).firstNonFiniteIndex == 1)
    #expect(try shorts(.f16, [0x7C01]).firstNonFiniteIndex == 0)
    #expect(try shorts(.bf16, [0x3F80, 0xC040]).absmax == 3)
    #expect(try shorts(.bf16, [0x3F80, 0x7F80]).firstNonFiniteIndex == 1)
  }

  @Test func `every binary16 has the magnitude the naive reading gives`() throws {
    for bits in UInt16(0)..<0x7C00 {
      let exponent = Int(bits >> 10)
      let fraction = Double(bits & 0x3FF)
      var expected = exponent == 0 ? fraction * 0x1p-24 : (1 + fraction / 1024)
      if exponent > 0 {
        for _ in 0..<abs(exponent - 15) { expected *= exponent > 15 ? 2 : 0.5 }
      }
      #expect(try shorts(.f16, [bits]).absmax == expected)
    }
  }

  @Test func `a file with such a value is refused by name`() throws {
    var writer = SafeTensorsWriter()
    writer.add("a", shape: [2], floats: [1, 2])
    writer.add("b", shape: [2], floats: [1, .nan])
    let file = try SafeTensorsFile(bytes: writer.bytes(), name: "x")
    #expect(throws: SafeTensorsError("x", .nonFinite(name: "b", index: 1))) {
      try file.finiteScan()
    }
  }
}
