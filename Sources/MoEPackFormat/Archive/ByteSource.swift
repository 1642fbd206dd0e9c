import Foundation

/// Where the bytes of an archive come from: a file opened once, or memory.
final class ByteSource {
  /// How many bytes there are, measured before the first was read.
  let size: Int
  private let storage: Storage

  private enum Storage {
    case file(descriptor: Int32)
    case memory([UInt8])
  }

  init(bytes: [UInt8]) {
    size = bytes.count
    storage = .memory(bytes)
  }

  init(url: URL) throws(PackVerificationError.Reason) {
    let descriptor = open(url.path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else {
      throw errno == ENOENT ? .notFound : .notReadable(systemError())
    }
    var status = stat()
    let isRead = fstat(descriptor, &status) == 0
    let cause = systemError()
    guard isRead, status.st_mode & S_IFMT == S_IFREG else {
      close(descriptor)
      throw isRead ? .notAFile(got: Self.kind(of: status.st_mode)) : .notReadable(cause)
    }
    size = Int(status.st_size)
    storage = .file(descriptor: descriptor)
  }

  /// What lies there instead of a file, for people.
  private static func kind(of mode: mode_t) -> String {
    switch mode & S_IFMT {
    case S_IFDIR: "a directory"
    case S_IFIFO: "a pipe"
    case S_IFCHR, S_IFBLK: "a device"
    default: "something else"
    }
  }

  deinit {
    if case .file(let descriptor) = storage { close(descriptor) }
  }

  /// All of the bytes; a source with more than `most` is refused before anything is allocated.
  func content(atMost most: Int) throws(PackVerificationError.Reason) -> [UInt8] {
    guard size <= most else { throw .limit(what: "bytes", got: size, limit: most) }
    guard size > 0 else { return [] }
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: size, alignment: 1)
    defer { buffer.deallocate() }
    var filled = 0
    while filled < size {
      let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[filled...])
      let count = try read(into: rest, at: filled)
      guard count > 0 else { throw .truncated(size: filled) }
      filled += count
    }
    return Array(buffer)
  }

  /// Fills `buffer` from `offset` on and returns how many bytes there were; 0 at the end.
  func read(
    into buffer: UnsafeMutableRawBufferPointer, at offset: Int
  ) throws(PackVerificationError.Reason) -> Int {
    switch storage {
    case .memory(let bytes):
      let count = min(buffer.count, bytes.count - offset)
      buffer.copyBytes(from: bytes[offset..<offset + count])
      return count
    case .file(let descriptor):
      while true {
        let count = pread(descriptor, buffer.baseAddress, buffer.count, off_t(offset))
        if count >= 0 { return count }
        guard errno == EINTR else { throw .notReadable(systemError()) }
      }
    }
  }
}
