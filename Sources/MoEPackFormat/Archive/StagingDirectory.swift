import Foundation
import MoEBase

/// Writes entries to files with numbers for names in a directory of the caller's.
///
/// No name from an archive ever reaches the file system. Files are created anew, never opened. All of
/// them are removed again unless ``keep()`` was called.
final class StagingDirectory {
  private let url: URL
  private let directory: Int32
  private var count = 0
  private var isKept = false

  init(_ url: URL) throws(PackVerificationError.Reason) {
    directory = open(url.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard directory >= 0 else { throw .writeFailed(.staging(directory: url.path)) }
    self.url = url
  }

  deinit {
    if !isKept { for number in 0..<count { unlinkat(directory, "\(number)", 0) } }
    close(directory)
  }

  /// Leaves the files to the caller.
  func keep() { isKept = true }

  /// Makes the next file, lets `fill` write to it, and returns where it lies.
  func add(
    _ fill: (_ write: (UnsafeRawBufferPointer) throws(PackVerificationError.Reason) -> Void)
      throws(PackVerificationError.Reason) -> Void
  ) throws(PackVerificationError.Reason) -> URL {
    let name = "\(count)"
    let file = openat(
      directory, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw .writeFailed(target) }
    count += 1
    do throws(PackVerificationError.Reason) {
      try fill { bytes throws(PackVerificationError.Reason) in try write(bytes, to: file) }
    } catch {
      close(file)
      throw error
    }
    guard close(file) == 0 else { throw .writeFailed(target) }
    return url.appendingPathComponent(name, isDirectory: false)
  }

  private var target: PackVerificationError.Target { .staging(directory: url.path) }

  private func write(
    _ bytes: UnsafeRawBufferPointer, to file: Int32
  ) throws(PackVerificationError.Reason) {
    var written = 0
    while written < bytes.count {
      let rest = UnsafeRawBufferPointer(rebasing: bytes[written...])
      let count = Foundation.write(file, rest.baseAddress, rest.count)
      if count > 0 {
        written += count
      } else if count == 0 || errno != EINTR {
        throw .writeFailed(target)
      }
    }
  }
}
