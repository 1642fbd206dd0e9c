import Foundation

/// The share of a busy processor that a thread gets.
public enum ThreadPriority {
  /// How far a thread gives way.
  public enum Level: Sendable {
    /// What somebody waits for, though less than for an answer: a tenth of what an ordinary thread gets, nice 10 of
    /// Linux.
    case aside
    /// What can wait: what others leave, and a hundredth of what they get. Linux calls it `SCHED_IDLE`: a thread that
    /// wakes does not wait for such a one to finish its turn, which at any nice value it does.
    case background
  }

  /// Lets ordinary threads go first from now on; on a free processor nothing gets slower.
  ///
  /// Holds for the calling thread and for those it starts afterwards, until they end. A thread that gives way
  /// further already is left as it is. Elsewhere than on Linux, where threads have no such value, nothing happens.
  public static func lower(to level: Level) {
    #if os(Linux)
      // Giving way needs no permission; where it is refused all the same, the work goes on as before.
      switch level {
      case .aside:
        errno = 0
        let now = getpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0)
        guard errno == 0, now < asideNice, sched_getscheduler(0) != idlePolicy else { return }
        _ = setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, asideNice)
      case .background:
        var parameters = sched_param(sched_priority: 0)
        _ = sched_setscheduler(0, idlePolicy, &parameters)
      }
    #endif
  }

  #if os(Linux)
    private static let asideNice: Int32 = 10
    /// `SCHED_IDLE`, which Swift's view of the C library lacks.
    private static let idlePolicy: Int32 = 5
  #endif
}
