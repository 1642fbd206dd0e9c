import CoreMetrics
import Foundation
import MoERuntime
import Synchronization

/// The figures a server keeps of itself, by their names in `/metrics`.
final class ServerMetrics: Sendable {
  let registry = PrometheusRegistry()
  /// `moepack_queue_refused_total`: requests that found the queue full.
  let refusedCount: Counter
  /// `moepack_queue_depth`: requests that wait or are worked on.
  let queueDepth: Recorder
  /// `moepack_batch_texts`: texts a batch.
  let batchTexts: Recorder
  /// `moepack_batch_seconds`: how long a batch takes.
  let batchSeconds: Recorder
  /// `moepack_generation`: the generation in service.
  private let generation: Recorder
  private let failing: Recorder
  private let switches: Recorder
  private let failures: Recorder
  private let compositions: Recorder
  private let connections: Recorder
  private let recent = Mutex(RecentRequests())

  init() {
    let factory = registry
    refusedCount = Counter(label: "moepack.queue.refused.total", factory: factory)
    func gauge(_ label: String) -> Recorder {
      Recorder(label: label, dimensions: [], aggregate: false, factory: factory)
    }
    queueDepth = gauge("moepack.queue.depth")
    generation = gauge("moepack.generation")
    failing = gauge("moepack.generation.failing")
    switches = gauge("moepack.generation.switches")
    failures = gauge("moepack.generation.failures")
    compositions = gauge("moepack.compositions")
    connections = gauge("moepack.connections")
    batchTexts = Recorder(label: "moepack.batch.texts", factory: factory)
    batchSeconds = Recorder(label: "moepack.batch.seconds", factory: factory)
  }

  /// Counts a request that was answered, in whatever way.
  ///
  /// - Parameters:
  ///   - route: What OpenAPI calls it.
  ///   - status: The status it was answered with.
  ///   - seconds: How long it took.
  ///   - isWork: Whether ``summary`` is about it; looking at the server is no work.
  func count(route: String, status: Int, seconds: Double, isWork: Bool) {
    Counter(
      label: "moepack.requests.total",
      dimensions: [("route", route), ("status", "\(status)")], factory: registry
    ).increment()
    Timer(
      label: "moepack.request.seconds", dimensions: [("route", route)],
      preferredDisplayUnit: .seconds, factory: registry
    ).recordSeconds(seconds)
    if isWork { recent.withLock { $0.add(seconds: seconds) } }
  }

  /// Takes what is read at the moment of asking.
  func update(_ holder: CompositionHolder, compositionCount: Int, connectionCount: Int) {
    let following = holder.following
    generation.record(holder.live.composition.generation)
    failing.record(following.failure == nil ? 0 : 1)
    switches.record(following.switchCount)
    failures.record(following.failureCount)
    compositions.record(compositionCount)
    connections.record(connectionCount)
  }

  /// Requests a second and latencies of the last ten seconds.
  var summary: RecentRequests.Summary { recent.withLock { $0.summary() } }
}

/// The times of the last requests, for a person who looks.
struct RecentRequests {
  /// What is told of them; seconds.
  struct Summary: Sendable {
    let perSecond: Double
    let median: Double
    let p99: Double
  }

  private static let capacity = 2048
  private static let window: TimeInterval = 10
  private var entries: [(end: TimeInterval, seconds: Double)] = []
  private var next = 0

  mutating func add(seconds: Double) {
    let entry = (end: ProcessInfo.processInfo.systemUptime, seconds: seconds)
    if entries.count < Self.capacity {
      entries.append(entry)
    } else {
      entries[next] = entry
      next = (next + 1) % Self.capacity
    }
  }

  func summary() -> Summary {
    let now = ProcessInfo.processInfo.systemUptime
    let last = entries.filter { now - $0.end <= Self.window }
    let sorted = last.map(\.seconds).sorted()
    guard !sorted.isEmpty else { return Summary(perSecond: 0, median: 0, p99: 0) }
    // A full ring may span less than the window.
    let span = max(
      0.1,
      entries.count < Self.capacity
        ? Self.window : now - (last.map(\.end).min() ?? now))
    return Summary(
      perSecond: Double(last.count) / span, median: sorted[sorted.count / 2],
      p99: sorted[min(sorted.count - 1, sorted.count * 99 / 100)])
  }
}
