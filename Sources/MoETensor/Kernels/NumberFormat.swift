import CKernels

/// How the weights of a packed matrix are stored; arithmetic is in `Float` whatever it is.
///
/// Raw values are spelled as safetensors spells them.
public enum NumberFormat: String, Sendable, CaseIterable {
  /// IEEE 754 binary32.
  case f32 = "F32"
  /// The upper half of a binary32.
  case bf16 = "BF16"
  /// IEEE 754 binary16.
  case f16 = "F16"

  /// The bytes of one number.
  public var byteCount: Int { self == .f32 ? 4 : 2 }

  var code: moe_number {
    switch self {
    case .f32: MOE_F32
    case .bf16: MOE_BF16
    case .f16: MOE_F16
    }
  }

  /// The numbers stored at `source`, widened exactly.
  public func widen(_ source: UnsafeRawBufferPointer) -> [Float] {
    precondition(source.count % byteCount == 0, "\(source.count) bytes of \(rawValue) numbers")
    let count = source.count / byteCount
    return [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
      for index in 0..<count {
        switch self {
        case .f32:
          buffer[index] = Float(
            bitPattern: source.loadUnaligned(fromByteOffset: index * 4, as: UInt32.self))
        case .bf16:
          let half = source.loadUnaligned(fromByteOffset: index * 2, as: UInt16.self)
          buffer[index] = Float(bitPattern: UInt32(half) << 16)
        case .f16:
          let half = source.loadUnaligned(fromByteOffset: index * 2, as: UInt16.self)
          buffer[index] = moe_widen_half(half)
        }
      }
      initialized = count
    }
  }
}

extension NumberFormat {
  /// Lays a matrix of stored numbers out in panels.
  ///
  /// - Parameters:
  ///   - values: W `[F, D]`, row-major, or its transpose `[D, F]`.
  ///   - isTransposed: Whether it is the transpose.
  ///   - rows: F.
  ///   - columns: D.
  ///   - panels: `PackedMatrix.panelBytes` bytes, overwritten.
  public func pack(
    _ values: UnsafeRawBufferPointer, isTransposed: Bool, rows: Int, columns: Int,
    into panels: UnsafeMutableRawBufferPointer
  ) {
    precondition(
      values.count == rows * columns * byteCount
        && panels.count == PackedMatrix.panelBytes(rows: rows, columns: columns, format: self),
      "a matrix [\(rows), \(columns)] of other sizes")
    guard let source = values.baseAddress, let target = panels.baseAddress else { return }
    moe_pack_elements(source, byteCount, isTransposed, rows, columns, target)
  }

  /// Brings panels back into rows: the inverse of ``pack(_:isTransposed:rows:columns:into:)``.
  public func unpack(
    _ panels: UnsafeRawBufferPointer, isTransposed: Bool, rows: Int, columns: Int,
    into values: UnsafeMutableRawBufferPointer
  ) {
    precondition(
      values.count == rows * columns * byteCount
        && panels.count == PackedMatrix.panelBytes(rows: rows, columns: columns, format: self),
      "a matrix [\(rows), \(columns)] of other sizes")
    guard let source = panels.baseAddress, let target = values.baseAddress else { return }
    moe_unpack_elements(source, byteCount, isTransposed, rows, columns, target)
  }
}

extension NumberFormat {
  /// The index of the first number that is NaN or infinite.
  public func firstNonFinite(_ numbers: UnsafeRawBufferPointer) -> Int? {
    switch self {
    case .f32: first(numbers, UInt32.self, infinity: 0x7F80_0000)
    case .bf16: first(numbers, UInt16.self, infinity: 0x7F80)
    case .f16: first(numbers, UInt16.self, infinity: 0x7C00)
    }
  }

  /// Without its sign, a number that is not finite has at least the bits of infinity.
  private func first<Bits: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(
    _ numbers: UnsafeRawBufferPointer, _ type: Bits.Type, infinity: Bits
  ) -> Int? {
    let count = numbers.count / byteCount
    var greatest: Bits = 0
    for index in 0..<count {
      let bits = numbers.loadUnaligned(fromByteOffset: index &* byteCount, as: Bits.self)
      greatest = max(greatest, bits & (Bits.max >> 1))
    }
    guard greatest >= infinity else { return nil }
    return (0..<count).first { index in
      let bits = numbers.loadUnaligned(fromByteOffset: index &* byteCount, as: Bits.self)
      return bits & (Bits.max >> 1) >= infinity
    }
  }
}
