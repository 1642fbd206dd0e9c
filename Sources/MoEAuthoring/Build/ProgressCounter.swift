import Synchronization

/// Adds up what workers report and tells the share that is done.
final class ProgressCounter: Sendable {
  private let done = Mutex(0)
  private let total: Int
  private let report: @Sendable (Double) -> Void

  init(total: Int, report: @escaping @Sendable (Double) -> Void) {
    self.total = max(1, total)
    self.report = report
  }

  /// Adds finished texts.
  @Sendable func add(_ count: Int) {
    let sum = done.withLock {
      $0 += count
      return $0
    }
    report(Double(sum) / Double(total))
  }
}
