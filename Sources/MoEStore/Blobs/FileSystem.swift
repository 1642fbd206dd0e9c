public import Foundation

/// What changes files for the store: every mutating system call but the lock's and SQLite's own.
///
/// One small seam, so that a test can make the n-th call fail, or forget what was not synchronized.
/// Each function is one system call, or one short run of calls on one file. None retries a
/// synchronization that was refused: after that, what the disk holds is not known.
public protocol FileSystem: Sendable {
  /// Makes a directory; its parent must exist and it must not.
  func makeDirectory(_ path: String, mode: mode_t) throws(FileSystemError)
  /// Brings the contents and the mode of a file to the disk.
  func synchronizeFile(_ path: String) throws(FileSystemError)
  /// Brings the names in a directory to the disk.
  func synchronizeDirectory(_ path: String) throws(FileSystemError)
  /// Gives a file another name, replacing what has that name.
  func rename(_ source: String, to destination: String) throws(FileSystemError)
  /// Takes away the name of a file.
  func removeFile(_ path: String) throws(FileSystemError)
  /// Removes an empty directory.
  func removeDirectory(_ path: String) throws(FileSystemError)
  /// Sets the permission bits of a file.
  func setMode(_ path: String, _ mode: mode_t) throws(FileSystemError)
}

/// A refused system call: which, on what, and its `errno`.
public struct FileSystemError: Error, Equatable, Sendable {
  /// What was tried, as a verb: `rename`, `synchronize`.
  public let operation: String
  /// On which path.
  public let path: String
  /// The `errno` of the call.
  public let number: Int32

  /// Makes the error.
  public init(_ operation: String, _ path: String, _ number: Int32) {
    self.operation = operation
    self.path = path
    self.number = number
  }
}

/// The system's own calls.
public struct PosixFileSystem: FileSystem {
  /// Makes the real file system.
  public init() {}

  /// Calls `mkdir`.
  public func makeDirectory(_ path: String, mode: mode_t) throws(FileSystemError) {
    try check(mkdir(path, mode), "make the directory", path)
  }

  /// Calls `fsync` on the file.
  public func synchronizeFile(_ path: String) throws(FileSystemError) {
    try synchronize(path, flags: O_RDONLY | O_NOFOLLOW)
  }

  /// Calls `fsync` on the directory.
  public func synchronizeDirectory(_ path: String) throws(FileSystemError) {
    try synchronize(path, flags: O_RDONLY | O_DIRECTORY)
  }

  /// Calls `rename`.
  public func rename(_ source: String, to destination: String) throws(FileSystemError) {
    try check(Foundation.rename(source, destination), "move", destination)
  }

  /// Calls `unlink`.
  public func removeFile(_ path: String) throws(FileSystemError) {
    try check(unlink(path), "remove", path)
  }

  /// Calls `rmdir`.
  public func removeDirectory(_ path: String) throws(FileSystemError) {
    try check(rmdir(path), "remove the directory", path)
  }

  /// Calls `chmod`.
  public func setMode(_ path: String, _ mode: mode_t) throws(FileSystemError) {
    try check(chmod(path, mode), "set the mode of", path)
  }

  private func synchronize(_ path: String, flags: Int32) throws(FileSystemError) {
    let descriptor = open(path, flags | O_CLOEXEC)
    try check(descriptor, "open", path)
    let result = fsync(descriptor)
    let number = errno
    _ = close(descriptor)
    guard result == 0 else { throw FileSystemError("synchronize", path, number) }
  }

  private func check(
    _ result: Int32, _ operation: String, _ path: String
  ) throws(FileSystemError) {
    let number = errno
    guard result >= 0 else { throw FileSystemError(operation, path, number) }
  }
}

extension FileSystem {
  /// Makes a directory unless it is there.
  func ensureDirectory(_ path: String, mode: mode_t = 0o700) throws(FileSystemError) {
    if access(path, F_OK) == 0 { return }
    do throws(FileSystemError) { try makeDirectory(path, mode: mode) } catch {
      guard error.number == EEXIST else { throw error }
    }
  }

  /// Removes a file, or a directory with everything in it; nothing there is no error.
  ///
  /// Links are removed and never followed.
  func removeTree(_ path: String) throws(FileSystemError) {
    var status = stat()
    guard lstat(path, &status) == 0 else {
      let number = errno
      if number == ENOENT { return }
      throw FileSystemError("look at", path, number)
    }
    guard status.st_mode & S_IFMT == S_IFDIR else {
      try removeFile(path)
      return
    }
    for name in try directoryNames(path) { try removeTree("\(path)/\(name)") }
    try removeDirectory(path)
  }
}

/// The names in a directory, ordered by their bytes, without `.` and `..`.
///
/// - Throws: ``FileSystemError`` when the directory cannot be read.
func directoryNames(_ path: String) throws(FileSystemError) -> [String] {
  guard let directory = opendir(path) else { throw FileSystemError("list", path, errno) }
  defer { closedir(directory) }
  var names: [String] = []
  while true {
    errno = 0
    guard let entry = readdir(directory) else {
      let number = errno
      guard number == 0 else { throw FileSystemError("list", path, number) }
      break
    }
    let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
      String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
    if name != ".", name != ".." { names.append(name) }
  }
  return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
}

/// The size and the time of change of a regular file.
struct FileStatus {
  let size: Int
  let modifiedAt: Date

  /// Looks at `path` without following a link; `nil` when no regular file is there.
  ///
  /// - Throws: ``FileSystemError`` when it cannot be told.
  init?(_ path: String) throws(FileSystemError) {
    var status = stat()
    guard lstat(path, &status) == 0 else {
      let number = errno
      if number == ENOENT { return nil }
      throw FileSystemError("look at", path, number)
    }
    guard status.st_mode & S_IFMT == S_IFREG else { return nil }
    size = Int(status.st_size)
    #if canImport(Darwin)
      modifiedAt = Date(timeIntervalSince1970: Double(status.st_mtimespec.tv_sec))
    #else
      modifiedAt = Date(timeIntervalSince1970: Double(status.st_mtim.tv_sec))
    #endif
  }
}
