import Foundation
import Synchronization

/// A file descriptor that is written to in large pieces.
///
/// The first failure sticks: everything after it fails alike, so that nothing is left out in the middle.
final class OutputBuffer: Sendable {
  private struct State {
    var buffer: [UInt8] = []
    var failure: ConsoleError?
  }

  private let descriptor: Int32
  private let target: String
  private let state = Mutex(State())
  private static let flushSize = 1 << 16

  /// Takes a descriptor that is open for writing; it is not closed.
  ///
  /// - Parameters:
  ///   - descriptor: Where bytes go.
  ///   - target: What error sentences call it.
  init(descriptor: Int32, target: String) {
    self.descriptor = descriptor
    self.target = target
  }

  /// Whether a person looks at it.
  var isTerminal: Bool { isatty(descriptor) == 1 }

  /// Adds bytes, and writes when enough have come together.
  func write(_ bytes: some Sequence<UInt8>) throws(ConsoleError) {
    try locked { state throws(ConsoleError) in
      state.buffer.append(contentsOf: bytes)
      if state.buffer.count >= Self.flushSize { try flush(&state) }
    }
  }

  /// Writes what has come together.
  func flush() throws(ConsoleError) {
    try locked { state throws(ConsoleError) in try flush(&state) }
  }

  private func locked(_ body: (inout State) throws(ConsoleError) -> Void) throws(ConsoleError) {
    let result: Result<Void, ConsoleError> = state.withLock { state in
      if let failure = state.failure { return .failure(failure) }
      do throws(ConsoleError) { return .success(try body(&state)) } catch { return .failure(error) }
    }
    try result.get()
  }

  private func flush(_ state: inout State) throws(ConsoleError) {
    var start = 0
    let bytes = state.buffer
    while start < bytes.count {
      let count = bytes[start...].withUnsafeBytes {
        Foundation.write(descriptor, $0.baseAddress, $0.count)
      }
      if count >= 0 {
        start += count
        continue
      }
      switch errno {
      case EINTR: continue
      case EAGAIN:
        var request = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        _ = poll(&request, 1, -1)
      case EPIPE: throw failed(&state, .brokenPipe)
      case let number:
        let reason = String(cString: strerror(number))
        throw failed(&state, .notWritable(target: target, reason: reason))
      }
    }
    state.buffer.removeAll(keepingCapacity: true)
  }

  private func failed(_ state: inout State, _ error: ConsoleError) -> ConsoleError {
    state.failure = error
    state.buffer = []
    return error
  }
}
