import CoreMetrics
import Foundation
import HTTPTypes
import MoEBase
import MoEModel
import MoETensor

/// One continuation that a client waits for.
struct SpeechRequest: Sendable {
  let live: LiveComposition
  let model: LanguageModel
  let request: ContinuationRequest
}

/// Runs continuations on a thread of its own; those that wait together run together.
///
/// The variables are read and written with `condition` locked: that makes sharing it safe.
final class SpeakerQueue: @unchecked Sendable {
  /// The most continuations that run together.
  private static let together = 8

  /// What comes of a continuation, piece by piece.
  enum Event: Sendable {
    /// A token.
    case token(Int32)
    /// The end.
    case end(ContinuationEnd)
  }

  private struct Entry {
    let speech: SpeechRequest
    let stream: AsyncThrowingStream<Event, any Error>.Continuation
    let hasEnded: EndMark
  }

  /// Whether nobody listens any more.
  private final class EndMark: @unchecked Sendable {
    private let lock = NSLock()
    private var isSet = false
    func set() { lock.withLock { isSet = true } }
    var value: Bool { lock.withLock { isSet } }
  }

  private let limits: ServerLimits
  private let pool: ThreadPool
  private let metrics: ServerMetrics
  private let condition = NSCondition()
  private var entries: [Entry] = []
  private var isStopped = false

  init(limits: ServerLimits, pool: ThreadPool, metrics: ServerMetrics) {
    self.limits = limits
    self.pool = pool
    self.metrics = metrics
  }

  /// Starts the thread.
  func start() {
    let thread = Thread { [self] in work() }
    thread.name = "speakers"
    thread.stackSize = 8 << 20
    thread.start()
  }

  /// Ends the thread once nothing waits any more.
  func stop() {
    condition.lock()
    defer { condition.unlock() }
    isStopped = true
    condition.broadcast()
  }

  /// Puts a continuation in the queue.
  ///
  /// - Returns: Its tokens, then its end. Who stops listening ends it.
  /// - Throws: ``APIError`` where the queue is full.
  func run(_ speech: SpeechRequest) throws(APIError) -> AsyncThrowingStream<Event, any Error> {
    let (stream, continuation) = AsyncThrowingStream<Event, any Error>.makeStream()
    let mark = EndMark()
    continuation.onTermination = { _ in mark.set() }
    condition.lock()
    defer { condition.unlock() }
    guard !isStopped else { throw BatchQueue.draining }
    guard entries.count < limits.queueRequests / 8 else {
      metrics.refusedCount.increment()
      throw APIError(
        .tooManyRequests, "queue-full", "the server is busy: \(entries.count) prompts wait",
        hint: "nothing was done; try again after `Retry-After`", retryAfter: 10)
    }
    entries.append(Entry(speech: speech, stream: continuation, hasEnded: mark))
    condition.broadcast()
    return stream
  }

  private func work() {
    while let entries = next() { speak(entries) }
  }

  /// Waits for prompts that one model continues together; `nil` when none is there and none will come.
  private func next() -> [Entry]? {
    condition.lock()
    defer { condition.unlock() }
    while true {
      entries.removeAll { $0.hasEnded.value }
      if let first = entries.first {
        var part: [Entry] = []
        entries.removeAll { entry in
          guard part.count < Self.together, entry.speech.live === first.speech.live else {
            return false
          }
          part.append(entry)
          return true
        }
        return part
      }
      if isStopped { return nil }
      condition.wait()
    }
  }

  private func speak(_ entries: [Entry]) {
    guard let model = entries.first?.speech.model else { return }
    let continuer = Continuer(decoder: model.decoder, pool: pool)
    do {
      let ends = try continuer.run(entries.map(\.speech.request)) { index, token in
        guard !entries[index].hasEnded.value else { return false }
        entries[index].stream.yield(.token(token))
        return true
      }
      for (entry, end) in zip(entries, ends) {
        entry.stream.yield(.end(end))
        entry.stream.finish()
      }
    } catch {
      // Some of their tokens are with the clients already, so none can be begun anew.
      for entry in entries { entry.stream.finish(throwing: error) }
    }
  }
}
