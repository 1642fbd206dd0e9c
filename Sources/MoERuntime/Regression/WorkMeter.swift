import Synchronization

/// Adds up what several threads report of one stage.
final class WorkMeter: Sendable {
  private let stage: String
  private let total: Int
  private let progress: ProgressHandler
  private let done = Mutex(0)

  init(_ stage: String, total: Int, _ progress: @escaping ProgressHandler) {
    self.stage = stage
    self.total = total
    self.progress = progress
    progress(WorkProgress(stage: stage, done: 0, total: total))
  }

  /// Adds `count` to what is done.
  var add: @Sendable (Int) -> Void {
    { count in
      let sum = self.done.withLock {
        $0 += count
        return $0
      }
      self.progress(WorkProgress(stage: self.stage, done: sum, total: self.total))
    }
  }
}
