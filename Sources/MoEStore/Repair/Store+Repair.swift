import Foundation
import MoEBase
public import MoEPackFormat

/// What a repair came to.
public struct StoreRepair: Sendable, Equatable {
  /// What was wrong and is mended.
  public let mended: [StoreVerification.Finding]
  /// What is still wrong.
  public let left: [StoreVerification.Finding]
}

extension Store {
  /// Mends damaged blobs from the archives they came in.
  ///
  /// ```
  /// lock → what is damaged? → stage the archive, hash → fsync → rename over the damaged blob → fsync directories
  /// ```
  ///
  /// Only blobs that a kept generation names are written, each with the bytes of its digest: no trust is
  /// needed, and no generation is made. An archive that was signed anew mends all but its envelope.
  ///
  /// - Parameter archives: The files.
  /// - Returns: What was mended and what is left.
  /// - Throws: ``StoreError``, or `PackVerificationError` for an archive that is not whole.
  public func repair(from archives: [UnverifiedPack]) throws -> StoreRepair {
    try whileLocked { _ in
      let damaged = try verify().findings
      var wanted = Set(damaged.compactMap(\.digest))
      let staging = "\(layout.staging)/repair"
      defer { try? options.fileSystem.removeTree(staging) }
      for (number, archive) in archives.enumerated() where !wanted.isEmpty {
        let directory = "\(staging)/\(number)"
        try options.fileSystem.ensureDirectory(staging)
        try options.fileSystem.makeDirectory(directory, mode: 0o700)
        let contents = try archive.integrityCheckedIgnoringSignatures(
          staging: URL(fileURLWithPath: directory, isDirectory: true)
        ).contents
        for entry in [contents.envelope] + contents.entries where wanted.contains(entry.digest) {
          try mend(entry)
          wanted.remove(entry.digest)
        }
      }
      let left = try verify().findings
      return StoreRepair(mended: damaged.filter { !left.contains($0) }, left: left)
    }
  }

  private func mend(_ entry: StagedEntry) throws {
    let files = options.fileSystem
    let blobs = BlobDirectory(layout: layout, files: files)
    try files.setMode(entry.url.path, 0o444)
    try files.synchronizeFile(entry.url.path)
    // Nothing but a file can be renamed over.
    if try FileStatus(layout.blob(entry.digest)) == nil {
      try files.removeTree(layout.blob(entry.digest))
    }
    try blobs.place(entry.url.path, as: entry.digest)
    try blobs.synchronize([entry.digest])
  }
}
