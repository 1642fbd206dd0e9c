#if os(Linux)
  import Foundation
  import MoETensor
  import Testing

  @Suite struct ProcessorSetTests {
    /// What a thread of its own gives: where a thread runs is nobody else's business.
    private static func onThread<Value: Sendable>(
      _ body: @escaping @Sendable () -> Value
    ) async -> Value {
      await withCheckedContinuation { continuation in
        Thread.detachNewThread {
          let all = ProcessorSet.ofThisThread()
          let value = body()
          all?.take()
          continuation.resume(returning: value)
        }
      }
    }

    @Test func `a thread runs where it is told, and so do the threads it starts`() async throws {
      let all = try #require(await Self.onThread { ProcessorSet.ofThisThread() })
      #expect(!all.numbers.isEmpty)
      #expect(all.numbers == all.numbers.sorted())
      #expect(all.singles.map(\.numbers) == all.numbers.map { [$0] })
      for single in all.singles {
        let seen = await Self.onThread {
          let isDone = single.take()
          let own = ProcessorSet.ofThisThread()
          let done = DispatchSemaphore(value: 0)
          let child = Box()
          Thread.detachNewThread {
            child.value = ProcessorSet.ofThisThread()
            done.signal()
          }
          done.wait()
          return (isDone, own, child.value)
        }
        #expect(seen.0 && seen.1 == single && seen.2 == single)
      }
      #expect(await Self.onThread { ProcessorSet.ofThisThread() } == all)
    }

    /// Written by one thread, then read by another.
    private final class Box: @unchecked Sendable { var value: ProcessorSet? }
  }
#endif
