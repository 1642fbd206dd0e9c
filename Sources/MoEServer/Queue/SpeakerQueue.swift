import CoreMetrics
import Foundation
import HTTPTypes
import MoEBase
import MoEModel
import MoERuntime
import MoETensor

/// One continuation that a client waits for.
struct SpeechRequest: Sendable {
  let live: LiveComposition
  let model: LanguageModel
  let request: ContinuationRequest
}

/// What comes of a continuation, and the way to have no more of it.
struct SpeechStream: Sendable {
  /// What comes of a continuation, piece by piece.
  enum Event: Sendable {
    /// A token.
    case token(Int32)
    /// The end.
    case end(ContinuationEnd)
  }

  /// The tokens, then the end.
  let events: AsyncThrowingStream<Event, any Error>
  fileprivate let mark: EndMark

  /// Ends the continuation: what was read of it is enough.
  func stop() { mark.set() }

  /// Whether nobody listens any more.
  fileprivate final class EndMark: @unchecked Sendable {
    private let lock = NSLock()
    private var isSet = false
    func set() { lock.withLock { isSet = true } }
    var value: Bool { lock.withLock { isSet } }
  }
}

/// Runs continuations on a thread of its own, those of one model together.
///
/// A prompt that comes while others are continued joins them at the next token, as long as there is a place; its
/// tokens are those it would have had alone (invariant I3). Each has the experts of the composition it began on.
///
/// The variables are read and written with `condition` locked: that makes sharing it safe.
final class SpeakerQueue: @unchecked Sendable {
  /// The most continuations that run together.
  private static let together = 8

  private struct Entry {
    let speech: SpeechRequest
    let stream: AsyncThrowingStream<SpeechStream.Event, any Error>.Continuation
    let mark: SpeechStream.EndMark
    let deadline: ContinuousClock.Instant

    /// What must be the same of those that run together.
    var backbone: Digest { speech.live.composition.backbone.digest }
  }

  private let limits: ServerLimits
  private let pool: ThreadPool
  private let metrics: ServerMetrics
  private let condition = NSCondition()
  private var waiting: [Entry] = []
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
  func run(_ speech: SpeechRequest) throws(APIError) -> SpeechStream {
    let (events, continuation) = AsyncThrowingStream<SpeechStream.Event, any Error>.makeStream()
    let mark = SpeechStream.EndMark()
    continuation.onTermination = { _ in mark.set() }
    condition.lock()
    defer { condition.unlock() }
    guard !isStopped else { throw BatchQueue.draining }
    guard waiting.count < max(1, limits.queueRequests / 8) else {
      metrics.refusedCount.increment()
      throw APIError(
        .tooManyRequests, "queue-full", "the server is busy: \(waiting.count) prompts wait",
        hint: "nothing was done; try again after `Retry-After`", retryAfter: 10)
    }
    waiting.append(
      Entry(
        speech: speech, stream: continuation, mark: mark,
        deadline: ContinuousClock.now + limits.requestTimeout))
    condition.broadcast()
    return SpeechStream(events: events, mark: mark)
  }

  // MARK: - The thread

  private func work() {
    while let first = next() { speak(first) }
  }

  /// Waits for a prompt; `nil` when none is there and none will come.
  private func next() -> Entry? {
    condition.lock()
    defer { condition.unlock() }
    while true {
      dropLate()
      if !waiting.isEmpty { return waiting.removeFirst() }
      if isStopped { return nil }
      condition.wait()
    }
  }

  /// The prompts that have a place beside others; a prompt of another model lets nobody past it.
  private func joining(_ backbone: Digest, places: Int) -> [Entry] {
    condition.lock()
    defer { condition.unlock() }
    dropLate()
    let part = Array(waiting.prefix { $0.backbone == backbone }.prefix(places))
    waiting.removeFirst(part.count)
    return part
  }

  /// Drops what nobody waits for, and tells those who waited too long; with `condition` locked.
  private func dropLate() {
    let now = ContinuousClock.now
    waiting.removeAll { entry in
      guard entry.deadline < now, !entry.mark.value else { return entry.mark.value }
      entry.stream.finish(throwing: BatchQueue.tooLate(limits))
      return true
    }
  }

  private func speak(_ first: Entry) {
    var batch = ContinuationBatch(decoder: first.speech.model.decoder, pool: pool)
    var entries: [Int: Entry] = [:]
    var arriving = [first]
    repeat {
      for entry in arriving { entries[batch.join(entry.speech.request)] = entry }
      let ended = batch.step { id, token in
        guard let entry = entries[id], !entry.mark.value else { return false }
        entry.stream.yield(.token(token))
        return true
      }
      for (id, ending) in ended {
        guard let entry = entries.removeValue(forKey: id) else { continue }
        switch ending {
        case .success(let end):
          entry.stream.yield(.end(end))
          entry.stream.finish()
        // Some of its tokens are with the client already, so it cannot be begun anew.
        case .failure(let error): entry.stream.finish(throwing: error)
        }
      }
      for (id, entry) in entries where entry.mark.value {
        batch.leave(id)
        entries[id] = nil
      }
      arriving = joining(first.backbone, places: Self.together - batch.count)
    } while batch.count > 0 || !arriving.isEmpty
  }
}
