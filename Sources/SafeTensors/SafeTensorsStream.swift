public import Foundation
import MoEBase

/// Writes a safetensors file piece by piece: its header first, then the bytes of the tensors in the order given.
///
/// For tensors that are not to lie in memory all at once; `SafeTensorsWriter` is for those that may. The header
/// is padded with spaces so that the data start at a multiple of 64.
public final class SafeTensorsStream {
  /// A tensor that is going to be written.
  public struct Entry {
    let name: String
    let dtype: DType
    let shape: [Int]
    let byteCount: Int

    /// Announces a tensor.
    ///
    /// - Precondition: Its bytes fit `Int`.
    public init(_ name: String, _ dtype: DType, shape: [Int]) {
      guard let count = product(shape) else { preconditionFailure("a tensor of \(shape)") }
      self.name = name
      self.dtype = dtype
      self.shape = shape
      byteCount = count * dtype.byteCount
    }
  }

  private let handle: FileHandle
  private var left: Int

  /// Makes the file and writes its header.
  ///
  /// - Parameters:
  ///   - url: The new file.
  ///   - tensors: Every tensor, in the order in which their bytes will come.
  ///   - metadata: The pairs of `__metadata__`, which is left out where there are none.
  /// - Throws: `CocoaError` where the file cannot be written.
  public init(url: URL, tensors: [Entry], metadata: [(key: String, value: String)] = []) throws {
    var members: [JSONMember] = []
    if !metadata.isEmpty {
      members.append(
        JSONMember(
          "__metadata__", .object(metadata.map { JSONMember($0.key, .string($0.value)) })))
    }
    var offset = 0
    for tensor in tensors {
      members.append(
        JSONMember(
          tensor.name,
          [
            "dtype": .string(tensor.dtype.rawValue),
            "shape": .array(tensor.shape.map { .integer($0) }),
            "data_offsets": [.integer(offset), .integer(offset + tensor.byteCount)],
          ]))
      offset += tensor.byteCount
    }
    left = offset
    var header = JSONValue.object(members).bytes
    while (header.count + 8) % 64 != 0 { header.append(UInt8(ascii: " ")) }
    guard FileManager.default.createFile(atPath: url.path, contents: nil) else {
      throw CocoaError(.fileWriteUnknown, userInfo: [NSFilePathErrorKey: url.path])
    }
    handle = try FileHandle(forWritingTo: url)
    try withUnsafeBytes(of: UInt64(header.count).littleEndian) { try put($0) }
    try header.withUnsafeBytes { try put($0) }
  }

  /// Writes the next bytes.
  ///
  /// - Precondition: No more than the tensors have.
  /// - Throws: `CocoaError` where they cannot be written.
  public func write(_ bytes: UnsafeRawBufferPointer) throws {
    precondition(bytes.count <= left, "\(bytes.count) bytes where \(left) are left")
    left -= bytes.count
    try put(bytes)
  }

  /// Brings the file to the disk and closes it.
  ///
  /// - Precondition: Every tensor was written.
  /// - Throws: `CocoaError` where that fails.
  public func finish() throws {
    precondition(left == 0, "\(left) bytes of tensors are missing")
    try handle.synchronize()
    try handle.close()
  }

  private func put(_ bytes: UnsafeRawBufferPointer) throws {
    guard let base = bytes.baseAddress, bytes.count > 0 else { return }
    try handle.write(
      contentsOf: Data(
        bytesNoCopy: UnsafeMutableRawPointer(mutating: base), count: bytes.count,
        deallocator: .none))
  }
}
