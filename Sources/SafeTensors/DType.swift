/// The element types this reader knows; a file with any other is refused.
///
/// Raw values are spelled as in the file. Multi-byte elements are little-endian.
public enum DType: String, Sendable, CaseIterable {
  /// IEEE 754 binary64.
  case f64 = "F64"
  /// IEEE 754 binary32.
  case f32 = "F32"
  /// IEEE 754 binary16.
  case f16 = "F16"
  /// The upper half of a binary32.
  case bf16 = "BF16"
  /// Signed 64-bit.
  case i64 = "I64"
  /// Signed 32-bit.
  case i32 = "I32"
  /// Signed 16-bit.
  case i16 = "I16"
  /// Signed 8-bit.
  case i8 = "I8"
  /// Unsigned 64-bit.
  case u64 = "U64"
  /// Unsigned 32-bit.
  case u32 = "U32"
  /// Unsigned 16-bit.
  case u16 = "U16"
  /// Unsigned 8-bit.
  case u8 = "U8"
  /// One byte, 0 or 1.
  case bool = "BOOL"

  /// How many bytes one element takes.
  public var byteCount: Int {
    switch self {
    case .f64, .i64, .u64: 8
    case .f32, .i32, .u32: 4
    case .f16, .bf16, .i16, .u16: 2
    case .i8, .u8, .bool: 1
    }
  }
}
