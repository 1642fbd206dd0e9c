import CoreMetrics
import Foundation
import HTTPTypes
import MoEBase
import MoEModel
import MoERuntime
import MoETensor

/// Runs what requests want as ragged batches, on a thread of its own.
///
/// Whatever waits when the model is free goes along in the next batch; a lone request waits a moment for company.
/// Requests take turns, a few texts each, so that a long one holds up nobody. No bit of an answer depends on the
/// batch (invariant I3), so nobody can tell.
///
/// Every variable is read and written with `condition` locked: that makes sharing it safe.
final class BatchQueue: @unchecked Sendable {
  /// The texts that a request brings into a batch in one turn.
  private static let turn = 16

  private let limits: ServerLimits
  private let pool: ThreadPool
  private let metrics: ServerMetrics
  private let condition = NSCondition()
  private let clock = ContinuousClock()
  private var tickets: [Ticket] = []
  private var waitingTokens = 0
  private var isStopped = false
  /// Tokens a second, as the last batches went.
  private var speed = 2000.0

  init(limits: ServerLimits, pool: ThreadPool, metrics: ServerMetrics) {
    self.limits = limits
    self.pool = pool
    self.metrics = metrics
  }

  /// Starts the thread.
  func start() {
    let thread = Thread { [self] in work() }
    thread.name = "batches"
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

  /// How many requests wait or are worked on.
  var depth: Int {
    condition.lock()
    defer { condition.unlock() }
    return tickets.count
  }

  // MARK: - Requests

  /// Waits for the model's answer.
  ///
  /// - Parameters:
  ///   - requests: The texts, at least one.
  ///   - work: What is wanted of them.
  ///   - live: The composition that answers all of them.
  /// - Returns: What the model gave.
  /// - Throws: ``APIError`` where the queue is full or time is up, `CancellationError` where nobody waits any more, or
  ///   what the composition throws.
  func run(
    _ requests: [MixtureRequest], _ work: Work, on live: LiveComposition
  ) async throws -> WorkResult {
    let now = clock.now
    let ticket = Ticket(
      requests, work: work, live: live, deadline: now + limits.requestTimeout, now: now)
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        if let error = add(ticket, continuation) { continuation.resume(throwing: error) }
      }
    } onCancel: {
      finish(ticket, .failure(CancellationError()))
    }
  }

  /// Takes a ticket in, or says why not.
  private func add(
    _ ticket: Ticket, _ continuation: CheckedContinuation<WorkResult, any Error>
  ) -> (any Error)? {
    condition.lock()
    defer { condition.unlock() }
    // It was cancelled before it came here.
    guard !ticket.isOver else { return CancellationError() }
    let tokens = ticket.waitingTokens
    guard !isStopped else { return Self.draining }
    guard
      tickets.isEmpty
        || (tickets.count < limits.queueRequests && waitingTokens + tokens <= limits.queueTokens)
    else {
      metrics.refusedCount.increment()
      ticket.isOver = true
      return APIError(
        .tooManyRequests, "queue-full",
        "the server is busy: \(tickets.count) requests with \(waitingTokens) tokens wait",
        hint: "nothing was done; try again after `Retry-After`", retryAfter: retryAfter)
    }
    ticket.continuation = continuation
    tickets.append(ticket)
    waitingTokens += tokens
    metrics.queueDepth.record(tickets.count)
    condition.broadcast()
    return nil
  }

  /// Seconds after which what waits now is done.
  private var retryAfter: Int { Int(min(max(1, (Double(waitingTokens) / speed).rounded(.up)), 60)) }

  static let draining = APIError(
    .serviceUnavailable, "draining", "the server is going down and takes no new requests",
    hint: "nothing was done; ask another server, or this one when it is back", retryAfter: 5)

  /// Ends a ticket, once.
  private func finish(_ ticket: Ticket, _ result: Result<WorkResult, any Error>) {
    condition.lock()
    let continuation = ticket.continuation
    ticket.continuation = nil
    if !ticket.isOver {
      ticket.isOver = true
      if let index = tickets.firstIndex(where: { $0 === ticket }) {
        tickets.remove(at: index)
        waitingTokens -= ticket.waitingTokens
      }
    }
    metrics.queueDepth.record(tickets.count)
    condition.unlock()
    continuation?.resume(with: result)
  }

  // MARK: - Batches

  private func work() {
    while let batch = nextBatch() {
      let start = clock.now
      var tokens = 0
      for (_, parts) in groups(batch) {
        tokens += parts.reduce(0) { sum, part in
          sum + part.requests.reduce(0) { $0 + $1.encoding.ids.count }
        }
        answer(parts)
      }
      let seconds = max((clock.now - start).seconds, 1e-6)
      metrics.batchTexts.record(batch.reduce(0) { $0 + $1.range.count })
      metrics.batchSeconds.record(seconds)
      condition.lock()
      speed = 0.9 * speed + 0.1 * Double(tokens) / seconds
      condition.unlock()
    }
  }

  /// Waits for work; `nil` when there is none and none will come.
  private func nextBatch() -> [BatchPart]? {
    condition.lock()
    defer { condition.unlock() }
    while true {
      while !tickets.contains(where: { $0.next < $0.requests.count }) {
        if isStopped, tickets.isEmpty { return nil }
        condition.wait()
      }
      let wanted = limits.batchWait.seconds
      if wanted > 0, !isStopped {
        let end = Date(timeIntervalSinceNow: wanted)
        while waitingTokens < limits.batchTokens, !isStopped, condition.wait(until: end) {}
      }
      let late = tickets.filter { $0.deadline < clock.now && $0.next == 0 }
      if !late.isEmpty {
        condition.unlock()
        for ticket in late { finish(ticket, .failure(Self.tooLate(limits))) }
        condition.lock()
      }
      let batch = takeBatch()
      if !batch.isEmpty { return batch }
    }
  }

  static func tooLate(_ limits: ServerLimits) -> APIError {
    APIError(
      .tooManyRequests, "deadline-exceeded",
      "the server was too busy to answer within \(limits.requestTimeout.components.seconds) s",
      hint: "nothing was done; try again after `Retry-After`", retryAfter: 5)
  }

  /// Takes a few texts of each ticket in turn until the batch is full.
  private func takeBatch() -> [BatchPart] {
    var parts: [BatchPart] = []
    var left = limits.batchTokens
    var isMore = true
    while left > 0, isMore {
      isMore = false
      for ticket in tickets where left > 0 && ticket.next < ticket.requests.count {
        let start = ticket.next
        while ticket.next < ticket.requests.count, ticket.next - start < Self.turn, left > 0 {
          let count = ticket.requests[ticket.next].encoding.ids.count
          ticket.next += 1
          left -= count
          waitingTokens -= count
        }
        parts.append(BatchPart(ticket: ticket, range: start..<ticket.next))
        isMore = isMore || ticket.next < ticket.requests.count
      }
    }
    return parts
  }

  /// Parts that one call of the model can answer.
  private func groups(_ batch: [BatchPart]) -> [(key: GroupKey, parts: [BatchPart])] {
    var order: [GroupKey] = []
    var groups: [GroupKey: [BatchPart]] = [:]
    for part in batch {
      let key = GroupKey(part.ticket)
      if groups[key] == nil { order.append(key) }
      groups[key, default: []].append(part)
    }
    return order.map { ($0, groups[$0] ?? []) }
  }

  private struct GroupKey: Hashable {
    let live: ObjectIdentifier
    let isEmbedding: Bool
    let pack: Digest?

    init(_ ticket: Ticket) {
      live = ObjectIdentifier(ticket.live)
      switch ticket.work {
      case .answers: (isEmbedding, pack) = (false, nil)
      case .embeddings(let pack): (isEmbedding, self.pack) = (true, pack?.digest)
      }
    }
  }

  /// Answers the parts of a group; where one cannot be answered, the others are.
  private func answer(_ parts: [BatchPart]) {
    guard let first = parts.first?.ticket else { return }
    let result = Result { try compute(parts, like: first) }
    switch result {
    case .success(let result): deliver(result, to: parts)
    case .failure(let error):
      if parts.count == 1 { return finish(first, .failure(error)) }
      for part in parts { answer([part]) }
    }
  }

  private func compute(_ parts: [BatchPart], like ticket: Ticket) throws -> WorkResult {
    let requests = parts.flatMap(\.requests)
    let composition = ticket.live.composition
    switch ticket.work {
    case .answers: return .answers(try composition.answer(requests, pool: pool))
    case .embeddings(let pack):
      let encodings = requests.map(\.encoding)
      guard let pack else {
        return .embeddings(try composition.backbone.embed(encodings, pool: pool))
      }
      return .embeddings(try composition.mixture.embed(encodings, pack: pack, pool: pool))
    }
  }

  /// Gives each part its share, and ends the tickets that have all of theirs.
  private func deliver(_ result: WorkResult, to parts: [BatchPart]) {
    var start = 0
    for part in parts {
      let ticket = part.ticket
      let range = start..<start + part.range.count
      start = range.upperBound
      condition.lock()
      switch result {
      case .answers(let answers): ticket.answers += answers[range]
      case .embeddings(let values):
        let width = ticket.live.composition.backbone.width
        ticket.embeddings += values[range.lowerBound * width..<range.upperBound * width]
      }
      ticket.doneCount += part.range.count
      let isDone = ticket.doneCount == ticket.requests.count
      condition.unlock()
      guard isDone else { continue }
      switch ticket.work {
      case .answers: finish(ticket, .success(.answers(ticket.answers)))
      case .embeddings: finish(ticket, .success(.embeddings(ticket.embeddings)))
      }
    }
  }
}
