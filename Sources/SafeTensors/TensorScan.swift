/// What a look at every value of one tensor found.
public struct TensorScan: Sendable, Equatable {
  /// The tensor's name.
  public let name: String
  /// The greatest magnitude of its finite values; 0 for an empty tensor.
  public let absmax: Double
  /// The first element that is NaN or infinite, if there is one.
  public let firstNonFiniteIndex: Int?

  /// Whether every value is finite.
  public var isFinite: Bool { firstNonFiniteIndex == nil }
}

extension SafeTensorsFile {
  /// Looks at every value of every tensor.
  ///
  /// - Returns: One finding a tensor, in the order of ``tensors``.
  /// - Complexity: O(bytes of the file); floating-point types are compared as whole numbers.
  public func scan() -> [TensorScan] { tensors.map(scan) }

  /// Looks at every value of every tensor, and refuses the first that is not finite.
  ///
  /// - Throws: ``SafeTensorsError`` naming the tensor and the element.
  public func finiteScan() throws(SafeTensorsError) -> [TensorScan] {
    var scans: [TensorScan] = []
    for tensor in tensors {
      let result = scan(tensor)
      if let index = result.firstNonFiniteIndex {
        throw SafeTensorsError(name, .nonFinite(name: tensor.name, index: index))
      }
      scans.append(result)
    }
    return scans
  }

  private func scan(_ tensor: TensorDescriptor) -> TensorScan {
    withBytes(of: tensor) { bytes in
      switch tensor.dtype {
      case .f64:
        floating(tensor, bytes, UInt64.self, infinity: 0x7FF0 << 48) { Double(bitPattern: $0) }
      case .f32:
        floating(tensor, bytes, UInt32.self, infinity: 0x7F80_0000) {
          Double(Float(bitPattern: $0))
        }
      case .bf16:
        floating(tensor, bytes, UInt16.self, infinity: 0x7F80) {
          Double(Float(bitPattern: UInt32($0) << 16))
        }
      case .f16: floating(tensor, bytes, UInt16.self, infinity: 0x7C00, halfMagnitude)
      case .i64: whole(tensor, bytes, Int64.self)
      case .i32: whole(tensor, bytes, Int32.self)
      case .i16: whole(tensor, bytes, Int16.self)
      case .i8: whole(tensor, bytes, Int8.self)
      case .u64: whole(tensor, bytes, UInt64.self)
      case .u32: whole(tensor, bytes, UInt32.self)
      case .u16: whole(tensor, bytes, UInt16.self)
      case .u8, .bool: whole(tensor, bytes, UInt8.self)
      }
    }
  }

  /// Without their sign bit, the bits of IEEE numbers are ordered as their magnitudes are, and every
  /// number that is not finite has at least the bits of infinity.
  private func floating<Bits: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(
    _ tensor: TensorDescriptor, _ bytes: UnsafeRawBufferPointer, _ type: Bits.Type, infinity: Bits,
    _ magnitude: (Bits) -> Double
  ) -> TensorScan {
    let width = MemoryLayout<Bits>.size
    let mask = Bits.max >> 1
    var greatest: Bits = 0
    for index in 0..<tensor.elementCount {
      let bits = bytes.loadUnaligned(fromByteOffset: index &* width, as: Bits.self) & mask
      greatest = max(greatest, bits)
    }
    var first: Int?
    if greatest >= infinity {
      greatest = 0
      for index in 0..<tensor.elementCount {
        let bits = bytes.loadUnaligned(fromByteOffset: index &* width, as: Bits.self) & mask
        if bits < infinity { greatest = max(greatest, bits) } else { first = first ?? index }
      }
    }
    return TensorScan(name: tensor.name, absmax: magnitude(greatest), firstNonFiniteIndex: first)
  }

  private func whole<Number: FixedWidthInteger & BitwiseCopyable>(
    _ tensor: TensorDescriptor, _ bytes: UnsafeRawBufferPointer, _ type: Number.Type
  ) -> TensorScan {
    var greatest: Number.Magnitude = 0
    for index in 0..<tensor.elementCount {
      let number = bytes.loadUnaligned(
        fromByteOffset: index &* MemoryLayout<Number>.size, as: Number.self)
      greatest = max(greatest, number.magnitude)
    }
    return TensorScan(name: tensor.name, absmax: Double(greatest), firstNonFiniteIndex: nil)
  }
}

/// The magnitude of a binary16 given by its bits: its 15 bits shifted to binary32's place, scaled by 2¹¹².
private func halfMagnitude(_ bits: UInt16) -> Double {
  Double(Float(bitPattern: UInt32(bits & 0x7FFF) << 13)) * 0x1p112
}
