import Foundation
import GRDB
import MoEBase

/// What a store found of changes that never ended.
public struct Recovery: Sendable, Equatable {
  /// The intents of processes that died.
  public let intentsDropped: Int
  /// The directories and files in staging.
  public let stagingDropped: Int
  /// The blobs that were about to be unlinked.
  public let trashDropped: Int
}

extension Store {
  /// Puts in order what processes left that died in the middle of a change.
  ///
  /// Every change does this first. A change is committed in the very transaction that ends its intent,
  /// so an open intent is one that never happened: its staging goes, and the blobs it placed are named
  /// by no generation and go at the next `gc`.
  ///
  /// - Throws: ``StoreError``.
  public func recover() throws -> Recovery { try whileLocked { $0 } }

  /// ``recover()`` for a caller that holds the lock, which says that no intent is of a living process.
  func recoverUnderLock() throws -> Recovery {
    let files = options.fileSystem
    for path in layout.directories.dropFirst() { try files.ensureDirectory(path) }
    let staged = try directoryNames(layout.staging)
    for name in staged { try files.removeTree("\(layout.staging)/\(name)") }
    let trashed = try directoryNames(layout.trash)
    for name in trashed { try emptyTrash(name) }
    let intents = try read { index in
      try Int.fetchOne(index.database, sql: "SELECT count(*) FROM intent") ?? 0
    }
    if intents > 0 {
      try write { try $0.database.execute(sql: "DELETE FROM intent") }
    } else if access(layout.journal, F_OK) == 0 {
      // A journal that was never needed lies there until the next transaction that writes.
      try write { try $0.database.execute(sql: "PRAGMA user_version = \(StoreSchema.version)") }
    }
    return Recovery(
      intentsDropped: intents, stagingDropped: staged.count, trashDropped: trashed.count)
  }

  /// Unlinks a file of the trash; a blob that a generation names goes back instead.
  private func emptyTrash(_ name: String) throws {
    let path = "\(layout.trash)/\(name)"
    let blobs = BlobDirectory(layout: layout, files: options.fileSystem)
    if let digest = Digest(hex: name), try read({ try $0.isReferenced(digest) }),
      try FileStatus(layout.blob(digest)) == nil
    {
      try blobs.place(path, as: digest)
      try blobs.synchronize([digest])
    } else {
      try options.fileSystem.removeTree(path)
    }
  }
}
