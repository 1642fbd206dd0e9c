import Foundation

/// The file or descriptor that requests are read from.
struct InputFile {
  /// What error sentences call it.
  let name: String
  /// What to read.
  let descriptor: Int32
  private let isOwned: Bool

  /// Opens `path`, or takes standard input for `-`.
  ///
  /// - Throws: ``InputError``.
  init(_ path: String, standardInput: Int32) throws(InputError) {
    guard path != "-" else {
      name = "standard input"
      descriptor = standardInput
      isOwned = false
      return
    }
    name = "`\(path.shown())`"
    descriptor = open(path, O_RDONLY | O_CLOEXEC)
    isOwned = true
    guard descriptor >= 0 else {
      let number = errno
      throw number == ENOENT
        ? .missing(source: name)
        : .unreadable(source: name, reason: String(cString: strerror(number)))
    }
  }

  /// Whether a person types it.
  var isTerminal: Bool { isatty(descriptor) == 1 }

  /// Closes what was opened.
  func close() {
    if isOwned { _ = Foundation.close(descriptor) }
  }

  /// Reads everything as one text.
  ///
  /// - Throws: ``InputError``.
  func text(limit: Int = LineReader.lineLimit) throws(InputError) -> String {
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = chunk.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
      if count == 0 { break }
      guard count > 0 else {
        let number = errno
        if number == EINTR { continue }
        throw .unreadable(source: name, reason: String(cString: strerror(number)))
      }
      bytes.append(contentsOf: chunk[..<count])
      guard bytes.count <= limit else { throw .tooLong(source: name, limit: limit) }
    }
    if let offset = bytes.firstInvalidUTF8 { throw .notUTF8(source: name, offset: offset) }
    return String(decoding: bytes, as: UTF8.self)
  }
}
