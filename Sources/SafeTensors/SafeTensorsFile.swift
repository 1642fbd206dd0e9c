public import Foundation

/// One pair of a file's `__metadata__`.
public struct MetadataEntry: Sendable, Equatable {
  /// The key; no two of a file have the same bytes.
  public let key: String
  /// The value.
  public let value: String
}

/// A safetensors file whose header has been checked in full, its data mapped and read only.
///
/// The order of checks: the file's size, the header's length against it, the header's text, each
/// tensor's numbers, then that all tensors together fill the data. Nothing is allocated from a number
/// of the file before it was compared with the file's size.
///
/// The file must not be shortened while it is mapped: the process would receive `SIGBUS`. Blobs of a
/// store are written once and never changed.
///
/// Reference: safetensors 0.8, `docs/source/index.mdx`. Differs from it: see `SafeTensorsHeader`.
public final class SafeTensorsFile: @unchecked Sendable {  // immutable after `init`
  /// The file's name, for error sentences.
  public let name: String
  /// Every tensor, in the order of the bytes of their names.
  public let tensors: [TensorDescriptor]
  /// The pairs of `__metadata__`, in the order of the file.
  public let metadata: [MetadataEntry]

  private let storage: Storage
  private let data: UnsafeRawBufferPointer

  private enum Storage {
    case mapped(UnsafeMutableRawPointer, Int)
    case owned(UnsafeMutableRawBufferPointer)

    func release() {
      switch self {
      case .mapped(let start, let count): munmap(start, count)
      case .owned(let buffer): buffer.deallocate()
      }
    }
  }

  /// Maps the file at `url` and checks its header.
  ///
  /// - Parameters:
  ///   - url: The file; a directory, a pipe or a device is refused.
  ///   - name: What to call it in error sentences; its last path component if not given.
  ///   - limits: What to allow.
  /// - Throws: ``SafeTensorsError``; the first failure wins.
  public convenience init(
    url: URL, name: String? = nil, limits: SafeTensorsLimits = SafeTensorsLimits()
  ) throws(SafeTensorsError) {
    let name = name ?? url.lastPathComponent
    let descriptor = open(url.path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else {
      throw SafeTensorsError(
        name, errno == ENOENT ? .notFound : .notReadable(String(cString: strerror(errno))))
    }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      throw SafeTensorsError(name, .notReadable(String(cString: strerror(errno))))
    }
    guard status.st_mode & S_IFMT == S_IFREG else { throw SafeTensorsError(name, .notAFile) }
    let size = Int(status.st_size)
    guard size >= 10 else { throw SafeTensorsError(name, .tooShort(size: size)) }
    guard let start = mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor, 0), start != MAP_FAILED
    else { throw SafeTensorsError(name, .notReadable(String(cString: strerror(errno)))) }
    try self.init(
      storage: .mapped(start, size), bytes: UnsafeRawBufferPointer(start: start, count: size),
      name: name, limits: limits)
  }

  /// Checks bytes in memory; they are copied so that the data start at a multiple of 64.
  ///
  /// - Throws: ``SafeTensorsError``; the first failure wins.
  public convenience init(
    bytes: [UInt8], name: String, limits: SafeTensorsLimits = SafeTensorsLimits()
  ) throws(SafeTensorsError) {
    guard bytes.count >= 10 else { throw SafeTensorsError(name, .tooShort(size: bytes.count)) }
    var length: UInt64 = 0
    for byte in bytes[0..<8].reversed() { length = length << 8 | UInt64(byte) }
    let shift = 64 - Int((length &+ 8) % 64)
    let buffer = UnsafeMutableRawBufferPointer.allocate(
      byteCount: bytes.count + shift, alignment: 64)
    let copy = UnsafeMutableRawBufferPointer(rebasing: buffer[shift...])
    copy.copyBytes(from: bytes)
    try self.init(
      storage: .owned(buffer), bytes: UnsafeRawBufferPointer(copy), name: name, limits: limits)
  }

  /// Checks the bytes and takes over their storage, which is released also when they are refused.
  private init(
    storage: Storage, bytes: UnsafeRawBufferPointer, name: String, limits: SafeTensorsLimits
  ) throws(SafeTensorsError) {
    do throws(SafeTensorsError) {
      let left = bytes.count - 8
      let claimed = UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self))
      guard let length = Int(exactly: claimed), length <= min(left, limits.headerBytes) else {
        throw SafeTensorsError(
          name, .headerTooLong(claimed: claimed, left: left, limit: limits.headerBytes))
      }
      data = UnsafeRawBufferPointer(rebasing: bytes[(8 + length)...])
      let header = try SafeTensorsHeader(
        parsing: UnsafeRawBufferPointer(rebasing: bytes[8..<8 + length]),
        dataBytes: left - length, file: name, limits: limits)
      self.storage = storage
      self.name = name
      tensors = header.tensors
      metadata = header.metadata
    } catch {
      storage.release()
      throw error
    }
  }

  deinit { storage.release() }

  /// The tensor of that name, compared byte by byte; `nil` when there is none.
  public func tensor(_ name: String) -> TensorDescriptor? {
    var low = 0
    var high = tensors.count
    while low < high {
      let middle = low + (high - low) / 2
      if precedes(tensors[middle].name, name) { low = middle + 1 } else { high = middle }
    }
    guard low < tensors.count, tensors[low].name.utf8.elementsEqual(name.utf8) else { return nil }
    return tensors[low]
  }

  /// The tensor of that name, which must be there with that type and shape.
  ///
  /// - Throws: ``SafeTensorsError`` when it is missing or different.
  public func tensor(
    _ name: String, _ dtype: DType, shape: [Int]
  ) throws(SafeTensorsError) -> TensorDescriptor {
    guard let tensor = tensor(name) else {
      throw SafeTensorsError(self.name, .missingTensor(name: name))
    }
    guard tensor.dtype == dtype, tensor.shape == shape else {
      throw SafeTensorsError(
        self.name,
        .differentTensor(
          name: name, expected: spelling(dtype, shape),
          got: spelling(tensor.dtype, tensor.shape)))
    }
    return tensor
  }

  /// Calls `body` with the bytes of one tensor of this file.
  ///
  /// The bytes are valid as long as this object lives.
  public func withBytes<Result>(
    of tensor: TensorDescriptor, _ body: (UnsafeRawBufferPointer) throws -> Result
  ) rethrows -> Result {
    precondition(tensor.range.upperBound <= data.count, "a tensor of another file")
    return try withExtendedLifetime(self) {
      try body(UnsafeRawBufferPointer(rebasing: data[tensor.range]))
    }
  }

  /// The numbers of an F32 tensor, in place.
  ///
  /// The buffer is valid as long as this object lives; keep the object beside it.
  ///
  /// - Throws: ``SafeTensorsError`` when the tensor is missing or different, or does not lie at a
  ///   multiple of 4 bytes.
  public func floats(
    _ name: String, shape: [Int]
  ) throws(SafeTensorsError) -> UnsafeBufferPointer<Float> {
    try elements(of: try tensor(name, .f32, shape: shape), as: Float.self)
  }

  /// The numbers of an F64 tensor, in place.
  ///
  /// The buffer is valid as long as this object lives; keep the object beside it.
  ///
  /// - Throws: ``SafeTensorsError`` when the tensor is missing or different, or does not lie at a
  ///   multiple of 8 bytes.
  public func doubles(
    _ name: String, shape: [Int]
  ) throws(SafeTensorsError) -> UnsafeBufferPointer<Double> {
    try elements(of: try tensor(name, .f64, shape: shape), as: Double.self)
  }

  /// A copy of the numbers of an F32 tensor, wherever it lies.
  ///
  /// - Throws: ``SafeTensorsError`` when the tensor is missing or different.
  public func floatArray(_ name: String, shape: [Int]) throws(SafeTensorsError) -> [Float] {
    copy(of: try tensor(name, .f32, shape: shape), filler: 0)
  }

  /// A copy of the numbers of an F64 tensor, wherever it lies.
  ///
  /// - Throws: ``SafeTensorsError`` when the tensor is missing or different.
  public func doubleArray(_ name: String, shape: [Int]) throws(SafeTensorsError) -> [Double] {
    copy(of: try tensor(name, .f64, shape: shape), filler: 0)
  }

  private func elements<Element: BitwiseCopyable>(
    of tensor: TensorDescriptor, as type: Element.Type
  ) throws(SafeTensorsError) -> UnsafeBufferPointer<Element> {
    let bytes = UnsafeRawBufferPointer(rebasing: data[tensor.range])
    let alignment = MemoryLayout<Element>.alignment
    guard let start = bytes.baseAddress, tensor.elementCount > 0 else {
      return UnsafeBufferPointer(start: nil, count: 0)
    }
    guard Int(bitPattern: start) % alignment == 0 else {
      throw SafeTensorsError(
        name,
        .misaligned(
          name: tensor.name, offset: tensor.range.lowerBound, alignment: alignment))
    }
    return bytes.bindMemory(to: type)
  }

  private func copy<Element: BitwiseCopyable>(
    of tensor: TensorDescriptor, filler: Element
  ) -> [Element] {
    var result = [Element](repeating: filler, count: tensor.elementCount)
    result.withUnsafeMutableBytes { $0.copyBytes(from: data[tensor.range]) }
    return result
  }
}
