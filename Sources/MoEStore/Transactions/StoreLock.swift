import Foundation

/// Who holds the lock of a store, as far as the lock file tells.
public struct LockHolder: Sendable, Equatable {
  /// The process; `nil` when the lock file does not say.
  public let processID: Int32?
  /// The command it runs; `nil` when the lock file does not say.
  public let command: String?

  /// Makes a holder.
  public init(processID: Int32?, command: String?) {
    self.processID = processID
    self.command = command
  }

  /// Reads what a holder wrote: its process id on one line, its command on the next.
  init(parsing text: String) {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    processID = lines.first.flatMap { Int32($0) }
    let printable = lines.dropFirst().first.map { line in
      String(
        line.unicodeScalars.filter { $0.value >= 0x20 && $0.value != 0x7F }.prefix(200).map(
          Character.init))
    }
    command = printable.flatMap { $0.isEmpty ? nil : $0 }
  }

  var lockFileText: String { "\(processID ?? 0)\n\(command ?? "")\n" }

  /// The holder in words: ``process 4711 (`moe-pack gc`)``.
  public var description: String {
    switch (processID, command) {
    case (let id?, let command?): "process \(id) (`\(command)`)"
    case (let id?, nil): "process \(id)"
    case (nil, _): "another process"
    }
  }
}

/// The lock of a store, held until it is released or the process ends.
///
/// `flock` belongs to the open file, so it keeps threads apart as well as processes, and the kernel
/// drops it when its holder dies.
final class StoreLock {
  private let descriptor: Int32

  /// Takes the lock, waiting up to `timeout`.
  ///
  /// - Throws: ``StoreError/locked(store:holder:timeout:)`` when somebody else holds it all that time,
  ///   or ``FileSystemError`` when the lock file cannot be used.
  init(_ layout: StoreLayout, options: StoreOptions) throws {
    let path = layout.lock
    let file = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard file >= 0 else { throw FileSystemError("open", path, errno) }
    let clock = ContinuousClock()
    let deadline = clock.now.advanced(by: options.lockTimeout)
    var isAnnounced = false
    while flock(file, LOCK_EX | LOCK_NB) != 0 {
      let number = errno
      if number == EINTR { continue }
      guard number == EWOULDBLOCK else {
        _ = close(file)
        throw FileSystemError("lock", path, number)
      }
      let holder = Self.holder(file)
      guard clock.now < deadline else {
        _ = close(file)
        throw StoreError.locked(store: layout.root, holder: holder, timeout: options.lockTimeout)
      }
      if !isAnnounced {
        isAnnounced = true
        options.onWait?(holder)
      }
      usleep(20_000)
    }
    descriptor = file
    let text = LockHolder(processID: getpid(), command: options.command).lockFileText
    // What stands in the file is only told to who waits: a full disk does not stop the holder.
    _ = ftruncate(file, 0)
    _ = Array(text.utf8).withUnsafeBytes { pwrite(file, $0.baseAddress, $0.count, 0) }
  }

  /// Gives the lock up; called exactly once.
  func release() {
    _ = ftruncate(descriptor, 0)
    _ = close(descriptor)
  }

  /// Who holds the lock now; `nil` when nobody does, or it cannot be told.
  static func holder(_ layout: StoreLayout) -> LockHolder? {
    let file = open(layout.lock, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
    guard file >= 0 else { return nil }
    defer { _ = close(file) }
    guard flock(file, LOCK_SH | LOCK_NB) != 0 else { return nil }
    return errno == EWOULDBLOCK ? holder(file) : nil
  }

  private static func holder(_ file: Int32) -> LockHolder {
    var bytes = [UInt8](repeating: 0, count: 512)
    let count = bytes.withUnsafeMutableBytes { pread(file, $0.baseAddress, $0.count, 0) }
    return LockHolder(parsing: String(decoding: bytes.prefix(max(0, count)), as: UTF8.self))
  }
}
