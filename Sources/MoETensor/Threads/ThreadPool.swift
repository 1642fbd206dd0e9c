public import Foundation
import Synchronization

/// Threads that share the tasks of a call; the caller works along.
///
/// Tasks are claimed one by one from a counter, so ragged work balances itself. Which thread runs a task is
/// not defined: results must not depend on it. Calls may come from several threads at once and from inside
/// a task. Threads are started by the first call that wants them and end with the pool.
public final class ThreadPool: Sendable {
  /// The environment variable that sets the threads of ``shared``: `MOEPACK_THREADS`.
  public static let environmentKey = "MOEPACK_THREADS"
  /// The most threads a pool may have.
  public static let mostThreads = 1024

  /// The pool of the process: as many threads as the environment asks for, else one for each core.
  ///
  /// A value of `MOEPACK_THREADS` that is no number of threads is left out of account here; commands
  /// refuse it by ``requestedThreads(in:)`` before they start.
  public static let shared = ThreadPool(threads: (try? requestedThreads()) ?? coreCount)

  /// The cores this process may run on.
  public static var coreCount: Int {
    min(max(ProcessInfo.processInfo.activeProcessorCount, 1), mostThreads)
  }

  /// The threads that the environment asks for, or ``coreCount`` where it asks for none.
  ///
  /// - Throws: ``TensorError/threadCount(_:)``.
  public static func requestedThreads(
    in environment: [String: String] = ProcessInfo.processInfo.environment
  ) throws(TensorError) -> Int {
    guard let text = environment[environmentKey], !text.isEmpty else { return coreCount }
    let isPlain = text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    guard isPlain, let count = Int(text), (1...mostThreads).contains(count) else {
      throw .threadCount(text)
    }
    return count
  }

  /// How many threads work on a call, the caller's included.
  public let threadCount: Int
  private let crew: ThreadCrew

  /// Makes a pool; no thread is started yet.
  ///
  /// - Precondition: `threads` is in `1...mostThreads`.
  public init(threads: Int) {
    precondition(
      (1...Self.mostThreads).contains(threads), "a pool of \(threads) threads cannot be")
    threadCount = threads
    crew = ThreadCrew(threads: threads - 1)
  }

  deinit { crew.dismiss() }

  /// Runs `body` for every task in `0..<count` and returns when all are done.
  ///
  /// `body` runs on several threads at once and must guard or divide what it shares. Within one call no two
  /// tasks run at the same time with the same worker number, so `worker` may choose a workspace; a
  /// nested or concurrent call has numbers of its own. Floating-point control is in its default state.
  ///
  /// - Parameters:
  ///   - count: How many tasks there are.
  ///   - body: Receives the task and the worker, the latter in `0..<threadCount`; the caller is worker 0.
  public func run(count: Int, _ body: (_ task: Int, _ worker: Int) -> Void) {
    guard count > 0 else { return }
    guard threadCount > 1, count > 1 else {
      withDefaultFloatingPoint {
        for task in 0..<count { body(task, 0) }
      }
      return
    }
    withoutActuallyEscaping(body) { body in
      let job = ThreadJob(count: count, body: body)
      crew.post(job)
      job.work(worker: 0)
      crew.finish(job)
    }
  }
}

/// The tasks of one call.
///
/// `next` is atomic; `participants` and `body` change under the crew's lock only, `body` when nobody else
/// takes part any more: that makes sharing it safe.
private final class ThreadJob: @unchecked Sendable {
  let count: Int
  var body: ((Int, Int) -> Void)?
  var participants = 0
  private let next = Atomic<Int>(0)

  init(count: Int, body: @escaping (Int, Int) -> Void) {
    self.count = count
    self.body = body
  }

  var isClaimed: Bool { next.load(ordering: .relaxed) >= count }

  /// Runs tasks until none is left to claim.
  @inline(never)
  func work(worker: Int) {
    guard let body else { return }
    withDefaultFloatingPoint {
      while true {
        let task = next.wrappingAdd(1, ordering: .relaxed).oldValue
        guard task < count else { return }
        body(task, worker)
      }
    }
  }
}

/// The threads of a pool, apart from it so that they do not keep it alive.
///
/// Every variable is read and written with `condition` locked: that makes sharing it safe.
private final class ThreadCrew: @unchecked Sendable {
  private let threads: Int
  private let condition = NSCondition()
  private var jobs: [ThreadJob] = []
  private var startedCount = 0
  private var idleCount = 0
  private var isDismissed = false

  init(threads: Int) { self.threads = threads }

  func post(_ job: ThreadJob) {
    condition.lock()
    defer { condition.unlock() }
    jobs.append(job)
    var wanted = job.count - 1 - idleCount
    while wanted > 0, startedCount < threads {
      startedCount += 1
      wanted -= 1
      let worker = startedCount
      Thread.detachNewThread { [self] in serve(worker: worker) }
    }
    if idleCount > 0 { condition.broadcast() }
  }

  /// Waits until nobody works on the job any more, and lets its body go.
  func finish(_ job: ThreadJob) {
    condition.lock()
    defer { condition.unlock() }
    jobs.removeAll { $0 === job }
    while job.participants > 0 { condition.wait() }
    job.body = nil
  }

  func dismiss() {
    condition.lock()
    defer { condition.unlock() }
    isDismissed = true
    condition.broadcast()
  }

  private func serve(worker: Int) {
    ThreadName.set("pool \(worker)")
    condition.lock()
    defer { condition.unlock() }
    while !isDismissed {
      jobs.removeAll { $0.isClaimed }
      guard let job = jobs.first else {
        idleCount += 1
        condition.wait()
        idleCount -= 1
        continue
      }
      job.participants += 1
      condition.unlock()
      job.work(worker: worker)
      condition.lock()
      job.participants -= 1
      if job.participants == 0 { condition.broadcast() }
    }
  }
}
