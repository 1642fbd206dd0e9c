import Foundation

/// A directory that is there with all its files or not at all.
///
/// Files are written into a hidden directory beside it, which takes the place of the target, new or empty, in one
/// rename.
struct StagedDirectory {
  private let target: URL
  private let staging: URL

  /// Makes the hidden directory, writes into it by `body` and moves it to `target`.
  ///
  /// - Parameters:
  ///   - target: A directory that is new or empty.
  ///   - body: Writes files into the directory it is given.
  /// - Throws: ``InterchangeError``, or what `body` throws; nothing is left behind then.
  static func write(_ target: URL, _ body: (URL) throws -> Void) throws {
    let directory = StagedDirectory(
      target: target.standardizedFileURL,
      staging: target.standardizedFileURL.deletingLastPathComponent()
        .appending(path: ".\(target.lastPathComponent).staging-\(UUID().uuidString)"))
    try directory.requireFree()
    do {
      try FileManager.default.createDirectory(
        at: directory.staging, withIntermediateDirectories: true)
      try body(directory.staging)
      try directory.commit()
    } catch {
      try? FileManager.default.removeItem(at: directory.staging)
      if let error = error as? CocoaError {
        throw InterchangeError.notWritten(
          path: target.path, reason: error.localizedDescription)
      }
      throw error
    }
  }

  private func requireFree() throws {
    guard FileManager.default.fileExists(atPath: target.path) else { return }
    let content = try? FileManager.default.contentsOfDirectory(atPath: target.path)
    guard content?.isEmpty == true else {
      throw InterchangeError.directoryTaken(path: target.path)
    }
  }

  private func commit() throws {
    for name in try FileManager.default.contentsOfDirectory(atPath: staging.path) {
      try staging.appending(path: name).synchronize()
    }
    try staging.synchronize()
    // Replaces an empty directory, and no other.
    guard rename(staging.path, target.path) == 0 else {
      if errno == ENOTEMPTY || errno == EEXIST || errno == ENOTDIR {
        throw InterchangeError.directoryTaken(path: target.path)
      }
      throw InterchangeError.notWritten(
        path: target.path, reason: String(cString: strerror(errno)))
    }
    try target.deletingLastPathComponent().synchronize()
  }
}
