import CKernels
import Foundation
import Synchronization

/// Threads that share the steps of one task which is too small to be cut into tasks of its own.
///
/// One thread leads: it goes through the task and offers parts of each step. The others watch for parts for a while
/// before they sleep, so a step of some microseconds is worth sharing; where none of them comes, the leader does all of
/// it. Who has waited in vain sleeps and leaves its core idle, so that the system can bring a thread there that others
/// have displaced. Which thread runs a part is not defined: results must not depend on it.
///
/// `body` is written by the leader alone, before the ticket that offers its parts, and let go after the last of them:
/// that makes sharing it safe.
public final class ThreadTeam: @unchecked Sendable {
  /// How many threads there may be, the leader included.
  public let threadCount: Int
  /// The parts on offer: the step's number, how many parts it has and how many of them are taken, 20 bits each.
  private let ticket = Atomic<UInt64>(0)
  private let doneCount = Atomic<Int>(0)
  private let isOver = Atomic<Bool>(false)
  private var step: UInt64 = 0
  private var body: ((Int) -> Void)?
  private let helpers = Sleepers()
  private let leader = Sleepers()

  private static let fieldBits: UInt64 = 20
  private static let mask: UInt64 = 1 << fieldBits - 1
  private static let mostParts = 1 << 20 - 1
  /// How often an idle thread looks before it sleeps.
  private static let spins = 2_000

  init(threadCount: Int) { self.threadCount = threadCount }

  /// Runs `body` for every part in `0..<parts`, shared with whoever is there, and returns when all are done.
  ///
  /// The leader alone calls this.
  ///
  /// - Precondition: `parts` is in `0..<1_048_575`.
  public func run(parts: Int, _ body: (_ part: Int) -> Void) {
    precondition((0..<Self.mostParts).contains(parts), "\(parts) parts of one step")
    guard parts > 1 else {
      if parts == 1 { body(0) }
      return
    }
    withoutActuallyEscaping(body) { body in
      self.body = body
      doneCount.store(0, ordering: .relaxed)
      step = (step + 1) & (1 << Self.fieldBits - 1)
      ticket.store(
        step << (2 * Self.fieldBits) | UInt64(parts) << Self.fieldBits,
        ordering: .sequentiallyConsistent)
      helpers.wake()
      while takePart() {}
      Self.wait(among: leader) { doneCount.load(ordering: .sequentiallyConsistent) >= parts }
      self.body = nil
    }
  }

  /// Helps the leader until it says that the task is over.
  func help() {
    while !isOver.load(ordering: .sequentiallyConsistent) {
      while takePart() {}
      Self.wait(among: helpers) { isOnOffer || isOver.load(ordering: .sequentiallyConsistent) }
    }
  }

  /// Lets the helpers go.
  func finish() {
    isOver.store(true, ordering: .sequentiallyConsistent)
    helpers.wake()
  }

  /// Whether a part waits for somebody.
  private var isOnOffer: Bool {
    let offer = ticket.load(ordering: .sequentiallyConsistent)
    return offer & Self.mask < offer >> Self.fieldBits & Self.mask
  }

  /// Takes a part that is on offer and runs it; `false` where there is none.
  private func takePart() -> Bool {
    var offer = ticket.load(ordering: .acquiring)
    while true {
      let (parts, taken) = (offer >> Self.fieldBits & Self.mask, offer & Self.mask)
      guard taken < parts else { return false }
      let (exchanged, original) = ticket.weakCompareExchange(
        expected: offer, desired: offer + 1, ordering: .acquiringAndReleasing)
      guard exchanged else {
        offer = original
        continue
      }
      body?(Int(taken))
      let done = doneCount.wrappingAdd(1, ordering: .sequentiallyConsistent).newValue
      if done == parts { leader.wake() }
      return true
    }
  }

  /// Looks for a while whether something has come about, then sleeps until it has.
  private static func wait(among sleepers: Sleepers, until isReady: () -> Bool) {
    for _ in 0..<spins {
      if isReady() { return }
      moe_pause()
    }
    sleepers.sleep(until: isReady)
  }
}

/// Threads that sleep until something has come about.
///
/// Who changes what they wait for does so with sequential consistency, then calls ``wake()``: either it sees that
/// somebody sleeps, or who is about to sleep sees the change.
private final class Sleepers: Sendable {
  private let condition = NSCondition()
  private let count = Atomic<Int>(0)

  func sleep(until isReady: () -> Bool) {
    condition.lock()
    defer { condition.unlock() }
    count.wrappingAdd(1, ordering: .sequentiallyConsistent)
    while !isReady() { condition.wait() }
    count.wrappingSubtract(1, ordering: .sequentiallyConsistent)
  }

  func wake() {
    guard count.load(ordering: .sequentiallyConsistent) > 0 else { return }
    condition.lock()
    defer { condition.unlock() }
    condition.broadcast()
  }
}

extension ThreadPool {
  /// Runs one task on the caller's or another thread of the pool, the rest of them at hand to share its steps.
  ///
  /// - Parameter body: The task; receives the team.
  public func lead(_ body: (ThreadTeam) -> Void) {
    let team = ThreadTeam(threadCount: threadCount)
    run(count: threadCount) { task, _ in
      guard task == 0 else { return team.help() }
      defer { team.finish() }
      body(team)
    }
  }
}

extension ThreadTeam? {
  /// Runs `body` for parts of `0..<count`, some for each thread of the team, or once for all of it without one.
  ///
  /// - Parameters:
  ///   - count: How many there are to share.
  ///   - partsEach: The parts for each thread: one where a part is costly to begin, more where threads are held up.
  ///   - body: Receives a part.
  public func share(_ count: Int, partsEach: Int = 2, _ body: (Range<Int>) -> Void) {
    guard let team = self, count > 1 else { return body(0..<count) }
    let parts = min(count, partsEach * team.threadCount)
    team.run(parts: parts) { part in
      body(count * part / parts..<count * (part + 1) / parts)
    }
  }
}
