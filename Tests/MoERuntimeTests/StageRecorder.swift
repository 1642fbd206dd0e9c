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
