import Foundation

/// Says, for as long as it lives, that a server answers from a store: whoever changes the store then gives way.
///
/// A shared lock on a file of its own, which the kernel drops when the server dies.
public final class ServedMark: Sendable {
  private let descriptor: Int32

  fileprivate init?(_ layout: StoreLayout) {
    let file = open(layout.served, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard file >= 0 else { return nil }
    guard flock(file, LOCK_SH | LOCK_NB) == 0 else {
      close(file)
      return nil
    }
    descriptor = file
  }

  deinit { close(descriptor) }
}

extension Store {
  /// Marks the store as served; `nil` where that cannot be written, or somebody looks for the mark just now.
  public func markServed() -> ServedMark? { ServedMark(layout) }

  /// Whether a server answers from a store.
  ///
  /// - Parameter path: Of its directory; the store need not be opened, nor be there.
  /// - Returns: `true` while a server holds its mark.
  public static func isServed(at path: String) -> Bool {
    let layout = StoreLayout(root: path)
    let file = open(layout.served, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
    guard file >= 0 else { return false }
    defer { close(file) }
    return flock(file, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK
  }
}
