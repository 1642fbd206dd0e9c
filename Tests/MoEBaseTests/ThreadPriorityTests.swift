#if os(Linux)
  import Foundation
  import MoEBase
  import Testing

  @Suite struct ThreadPriorityTests {
    /// The nice value, or the policy of those that get what others leave.
    private static var now: Way {
      // SCHED_IDLE
      if sched_getscheduler(0) == 5 { return .idle }
      return .nice(getpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0))
    }

    private enum Way: Equatable {
      case nice(Int32)
      case idle

      var isOrdinary: Bool { if case .nice(let value) = self { value < 10 } else { false } }
    }

    @Test func `a thread gives way for itself and those it starts, further and never back`()
      async throws
    {
      let before = Self.now
      try #require(before.isOrdinary, "these tests run at an ordinary priority")
      let seen: [Way] = await withCheckedContinuation { continuation in
        Thread.detachNewThread {
          var seen: [Way] = []
          ThreadPriority.lower(to: .aside)
          seen.append(Self.now)
          ThreadPriority.lower(to: .background)
          seen.append(Self.now)
          ThreadPriority.lower(to: .aside)
          seen.append(Self.now)
          let all = seen
          Thread.detachNewThread { continuation.resume(returning: all + [Self.now]) }
        }
      }
      #expect(seen == [.nice(10), .idle, .idle, .idle])
      #expect(Self.now == before)
    }
  }
#endif
