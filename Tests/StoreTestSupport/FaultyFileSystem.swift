public import Foundation
public import MoEStore
import Synchronization

/// The real file system, until a call number that fails, or ends the process.
public final class FaultyFileSystem: FileSystem {
  /// What happens, and at which call.
  public enum Fault: Sendable {
    /// The calls of these numbers fail with an `errno`.
    case failure(ClosedRange<Int>, Int32)
    /// The process is killed just before this call.
    case kill(Int)
  }

  private let real = PosixFileSystem()
  private let calls = Mutex(0)
  private let fault = Mutex<Fault?>(nil)

  /// Makes one without a fault.
  public init() {}

  /// How many calls were made since the fault was set.
  public var count: Int { calls.withLock { $0 } }

  /// Sets the fault and begins to count at 1.
  public func set(_ fault: Fault?) {
    self.fault.withLock { $0 = fault }
    calls.withLock { $0 = 0 }
  }

  private func step(_ operation: String, _ path: String) throws(FileSystemError) {
    let number = calls.withLock { count in
      count += 1
      return count
    }
    switch fault.withLock({ $0 }) {
    case .failure(let range, let code) where range.contains(number):
      throw FileSystemError(operation, path, code)
    case .kill(number): kill(getpid(), SIGKILL)
    default: break
    }
  }

  /// As the system does it, or the fault.
  public func makeDirectory(_ path: String, mode: mode_t) throws(FileSystemError) {
    try step("make the directory", path)
    try real.makeDirectory(path, mode: mode)
  }
  /// As the system does it, or the fault.
  public func synchronizeFile(_ path: String) throws(FileSystemError) {
    try step("synchronize", path)
    try real.synchronizeFile(path)
  }
  /// As the system does it, or the fault.
  public func synchronizeDirectory(_ path: String) throws(FileSystemError) {
    try step("synchronize", path)
    try real.synchronizeDirectory(path)
  }
  /// As the system does it, or the fault.
  public func rename(_ source: String, to destination: String) throws(FileSystemError) {
    try step("move", destination)
    try real.rename(source, to: destination)
  }
  /// As the system does it, or the fault.
  public func removeFile(_ path: String) throws(FileSystemError) {
    try step("remove", path)
    try real.removeFile(path)
  }
  /// As the system does it, or the fault.
  public func removeDirectory(_ path: String) throws(FileSystemError) {
    try step("remove the directory", path)
    try real.removeDirectory(path)
  }
  /// As the system does it, or the fault.
  public func setMode(_ path: String, _ mode: mode_t) throws(FileSystemError) {
    try step("set the mode of", path)
    try real.setMode(path, mode)
  }
}
