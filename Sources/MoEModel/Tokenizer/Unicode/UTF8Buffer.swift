extension UnsafeBufferPointer where Element == UInt8 {
  /// The scalar at a place in well-formed UTF-8, and its length in bytes.
  @inline(__always)
  func scalar(at position: Int) -> (scalar: UInt32, length: Int) {
    let lead = UInt32(self[position])
    if lead < 0x80 { return (lead, 1) }
    let (length, bits): (Int, UInt32) =
      switch lead {
      case ..<0xE0: (2, lead & 0x1F)
      case ..<0xF0: (3, lead & 0x0F)
      default: (4, lead & 0x07)
      }
    var scalar = bits
    for index in position + 1..<position + length {
      scalar = scalar << 6 | UInt32(self[index] & 0x3F)
    }
    return (scalar, length)
  }

  /// The scalar that ends before a place in well-formed UTF-8 that is not the beginning.
  func scalar(before position: Int) -> (scalar: UInt32, length: Int) {
    var start = position - 1
    while self[start] & 0xC0 == 0x80 { start -= 1 }
    return scalar(at: start)
  }

  /// Whether these bytes stand at a place.
  func holds(_ bytes: [UInt8], at position: Int) -> Bool {
    count - position >= bytes.count
      && bytes.indices.allSatisfy { self[position + $0] == bytes[$0] }
  }

  /// The bytes of a range, as a buffer of their own.
  func part(_ range: Range<Int>) -> UnsafeBufferPointer<UInt8> {
    UnsafeBufferPointer(rebasing: self[range])
  }
}

extension [UInt8] {
  /// Appends a scalar in UTF-8.
  @inline(__always)
  mutating func append(scalar: UInt32) {
    func low(_ shift: UInt32) -> UInt8 {
      UInt8(truncatingIfNeeded: 0x80 | (scalar >> shift & 0x3F))
    }
    switch scalar {
    case ..<0x80: append(UInt8(truncatingIfNeeded: scalar))
    case ..<0x800:
      append(UInt8(truncatingIfNeeded: 0xC0 | scalar >> 6))
      append(low(0))
    case ..<0x10000:
      append(UInt8(truncatingIfNeeded: 0xE0 | scalar >> 12))
      append(low(6))
      append(low(0))
    default:
      append(UInt8(truncatingIfNeeded: 0xF0 | scalar >> 18))
      append(low(12))
      append(low(6))
      append(low(0))
    }
  }
}
