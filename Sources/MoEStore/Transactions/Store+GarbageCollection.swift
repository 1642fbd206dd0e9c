public import Foundation
import GRDB
import MoEBase

/// What a `gc` freed, or would free.
public struct GarbageCollection: Sendable, Equatable {
  /// The generations whose packs are no longer kept.
  public let generationsDropped: [Int]
  /// How many blobs went.
  public let blobCount: Int
  /// How many bytes they held.
  public let sizeBytes: Int
}

extension Store {
  /// Lets go of old generations, of the blobs no kept generation names, and of what was computed of them.
  ///
  /// ```
  /// lock → one transaction: old generations let go → blobs renamed to trash
  ///      → one transaction: packs and blobs forgotten → fsync → unlink
  /// ```
  ///
  /// A blob goes only if its file is older than the grace time, so that a process which has just read
  /// an old generation can still open its files. What is mapped already stays readable for as long as it
  /// is mapped.
  ///
  /// - Parameters:
  ///   - keep: How many of the newest generations keep their packs; at least 1 always does.
  ///   - graceSeconds: How old a blob must be.
  ///   - now: The time now.
  ///   - isDryRun: Whether to count and change nothing.
  /// - Returns: What went; of a dry run, what would.
  /// - Throws: ``StoreError``.
  public func gc(
    keep: Int = 10, graceSeconds: Int = 3600, now: Date, isDryRun: Bool = false
  ) throws -> GarbageCollection {
    try whileLocked { _ in
      try StoreError.translating(layout, isDryRun ? .reading : .collecting) {
        try collect(
          keep: max(1, keep), notAfter: now.addingTimeInterval(-Double(max(0, graceSeconds))),
          isDryRun: isDryRun)
      }
    }
  }

  private func collect(
    keep: Int, notAfter latest: Date, isDryRun: Bool
  ) throws -> GarbageCollection {
    let (dropped, packs, referenced) = try dropGenerations(keep: keep, isDryRun: isDryRun)
    let blobs = BlobDirectory(layout: layout, files: options.fileSystem)
    let garbage = try blobs.all().filter { blob in
      !referenced.contains(blob.digest) && blob.status.modifiedAt <= latest
    }
    if !isDryRun {
      try discard(garbage.map(\.digest))
      let texts = referenced.union(try operatorEvals().map(\.digest))
      try cache.prune(keeping: texts, packs: packs, files: options.fileSystem)
    }
    return GarbageCollection(
      generationsDropped: dropped, blobCount: garbage.count,
      sizeBytes: garbage.reduce(0) { $0 + $1.status.size })
  }

  /// Lets go of old generations; returns them, the packs of the others and every blob that these name.
  private func dropGenerations(
    keep: Int, isDryRun: Bool
  ) throws -> (dropped: [Int], packs: Set<Digest>, referenced: Set<Digest>) {
    var result: (dropped: [Int], packs: Set<Digest>, referenced: Set<Digest>) = ([], [], [])
    try queue.writeWithoutTransaction { database in
      try database.inTransaction(.immediate) {
        let index = StoreIndex(database: database, layout: layout)
        let dropped = try index.dropGenerations(keeping: keep)
        let packs = try index.keptPacks()
        let entries = packs.flatMap { [$0.envelope] + $0.entries }
        result = (dropped, Set(packs.map(\.digest)), Set(entries.map(\.digest)))
        return isDryRun || dropped.isEmpty ? .rollback : .commit
      }
    }
    return result
  }

  private func discard(_ digests: [Digest]) throws {
    let files = options.fileSystem
    for digest in digests { try files.rename(layout.blob(digest), to: layout.trashed(digest)) }
    try write { try $0.forgetUnreferenced() }
    guard !digests.isEmpty else { return }
    let blobs = BlobDirectory(layout: layout, files: files)
    try files.synchronizeDirectory(layout.trash)
    try blobs.synchronize(digests)
    for digest in digests { try files.removeFile(layout.trashed(digest)) }
  }
}
