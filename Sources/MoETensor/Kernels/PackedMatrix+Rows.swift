extension PackedMatrix {
  /// The numbers of some outputs as they are stored, row by row.
  ///
  /// - Precondition: `range` lies in `0..<rows`.
  public func stored(rows range: Range<Int>) -> [UInt8] {
    precondition(range.lowerBound >= 0 && range.upperBound <= rows, "rows \(range) of \(rows)")
    guard !range.isEmpty, columns > 0 else { return [] }
    // Panels are brought back whole.
    let first = range.lowerBound / Self.panelWidth
    let start = first * Self.panelWidth
    let count =
      min((range.upperBound + Self.panelWidth - 1) / Self.panelWidth * Self.panelWidth, rows)
      - start
    let panels = UnsafeRawBufferPointer(
      start: pointer + first * Self.panelWidth * columns * format.byteCount,
      count: Self.panelBytes(rows: count, columns: columns, format: format))
    let rowBytes = columns * format.byteCount
    var values = [UInt8](repeating: 0, count: count * rowBytes)
    values.withUnsafeMutableBytes {
      format.unpack(panels, isTransposed: false, rows: count, columns: columns, into: $0)
    }
    guard range.count != count else { return values }
    let skipped = (range.lowerBound - start) * rowBytes
    return Array(values[skipped..<skipped + range.count * rowBytes])
  }

  /// The numbers of some outputs row by row, widened exactly: `[range.count, D]`.
  ///
  /// - Precondition: `range` lies in `0..<rows`.
  public func values(rows range: Range<Int>) -> [Float] {
    stored(rows: range).withUnsafeBytes { format.widen($0) }
  }
}

extension NumberFormat {
  /// Numbers in this format, little-endian, where it holds every one of them exactly; else `nil`.
  public func narrow(exactly values: [Float]) -> [UInt8]? {
    guard self != .f32 else { return values.withUnsafeBytes { Array($0) } }
    var halves: [UInt16] = []
    halves.reserveCapacity(values.count)
    for value in values {
      guard let half = self == .bf16 ? Self.upperHalf(value) : Self.half(value) else { return nil }
      halves.append(half.littleEndian)
    }
    return halves.withUnsafeBytes { Array($0) }
  }

  private static func upperHalf(_ value: Float) -> UInt16? {
    value.bitPattern & 0xFFFF == 0 ? UInt16(value.bitPattern >> 16) : nil
  }

  /// The binary16 that is this finite number: normal from 2^−14 to under 2^16, in steps of 2^−24 below.
  private static func half(_ value: Float) -> UInt16? {
    let sign = value.sign == .minus ? UInt16(0x8000) : 0
    guard value != 0 else { return sign }
    guard value.isNormal, (-24...15).contains(value.exponent) else { return nil }
    let exponent = Int(value.exponent)
    let significand = value.bitPattern & 0x7F_FFFF
    if exponent >= -14 {
      guard significand & 0x1FFF == 0 else { return nil }
      return sign | UInt16(exponent + 15) << 10 | UInt16(significand >> 13)
    }
    let shift = UInt32(-1 - exponent)
    let whole = significand | 0x80_0000
    guard whole & (1 << shift - 1) == 0 else { return nil }
    return sign | UInt16(whole >> shift)
  }
}
