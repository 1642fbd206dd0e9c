import Foundation

/// The share of a busy processor that a thread gets.
public enum ThreadPriority {
  /// How far a thread gives way: the nice value of Linux.
  public enum Level: Int32, Sendable {
    /// What somebody waits for, though less than for an answer: a tenth of what an ordinary thread gets.
    case aside = 10
    /// What can wait.
    case background = 19
  }

  /// Lets ordinary threads go first from now on; on a free processor nothing gets slower.
  ///
  /// Holds for the calling thread and for those it starts afterwards, until they end. A thread that gives way
  /// further already is left as it is. Elsewhere than on Linux, where threads have no such value, nothing happens.
  public static func lower(to level: Level) {
    #if os(Linux)
      errno = 0
      let now = getpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0)
      guard errno == 0, now < level.rawValue else { return }
      // Giving way needs no permission.
      _ = setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, level.rawValue)
    #endif
  }
}
