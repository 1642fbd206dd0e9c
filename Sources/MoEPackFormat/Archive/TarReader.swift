import Foundation

/// Reads the entries of a decompressed archive one after the other.
///
/// Content is padded with zeros to 512 bytes. After the last entry come two blocks of zeros, at most
/// filled up with zeros to a multiple of 10,240 bytes, and then the end.
struct TarReader {
  private let source: ZstdDecompressor
  private let limits: ArchiveLimits
  private let most: Int
  private var index = 0
  private var name = ""
  private var left = 0
  private var padding = 0

  init(_ source: ZstdDecompressor, fileSize: Int, limits: ArchiveLimits) {
    self.source = source
    self.limits = limits
    most = limits.expandedBytes(of: fileSize)
  }

  /// Reads the next header; `nil` when the archive has come to its proper end.
  ///
  /// - Precondition: The content of the entry before has been read.
  mutating func nextHeader() throws(PackVerificationError.Reason) -> TarHeader? {
    precondition(left == 0, "the entry before has not been read")
    if try bytes(padding).contains(where: { $0 != 0 }) {
      throw .header(index: index, expected: "zeros after `\(name)`", got: "other bytes")
    }
    padding = 0
    guard let header = try TarHeader(try bytes(TarHeader.blockSize), index: index) else {
      try readEnd()
      return nil
    }
    guard index <= limits.entries else {
      throw .limit(what: "entries", got: index, limit: limits.entries)
    }
    guard header.size <= most - min(most, source.delivered) else {
      throw .limit(what: "bytes of content", got: source.delivered + header.size, limit: most)
    }
    index += 1
    name = header.name
    left = header.size
    padding = TarHeader.padding(after: header.size)
    return header
  }

  /// Reads the whole content of the entry, which the caller has found to be small.
  mutating func content() throws(PackVerificationError.Reason) -> [UInt8] {
    defer { left = 0 }
    return try bytes(left)
  }

  /// Reads the next piece of the entry's content into `buffer`; 0 at its end.
  mutating func content(
    into buffer: UnsafeMutableRawBufferPointer
  ) throws(PackVerificationError.Reason) -> Int {
    guard left > 0 else { return 0 }
    let part = UnsafeMutableRawBufferPointer(rebasing: buffer[..<min(left, buffer.count)])
    let count = try source.read(into: part)
    guard count > 0 else { throw endOfContent }
    left -= count
    return count
  }

  private var endOfContent: PackVerificationError.Reason {
    .header(index: index, expected: "two blocks of zeros as the end", got: "the end of the content")
  }

  private func bytes(_ count: Int) throws(PackVerificationError.Reason) -> [UInt8] {
    guard count > 0 else { return [] }
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 1)
    defer { buffer.deallocate() }
    var filled = 0
    while filled < count {
      let read = try source.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[filled...]))
      guard read > 0 else { throw endOfContent }
      filled += read
    }
    return Array(buffer)
  }

  /// Reads the second block of zeros, zeros up to a multiple of 10,240 bytes, and the end.
  private func readEnd() throws(PackVerificationError.Reason) {
    var rest = try bytes(TarHeader.blockSize)
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 10_240, alignment: 1)
    defer { buffer.deallocate() }
    while rest.count <= 10_240 {
      let count = try source.read(into: buffer)
      guard count > 0 else { break }
      rest.append(contentsOf: buffer[..<count])
    }
    let zeros = rest.count + TarHeader.blockSize
    let isFilled = source.delivered % 10_240 == 0 && zeros < 10_240 + 2 * TarHeader.blockSize
    guard rest.allSatisfy({ $0 == 0 }), rest.count == TarHeader.blockSize || isFilled else {
      throw .header(
        index: index, expected: "two blocks of zeros and the end", got: "\(zeros) bytes or other")
    }
    try source.finish()
  }
}
