import MoETensor
import Synchronization

extension ThreadPool {
  /// Runs `body` for every index and returns the results in order.
  func map<Result: Sendable>(count: Int, _ body: @Sendable (Int) -> Result) -> [Result] {
    let results = Mutex<[Result?]>(Array(repeating: nil, count: count))
    run(count: count) { task, _ in
      let result = body(task)
      results.withLock { $0[task] = result }
    }
    return results.withLock { $0.compactMap(\.self) }
  }
}
