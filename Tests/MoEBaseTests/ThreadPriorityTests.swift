#if os(Linux)
  import Foundation
  import MoEBase
  import Testing

  @Suite struct ThreadPriorityTests {
    private static var now: Int32 { getpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0) }

    @Test func `a thread gives way for itself and those it starts, further and never back`()
      async throws
    {
      let before = Self.now
      try #require(before < 10, "these tests run at an ordinary priority")
      let seen: [Int32] = await withCheckedContinuation { continuation in
        Thread.detachNewThread {
          var seen: [Int32] = []
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
      #expect(seen == [10, 19, 19, 19])
      #expect(Self.now == before)
    }
  }
#endif
