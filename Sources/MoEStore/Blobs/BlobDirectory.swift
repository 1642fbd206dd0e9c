import Foundation
import MoEBase

/// The write-once files of a store, each named by its digest.
struct BlobDirectory {
  let layout: StoreLayout
  let files: any FileSystem

  /// Whether the blob is there with its size and its digest.
  ///
  /// - Throws: ``FileSystemError`` when it cannot be read.
  func holds(_ digest: Digest, size: Int) throws -> Bool {
    let path = layout.blob(digest)
    guard let status = try FileStatus(path), status.size == size else { return false }
    return try fileDigest(path) == digest
  }

  /// Gives a staged file its blob name; the file must have been synchronized.
  ///
  /// The name is not on the disk before ``synchronize(_:)``.
  func place(_ staged: String, as digest: Digest) throws {
    try files.ensureDirectory(layout.shard(of: digest))
    try files.rename(staged, to: layout.blob(digest))
  }

  /// Brings the names of these blobs to the disk.
  func synchronize(_ digests: [Digest]) throws {
    for shard in Set(digests.map(layout.shard)).sorted() { try files.synchronizeDirectory(shard) }
    try files.synchronizeDirectory(layout.shards)
  }

  /// The directories the blobs lie in; none when the store is yet to be made.
  func shardNames() throws -> [String] {
    guard access(layout.shards, F_OK) == 0 else { return [] }
    return try directoryNames(layout.shards)
  }

  /// Every blob there is, ordered by digest.
  func all() throws -> [(digest: Digest, status: FileStatus)] {
    var found: [(digest: Digest, status: FileStatus)] = []
    for shard in try shardNames() {
      for name in try directoryNames("\(layout.shards)/\(shard)") where name.hasPrefix(shard) {
        guard let digest = Digest(hex: name), let status = try FileStatus(layout.blob(digest))
        else { continue }
        found.append((digest, status))
      }
    }
    return found
  }
}

/// Computes the digest of a file, read in pieces of 1 MiB, without following a link.
///
/// - Throws: ``FileSystemError`` when it cannot be read to its end.
func fileDigest(_ path: String) throws(FileSystemError) -> Digest {
  let file = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
  guard file >= 0 else { throw FileSystemError("open", path, errno) }
  defer { _ = close(file) }
  var builder = DigestBuilder()
  var piece = [UInt8](repeating: 0, count: 1 << 20)
  while true {
    let count = piece.withUnsafeMutableBytes { read(file, $0.baseAddress, $0.count) }
    let number = errno
    if count < 0 {
      if number == EINTR { continue }
      throw FileSystemError("read", path, number)
    }
    if count == 0 { return builder.finish() }
    piece.withUnsafeBytes { builder.update(bytes: UnsafeRawBufferPointer(rebasing: $0[..<count])) }
  }
}
