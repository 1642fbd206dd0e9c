public import Foundation
import MoEBase

/// Writes tensors as a safetensors file that the reference library reads.
///
/// The same tensors and metadata give the same bytes, in whatever order they were added: tensors are
/// laid out by falling element size, then by the bytes of their names; metadata by the bytes of their
/// keys. The header is padded with spaces to a multiple of 8, so every tensor is aligned.
public struct SafeTensorsWriter: Sendable {
  private struct Entry {
    let name: String
    let dtype: DType
    let shape: [Int]
    let bytes: [UInt8]
  }

  private var entries: [Entry] = []
  private var names: Set<[UInt8]> = []
  private var metadata: [JSONMember] = []

  /// Starts without tensors.
  public init(metadata: [String: String] = [:]) {
    self.metadata = metadata.sorted { precedes($0.key, $1.key) }
      .map { JSONMember($0.key, .string($0.value)) }
  }

  /// Adds an F32 tensor.
  ///
  /// - Precondition: as ``add(_:_:shape:bytes:)``.
  public mutating func add(_ name: String, shape: [Int], floats: [Float]) {
    add(name, .f32, shape: shape, bytes: floats.withUnsafeBytes { Array($0) })
  }

  /// Adds an F64 tensor.
  ///
  /// - Precondition: as ``add(_:_:shape:bytes:)``.
  public mutating func add(_ name: String, shape: [Int], doubles: [Double]) {
    add(name, .f64, shape: shape, bytes: doubles.withUnsafeBytes { Array($0) })
  }

  /// Adds a tensor of any type from its little-endian bytes.
  ///
  /// - Precondition: The name has 1 to 256 bytes of printable ASCII, is not `__metadata__` and was not
  ///   added before; the shape has at most 8 extents, none negative, and makes as many bytes as given.
  public mutating func add(_ name: String, _ dtype: DType, shape: [Int], bytes: [UInt8]) {
    precondition(
      (1...256).contains(name.utf8.count) && name != "__metadata__"
        && name.utf8.allSatisfy { (0x20...0x7E).contains($0) },
      "a tensor's name has 1 to 256 bytes of printable ASCII")
    precondition(shape.count <= 8 && shape.allSatisfy { $0 >= 0 }, "a shape of at most 8 extents")
    precondition(
      product(shape)?.multipliedReportingOverflow(by: dtype.byteCount).partialValue == bytes.count,
      "tensor `\(name)` of \(spelling(dtype, shape)) was given \(bytes.count) bytes")
    precondition(names.insert(Array(name.utf8)).inserted, "tensor `\(name)` was added twice")
    entries.append(Entry(name: name, dtype: dtype, shape: shape, bytes: bytes))
  }

  /// The file.
  public func bytes() -> [UInt8] {
    let order = entries.sorted {
      $0.dtype.byteCount != $1.dtype.byteCount
        ? $0.dtype.byteCount > $1.dtype.byteCount : precedes($0.name, $1.name)
    }
    var members: [JSONMember] = []
    if !metadata.isEmpty { members.append(JSONMember("__metadata__", .object(metadata))) }
    var offset = 0
    for entry in order {
      let end = offset + entry.bytes.count
      members.append(
        JSONMember(
          entry.name,
          [
            "dtype": .string(entry.dtype.rawValue),
            "shape": .array(entry.shape.map { .integer($0) }),
            "data_offsets": [.integer(offset), .integer(end)],
          ]))
      offset = end
    }
    var header = JSONValue.object(members).bytes
    while header.count % 8 != 0 { header.append(UInt8(ascii: " ")) }
    var output: [UInt8] = []
    output.reserveCapacity(8 + header.count + offset)
    withUnsafeBytes(of: UInt64(header.count).littleEndian) { output.append(contentsOf: $0) }
    output.append(contentsOf: header)
    for entry in order { output.append(contentsOf: entry.bytes) }
    return output
  }

  /// Writes the file through a temporary file beside it, so that it is there in full or not at all.
  ///
  /// - Throws: `CocoaError` when it cannot be written.
  public func write(to url: URL) throws {
    try Data(bytes()).write(to: url, options: .atomic)
  }
}
