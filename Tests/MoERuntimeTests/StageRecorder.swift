import MoERuntime
import Synchronization

/// Remembers which stages were reported.
final class StageRecorder: Sendable {
  private let stages = Mutex<Set<String>>([])

  var seen: Set<String> { stages.withLock { $0 } }

  var record: ProgressHandler {
    { progress in self.stages.withLock { _ = $0.insert(progress.stage) } }
  }
}

/// Remembers how much was done of each stage.
final class StageTotals: Sendable {
  private let done = Mutex<[String: Int]>([:])

  /// The most that was done of a stage.
  func greatest(_ stage: String) -> Int { done.withLock { $0[stage] ?? 0 } }

  var record: ProgressHandler {
    { progress in
      self.done.withLock { $0[progress.stage] = max($0[progress.stage] ?? 0, progress.done) }
    }
  }
}
