import CArchive
import Foundation

/// Compresses bytes into the one kind of zstd frame a pack has.
///
/// libarchive compresses in one thread at a fixed level, so the same bytes give the same frame on the
/// same libraries. Its zstd filter writes no content checksum (3.6.2): the flag is set and the
/// checksum appended here, as RFC 8878 §3.1.1 has them.
public enum ZstdCompressor {
  /// The level: its window is 4 MiB at most.
  static let level = "9"

  /// Compresses `bytes`.
  ///
  /// - Throws: ``PackVerificationError/Reason/notWritable(_:cause:isFull:)`` when libarchive cannot;
  ///   ``PackVerificationError/Reason/noLibrary(_:)`` when it is not there.
  public static func frame(
    of bytes: UnsafeRawBufferPointer
  ) throws(PackVerificationError.Reason) -> [UInt8] {
    let sink = Sink()
    try compress(bytes, into: sink)
    return try withChecksum(of: bytes, sink.bytes)
  }

  private static func failure(_ cause: String) -> PackVerificationError.Reason {
    .notWritable(.frame, cause: cause, isFull: false)
  }

  private final class Sink {
    var bytes: [UInt8] = []
  }

  private static func compress(
    _ bytes: UnsafeRawBufferPointer, into sink: Sink
  ) throws(PackVerificationError.Reason) {
    let library = try LibArchive.load()
    guard let archive = library.writeNew(), let entry = library.entryNew() else {
      throw failure("libarchive is out of memory")
    }
    defer {
      library.entryFree(entry)
      _ = library.writeFree(archive)
    }
    func check(_ code: CInt) throws(PackVerificationError.Reason) {
      guard code != ARCHIVE_OK else { return }
      let cause = library.errorString(archive).map { String(cString: $0) } ?? "code \(code)"
      throw failure(escaped(cause))
    }
    try check(library.writeSetFormatRaw(archive))
    try check(library.writeAddFilterZstd(archive))
    try check(library.writeSetFilterOption(archive, "zstd", "compression-level", level))
    try check(library.writeSetBytesPerBlock(archive, 0))
    let context = Unmanaged.passUnretained(sink).toOpaque()
    try check(
      library.writeOpen(
        archive, context, nil,
        { _, context, start, count in
          guard let context, let start else { return -1 }
          let sink = Unmanaged<Sink>.fromOpaque(context).takeUnretainedValue()
          sink.bytes.append(contentsOf: UnsafeRawBufferPointer(start: start, count: count))
          return count
        }, nil))
    // AE_IFREG; S_IFREG is in libarchive's module and in the system's.
    library.entrySetFiletype(entry, 0o100000)
    try check(library.writeHeader(archive, entry))
    var position = 0
    while position < bytes.count {
      let step = min(1 << 20, bytes.count - position)
      let part = UnsafeRawBufferPointer(rebasing: bytes[position..<position + step])
      guard library.writeData(archive, part.baseAddress, step) == step else {
        try check(ARCHIVE_FATAL)
        return
      }
      position += step
    }
    try check(library.writeClose(archive))
    withExtendedLifetime(sink) {}
  }

  private static func withChecksum(
    of bytes: UnsafeRawBufferPointer, _ frame: [UInt8]
  ) throws(PackVerificationError.Reason) -> [UInt8] {
    guard frame.count > 5, frame.starts(with: [0x28, 0xB5, 0x2F, 0xFD]) else {
      throw failure("no zstd frame from libarchive")
    }
    guard frame[4] & 0x04 == 0 else { return frame }
    var result = frame
    result[4] |= 0x04
    withUnsafeBytes(of: UInt32(truncatingIfNeeded: xxHash64(bytes)).littleEndian) {
      result.append(contentsOf: $0)
    }
    return result
  }
}
