/// The characters that stand for bytes in byte-level vocabularies.
///
/// A byte that prints in Latin-1 stands for itself, the other 68 for the scalars from U+0100 on.
///
/// Reference: Radford et al., *Language Models are Unsupervised Multitask Learners* (2019), GPT-2's
/// `bytes_to_unicode`.
enum ByteAlphabet {
  /// The scalar that stands for each byte.
  static let scalars: [UInt32] = {
    var next: UInt32 = 0x100
    return (UInt32(0)...0xFF).map { byte in
      if (0x21...0x7E).contains(byte) || (0xA1...0xAC).contains(byte) || byte >= 0xAE {
        return byte
      }
      defer { next += 1 }
      return next
    }
  }()

  /// The byte that each scalar below U+0144 stands for; -1 for those that stand for none.
  static let bytes: [Int16] = {
    var bytes = [Int16](repeating: -1, count: 0x144)
    for (byte, scalar) in scalars.enumerated() { bytes[Int(scalar)] = Int16(byte) }
    return bytes
  }()

  /// The text with each byte replaced by its character.
  static func encode(_ text: UnsafeBufferPointer<UInt8>) -> [UInt8] {
    var output: [UInt8] = []
    output.reserveCapacity(text.count + text.count / 2)
    for byte in text { output.append(scalar: scalars[Int(byte)]) }
    return output
  }

  /// The bytes that a token stands for, or the token as it is when one of its characters stands for none.
  static func decode(_ token: UnsafeBufferPointer<UInt8>) -> [UInt8] {
    var output: [UInt8] = []
    output.reserveCapacity(token.count)
    var position = 0
    while position < token.count {
      let (scalar, length) = token.scalar(at: position)
      position += length
      guard scalar < 0x144, bytes[Int(scalar)] >= 0 else { return Array(token) }
      output.append(UInt8(truncatingIfNeeded: bytes[Int(scalar)]))
    }
    return output
  }
}
