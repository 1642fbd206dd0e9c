import Foundation

/// The files of keys: one line of ASCII each.
enum KeyText {
  static func bytes(
    of text: String, form: String, source: String
  ) throws(KeyError) -> [UInt8] {
    var line = Array(text.utf8)
    if line.last == UInt8(ascii: "\n") { line.removeLast() }
    let other = form == PublicKey.form ? SigningKey.form : PublicKey.form
    if line.starts(with: other.utf8) {
      let half = form == PublicKey.form ? "public key" : "private key"
      throw KeyError(source, .wrongHalf(expected: half))
    }
    guard line.starts(with: form.utf8),
      let encoded = String(validating: line.dropFirst(form.utf8.count), as: UTF8.self),
      let bytes = StrictBase64.decoded(encoded), bytes.count == 32
    else { throw KeyError(source, .malformed(expected: "\(form)<base64>")) }
    return bytes
  }

  /// The text of a file of at most 4 KiB, and the permission bits of that very file.
  static func read(_ file: URL) throws(KeyError) -> (text: String, mode: UInt32) {
    let name = file.lastPathComponent
    let descriptor = open(file.path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else {
      throw KeyError(name, errno == ENOENT ? .notFound : .notReadable(systemError()))
    }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      throw KeyError(name, .notReadable(systemError()))
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw KeyError(name, .notReadable("it is not a regular file"))
    }
    var bytes = [UInt8](repeating: 0, count: 4096)
    let count = bytes.withUnsafeMutableBytes { Foundation.read(descriptor, $0.baseAddress, 4096) }
    guard count >= 0 else { throw KeyError(name, .notReadable(systemError())) }
    guard count < 4096, let text = String(validating: bytes[..<count], as: UTF8.self) else {
      throw KeyError(name, .malformed(expected: "moe-pack-…-key:ed25519:<base64>"))
    }
    return (text, UInt32(status.st_mode & 0o7777))
  }

  /// Writes a new file, synced; what could not be written in full is removed again.
  static func write(_ text: String, to file: URL, mode: mode_t) throws(KeyError) {
    let name = file.lastPathComponent
    let flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC
    let descriptor = open(file.path, flags, mode)
    guard descriptor >= 0 else {
      throw KeyError(name, errno == EEXIST ? .exists : .notWritable(systemError()))
    }
    let bytes = Array(text.utf8)
    let count = bytes.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
    let isWritten =
      count == bytes.count && fchmod(descriptor, mode) == 0 && fsync(descriptor) == 0
    let cause = systemError()
    close(descriptor)
    guard isWritten else {
      unlink(file.path)
      throw KeyError(name, .notWritable(cause))
    }
  }
}

/// What `errno` means, in words.
func systemError() -> String { String(cString: strerror(errno)) }
