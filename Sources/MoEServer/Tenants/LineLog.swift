import Dispatch
import Foundation
import MoEBase
import Synchronization

/// A file of JSON lines that only grows: the audit log, the corrections.
final class LineLog: Sendable {
  private let file: URL
  private let descriptor: Int32
  private let report: @Sendable (String) -> Void
  private let hasFailed = Mutex(false)
  private let writer = DispatchQueue(label: "line log")
  private let waitingCount = Atomic<Int>(0)
  /// The most lines that wait; who posts one more waits until all are written.
  private static let mostWaiting = 10_000

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

  /// Appends a line soon, after all that came before it, on a thread of its own.
  ///
  /// A write to a file waits where the file system commits what others wrote, as a change of the store does: an
  /// answer need not wait for that. A process that is killed loses what it had not written yet.
  func post(_ line: JSONValue) {
    let waiting = waitingCount.wrappingAdd(1, ordering: .relaxed).newValue
    writer.async { [self] in
      append(line)
      waitingCount.wrappingSubtract(1, ordering: .relaxed)
    }
    if waiting > Self.mostWaiting { flush() }
  }

  /// Returns when every line that was posted is written.
  func flush() { writer.sync {} }

  /// Appends a line now; one write, so that lines never mix.
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
