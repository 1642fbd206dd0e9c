import CoreMetrics
import Foundation
import HTTPTypes
import MoEBase
import MoEModel
import MoERuntime
import MoETensor

/// Runs what requests want as ragged batches, on lanes of its own: as many threads as the model may have.
///
/// Lanes that are free share what waits, and each computes its batch alone, which takes less of the processors than
/// several threads on one batch: nobody waits for another's share. A client that asks one thing at a time has all threads
/// at once. Whatever waits when a lane is free goes along in the next batch; a lone request waits a moment for company.
/// Requests take turns, a few texts each, so that a long one holds up nobody. No bit of an answer depends on the
/// batch or the lane (invariant I3), so nobody can tell.
///
/// Every variable is read and written with `condition` locked: that makes sharing it safe.
final class BatchQueue: @unchecked Sendable {
  /// The texts that a request brings into a batch in one turn.
  private static let turn = 16
  /// After so many requests in a row that found nobody else here, the next one may have all threads.
  private static let lonely = 8

  private let limits: ServerLimits
  /// All threads.
  private let pool: ThreadPool
  /// The thread of a lane.
  private let alone = ThreadPool(threads: 1)
  let places: LanePlaces?
  let metrics: ServerMetrics
  private let condition = NSCondition()
  let clock = ContinuousClock()
  private var tickets: [Ticket] = []
  private var waitingTokens = 0
  private var busyCount = 0
  private var lonelyCount = 0
  private var isStopped = false
  /// Tokens a second, as the last batches went.
  private var speed = 2000.0

  init(limits: ServerLimits, pool: ThreadPool, metrics: ServerMetrics) {
    self.limits = limits
    self.pool = pool
    places = LanePlaces(lanes: pool.threadCount)
    self.metrics = metrics
  }

  /// Starts the lanes.
  func start() {
    for lane in 0..<pool.threadCount {
      let thread = Thread { [self] in work(lane: lane) }
      thread.stackSize = 8 << 20
      thread.start()
    }
  }

  /// Ends the lanes once nothing waits any more.
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
    let ticket = Ticket(
      requests, work: work, live: live, deadline: clock.now + limits.requestTimeout)
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
    lonelyCount = tickets.isEmpty ? lonelyCount + 1 : 0
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
  func finish(_ ticket: Ticket, _ result: Result<WorkResult, any Error>) {
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
    if isStopped { condition.broadcast() }
    condition.unlock()
    continuation?.resume(with: result)
  }

  // MARK: - Batches

  /// Waits for work that a lane may do; `nil` when there is none and none will come.
  ///
  /// Who got a batch says so when it is done: ``end(_:tokens:seconds:)``.
  func nextBatch(lane: Int) -> Batch? {
    condition.lock()
    defer { condition.unlock() }
    func isWork(_ ticket: Ticket) -> Bool {
      ticket.next < ticket.requests.count && (lane == 0 || !ticket.wantsAllThreads)
    }
    while true {
      while !tickets.contains(where: isWork) {
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
        roaming(lane: lane) {
          for ticket in late { finish(ticket, .failure(Self.tooLate(limits))) }
        }
        condition.lock()
      }
      let mine = tickets.filter(isWork)
      guard let first = mine.first else { continue }
      let hasAll = first.wantsAllThreads || (lonelyCount >= Self.lonely && busyCount == 0)
      let parts = takeBatch(
        of: mine.filter { $0.wantsAllThreads == first.wantsAllThreads }, isWhole: hasAll)
      busyCount += 1
      return Batch(parts: parts, pool: hasAll ? pool : alone)
    }
  }

  /// A batch of a lane is done.
  func end(_ batch: Batch, tokens: Int, seconds: Double) {
    metrics.batchTexts.record(batch.parts.reduce(0) { $0 + $1.range.count })
    metrics.batchSeconds.record(seconds)
    condition.lock()
    defer { condition.unlock() }
    speed = 0.9 * speed + 0.1 * Double(tokens * busyCount) / seconds
    busyCount -= 1
  }

  static func tooLate(_ limits: ServerLimits) -> APIError {
    APIError(
      .tooManyRequests, "deadline-exceeded",
      "the server was too busy to answer within \(limits.requestTimeout.components.seconds) s",
      hint: "nothing was done; try again after `Retry-After`", retryAfter: 5)
  }

  /// Takes a few texts of each ticket in turn: as much as a batch holds, or a lane's share of what waits.
  private func takeBatch(of tickets: [Ticket], isWhole: Bool) -> [BatchPart] {
    let lanes = pool.threadCount
    var left = limits.batchTokens
    if !isWhole {
      let free = max(1, lanes - busyCount)
      left = min(max(1, left / lanes), (waitingTokens + free - 1) / free)
    }
    var parts: [BatchPart] = []
    var isMore = true
    while isMore {
      isMore = false
      for ticket in tickets where ticket.next < ticket.requests.count {
        let start = ticket.next
        while ticket.next < ticket.requests.count, ticket.next - start < Self.turn {
          let count = ticket.requests[ticket.next].encoding.ids.count
          // A text belongs where its middle lies; a batch has one at least.
          guard 2 * left >= count || (parts.isEmpty && ticket.next == start) else { break }
          ticket.next += 1
          left -= count
          waitingTokens -= count
        }
        guard ticket.next > start else { return parts }
        parts.append(BatchPart(ticket: ticket, range: start..<ticket.next))
        isMore = isMore || ticket.next < ticket.requests.count
      }
    }
    return parts
  }

  /// Gives each part its share, and ends the tickets that have all of theirs.
  func deliver(_ result: WorkResult, to parts: [BatchPart]) {
    var start = 0
    for part in parts {
      let range = start..<start + part.range.count
      start = range.upperBound
      condition.lock()
      let whole = part.ticket.add(
        result[range, of: part.ticket], of: range.count, at: part.range.lowerBound)
      condition.unlock()
      if let whole { finish(part.ticket, .success(whole)) }
    }
  }
}
