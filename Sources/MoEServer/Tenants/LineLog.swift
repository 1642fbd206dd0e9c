import Foundation
import MoEBase
import Synchronization

/// A file of JSON lines that only grows: the audit log, the corrections.
final class LineLog: Sendable {
  private let file: URL
  private let descriptor: Int32
  private let report: @Sendable (String) -> Void
  private let hasFailed = Mutex(false)

  /// Opens the file for appending, readable by its owner alone.
  ///
  /// - Throws: ``ServerError/cannotWrite(path:reason:)``.
  init(_ file: URL, report: @escaping @Sendable (String) -> Void) throws(ServerError) {
    self.file = file
    self.report = report
    descriptor = open(file.path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else {
      throw .cannotWrite(path: file.path, reason: String(cString: strerror(errno)))
    }
  }

  deinit { close(descriptor) }

  /// Appends a line; one write, so that lines never mix.
  ///
  /// - Returns: Whether it was written.
  @discardableResult
  func append(_ line: JSONValue) -> Bool {
    let bytes = line.bytes + [0x0A]
    let count = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
    let isWritten = count == bytes.count
    let isNews = hasFailed.withLock { failed in
      defer { failed = !isWritten }
      return failed == isWritten
    }
    if isNews, !isWritten {
      report("`\(file.path)` cannot be written: \(String(cString: strerror(errno)))")
    }
    return isWritten
  }
}
