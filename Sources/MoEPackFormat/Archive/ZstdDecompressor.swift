import CArchive
import Foundation

/// Decompresses an archive's one zstd frame through libarchive, with tar and every other filter left out.
///
/// libarchive takes what is given to it: several frames, frames in frames, no frame at all. So each
/// piece of the file passes a ``ZstdFrameWalker`` before libarchive sees it, the filters it chose are
/// checked, and any code but `ARCHIVE_OK` is fatal.
final class ZstdDecompressor {
  /// How many bytes have been decompressed and handed out.
  private(set) var delivered = 0

  private let source: ByteSource
  private let library: LibArchive
  private let archive: OpaquePointer
  private let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 16)
  private var walker: ZstdFrameWalker
  private var consumed = 0
  private var failure: PackVerificationError.Reason?

  /// How far the decompressor may read ahead of what it delivers.
  private static let readAhead = 8 << 20

  init(_ source: ByteSource, limits: ArchiveLimits) throws(PackVerificationError.Reason) {
    let library = try LibArchive.load()
    guard let archive = library.readNew() else { throw .damaged("libarchive is out of memory") }
    self.source = source
    self.library = library
    self.archive = archive
    walker = ZstdFrameWalker(fileSize: source.size, limits: limits)
    guard library.readSupportFilterZstd(archive) == ARCHIVE_OK,
      library.readSupportFormatRaw(archive) == ARCHIVE_OK
    else { throw .damaged("this libarchive cannot read zstd") }
    let context = Unmanaged.passUnretained(self).toOpaque()
    let opened = library.readOpen(
      archive, context, nil,
      { archive, context, start in
        guard let archive, let context, let start else { return -1 }
        let decompressor = Unmanaged<ZstdDecompressor>.fromOpaque(context).takeUnretainedValue()
        return decompressor.nextPiece(for: archive, start)
      }, nil)
    try check(opened)
    var entry: OpaquePointer?
    try check(library.readNextHeader(archive, &entry))
    guard library.filterCount(archive) == 2, library.filterCode(archive, 0) == ARCHIVE_FILTER_ZSTD
    else { throw .frame(expected: "content that is compressed once", got: "another filter in it") }
  }

  deinit {
    _ = library.readFree(archive)
    piece.deallocate()
  }

  /// Fills `buffer` as far as the content goes and returns how many bytes there were; 0 at the end.
  func read(
    into buffer: UnsafeMutableRawBufferPointer
  ) throws(PackVerificationError.Reason) -> Int {
    let count = library.readData(archive, buffer.baseAddress, buffer.count)
    guard count >= 0 else {
      try check(CInt(clamping: count))
      throw .damaged("the content cannot be decompressed")
    }
    if let failure { throw failure }
    delivered += count
    return count
  }

  /// Checks that frame and file ended together; called when the content has been read to its end.
  func finish() throws(PackVerificationError.Reason) {
    guard walker.isComplete else { throw .truncated(size: source.size) }
    let taken = Int(clamping: library.filterBytes(archive, -1))
    guard consumed == source.size, taken == source.size else {
      throw .trailingBytes(count: max(1, source.size - min(consumed, taken)))
    }
  }

  private func check(_ code: CInt) throws(PackVerificationError.Reason) {
    if let failure { throw failure }
    guard code != ARCHIVE_OK else { return }
    if consumed == source.size, !walker.isComplete { throw .truncated(size: source.size) }
    let cause = library.errorString(archive).map { String(cString: $0) } ?? "code \(code)"
    throw .damaged(escaped(cause))
  }

  /// Gives libarchive the next piece of the file, once the walker has passed over it.
  private func nextPiece(
    for archive: OpaquePointer, _ start: UnsafeMutablePointer<UnsafeRawPointer?>
  ) -> Int {
    do throws(PackVerificationError.Reason) {
      guard consumed - delivered <= Self.readAhead else {
        throw .limit(
          what: "compressed bytes without content", got: consumed - delivered,
          limit: Self.readAhead)
      }
      let count = try source.read(into: piece, at: consumed)
      try walker.follow(UnsafeRawBufferPointer(rebasing: piece[..<count]))
      consumed += count
      guard count > 0 || walker.isComplete else { throw .truncated(size: source.size) }
      start.pointee = UnsafeRawPointer(piece.baseAddress)
      return count
    } catch {
      failure = failure ?? error
      library.setError(archive, EINVAL, "refused before it was decompressed")
      return -1
    }
  }
}
