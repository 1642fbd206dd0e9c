import Foundation

/// Reads a file or a pipe line by line, in memory that does not grow with it.
///
/// It reads what is there and hands it on: a line that came through a pipe is not held back until more
/// lines have come.
struct LineReader {
  /// One line without its line feed.
  struct Line: Sendable {
    /// Its number, from 1.
    let number: Int
    /// Its bytes.
    let bytes: [UInt8]
  }

  /// The longest line that is read.
  static let lineLimit = 16 << 20

  private let descriptor: Int32
  private let source: String
  private let limit: Int
  private var buffer: [UInt8] = []
  private var start = 0
  private var scanned = 0
  private var isAtEnd = false
  private var failure: InputError?
  private var lineCount = 0
  private static let chunkSize = 1 << 16

  /// Reads from an open descriptor, which is not closed.
  ///
  /// - Parameters:
  ///   - descriptor: What to read.
  ///   - source: What error sentences call it.
  ///   - limit: The longest line, in bytes.
  init(descriptor: Int32, source: String, limit: Int = LineReader.lineLimit) {
    self.descriptor = descriptor
    self.source = source
    self.limit = limit
  }

  /// The next lines: at least one, unless the end was reached; at most `count`, and no further one once
  /// they have `sizeBytes` bytes.
  ///
  /// It waits for the first line only.
  ///
  /// - Throws: ``InputError``; the lines before the one that was refused have been given out already, or
  ///   are given out by this call and the error by the next one.
  mutating func lines(count: Int, sizeBytes: Int) throws(InputError) -> [Line] {
    if let failure { throw failure }
    var lines: [Line] = []
    var size = 0
    while lines.count < count, size < sizeBytes {
      if let line = takeLine() {
        guard line.count <= limit else {
          failure = tooLong()
          break
        }
        lineCount += 1
        size += line.count
        lines.append(Line(number: lineCount, bytes: line))
        continue
      }
      if isAtEnd { break }
      if buffer.count - start > limit {
        failure = tooLong()
        break
      }
      if !lines.isEmpty, !hasInput { break }
      do throws(InputError) { try fill() } catch {
        failure = error
        break
      }
    }
    if lines.isEmpty, let failure { throw failure }
    return lines
  }

  private func tooLong() -> InputError {
    .badLine(
      source: source, line: lineCount + 1, expected: "at most \(limit) bytes",
      got: "a longer line", lineCount: lineCount)
  }

  /// Takes a whole line out of the buffer; at the end of the input, also one without a line feed.
  private mutating func takeLine() -> [UInt8]? {
    if let end = buffer[scanned...].firstIndex(of: UInt8(ascii: "\n")) {
      let line = Array(buffer[start..<end])
      start = end + 1
      scanned = start
      return line
    }
    scanned = buffer.count
    guard isAtEnd, start < buffer.count else { return nil }
    let line = Array(buffer[start...])
    start = buffer.count
    return line
  }

  /// Whether reading would not have to wait.
  private var hasInput: Bool {
    var request = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    return poll(&request, 1, 0) > 0
  }

  /// Reads one more piece.
  private mutating func fill() throws(InputError) {
    if start > 0 {
      buffer.removeSubrange(0..<start)
      scanned -= start
      start = 0
    }
    var chunk = [UInt8](repeating: 0, count: Self.chunkSize)
    while true {
      let count = chunk.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
      if count > 0 {
        buffer.append(contentsOf: chunk[..<count])
        return
      }
      if count == 0 {
        isAtEnd = true
        return
      }
      let number = errno
      if number == EINTR { continue }
      if number == EAGAIN {
        var request = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        _ = poll(&request, 1, -1)
        continue
      }
      throw .unreadable(source: source, reason: String(cString: strerror(number)))
    }
  }
}
