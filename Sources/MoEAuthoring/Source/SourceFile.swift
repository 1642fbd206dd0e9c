import Foundation

/// A file of a pack source.
enum SourceFile {
  /// Reads a whole file of at most `limit` bytes.
  static func bytes(_ url: URL, name: String, neededBy: String, limit: Int) throws -> [UInt8] {
    var status = stat()
    guard stat(url.path, &status) == 0 else {
      if errno == ENOENT || errno == ENOTDIR {
        throw SourceError.missingFile(path: name, neededBy: neededBy)
      }
      throw SourceError.unreadable(path: name, reason: String(cString: strerror(errno)))
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      let isDirectory = status.st_mode & S_IFMT == S_IFDIR
      throw SourceError.unreadable(
        path: name, reason: isDirectory ? "it is a directory" : "it is no regular file")
    }
    guard status.st_size <= limit else {
      throw SourceError.unreadable(
        path: name, reason: "it has \(status.st_size) bytes, expected at most \(limit)")
    }
    do {
      return Array(try Data(contentsOf: url, options: .mappedIfSafe))
    } catch {
      throw SourceError.unreadable(path: name, reason: error.localizedDescription)
    }
  }
}
