import Foundation
import Synchronization

/// A terminal without a person.
struct PseudoTerminal {
  /// What a command writes to.
  let slave: Int32
  private let master: Int32
  private let shown = Screen()

  /// What was written to a terminal.
  private final class Screen: Sendable {
    let bytes = Mutex<[UInt8]>([])
  }

  private typealias OpenPTY =
    @convention(c) (
      UnsafeMutablePointer<Int32>, UnsafeMutablePointer<Int32>, UnsafeMutablePointer<CChar>?,
      UnsafeRawPointer?, UnsafeRawPointer?
    ) -> Int32

  init() throws {
    // The C library's header shows `openpty` to no one who does not ask for it.
    guard let symbol = dlsym(dlopen(nil, RTLD_NOW), "openpty") else {
      throw BenchFailure("no `openpty` in the C library")
    }
    var descriptors: (master: Int32, slave: Int32) = (-1, -1)
    let open = unsafeBitCast(symbol, to: OpenPTY.self)
    guard open(&descriptors.master, &descriptors.slave, nil, nil, nil) == 0 else {
      throw BenchFailure("no pseudo terminal")
    }
    (master, slave) = descriptors
    Thread { [master, shown] in
      var chunk = [UInt8](repeating: 0, count: 4096)
      while true {
        let count = chunk.withUnsafeMutableBytes { read(master, $0.baseAddress, $0.count) }
        guard count > 0 else { break }
        shown.bytes.withLock { $0 += chunk[..<count] }
      }
    }.start()
  }

  /// Types a text; each line of it is read by itself, as a person's is.
  func type(_ text: String) {
    let bytes = Array(text.utf8)
    _ = bytes.withUnsafeBytes { write(master, $0.baseAddress, $0.count) }
  }

  /// Everything that was written; the terminal is closed.
  func drain() -> String {
    // What was written before the mark has been read when the mark has been.
    let mark = Array("\u{4}end".utf8)
    _ = mark.withUnsafeBytes { write(slave, $0.baseAddress, $0.count) }
    var bytes: [UInt8] = []
    for _ in 0..<500 {
      bytes = shown.bytes.withLock { $0 }
      if bytes.suffix(mark.count).elementsEqual(mark) { break }
      usleep(10_000)
    }
    close(slave)
    close(master)
    return String(decoding: bytes.dropLast(mark.count), as: UTF8.self)
  }
}
