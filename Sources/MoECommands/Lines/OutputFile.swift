import Foundation
import MoEBase

/// Where answers are written: stdout as they come, or a file that appears when it is complete.
///
/// A path that names a device or a pipe is written to as it is.
struct OutputFile {
  private let console: Console
  private let path: String
  private let written: String
  private let file: (descriptor: Int32, buffer: OutputBuffer)?

  /// Opens what is needed.
  ///
  /// - Throws: ``ConsoleError``.
  init(_ path: String, console: Console) throws(ConsoleError) {
    self.console = console
    self.path = path
    guard path != "-" else {
      written = path
      file = nil
      return
    }
    var status = stat()
    let exists = stat(path, &status) == 0
    let isRegular = !exists || status.st_mode & S_IFMT == S_IFREG
    written = isRegular ? path + ".partial" : path
    let target = "`\(written.shown())`"
    let descriptor = open(
      written, O_WRONLY | O_CLOEXEC | (isRegular ? O_CREAT | O_TRUNC : 0), 0o666)
    guard descriptor >= 0 else {
      throw .notOpened(
        target: "`\(path.shown())`", reason: String(cString: strerror(errno)))
    }
    file = (descriptor, OutputBuffer(descriptor: descriptor, target: target))
  }

  /// Writes one line for each value, and brings them out.
  ///
  /// - Throws: ``ConsoleError``.
  func write(_ values: [JSONValue]) throws(ConsoleError) {
    for value in values { try buffer.write(value.bytes + [0x0A]) }
    try buffer.flush()
  }

  /// Writes a whole document to `path` and gives it its name.
  ///
  /// - Throws: ``ConsoleError``; nothing stands under the name then.
  static func write(_ text: String, to path: String, console: Console) throws(ConsoleError) {
    let output = try OutputFile(path, console: console)
    do throws(ConsoleError) {
      try output.buffer.write(text.utf8)
      try output.buffer.flush()
    } catch {
      output.remove()
      throw error
    }
    try output.commit()
  }

  private var buffer: OutputBuffer { file?.buffer ?? console.output }

  /// Gives a file its name.
  ///
  /// - Throws: ``ConsoleError``.
  func commit() throws(ConsoleError) {
    guard let file else { return try console.flush() }
    try file.buffer.flush()
    _ = close(file.descriptor)
    guard written != path, rename(written, path) != 0 else { return }
    throw .notWritable(target: "`\(path.shown())`", reason: String(cString: strerror(errno)))
  }

  /// Lets go of what was written.
  private func remove() {
    guard let file else { return }
    _ = close(file.descriptor)
    if written != path { _ = unlink(written) }
  }

  /// Leaves what was written beside the file's name, and says so; nothing stays where nothing was written.
  func abandon() {
    guard let file else { return }
    try? file.buffer.flush()
    var status = stat()
    let isEmpty = fstat(file.descriptor, &status) == 0 && status.st_size == 0
    _ = close(file.descriptor)
    guard written != path else { return }
    guard !isEmpty else {
      _ = unlink(written)
      return
    }
    console.note("what was answered is in `\(written)`; `\(path)` was not touched")
  }
}
