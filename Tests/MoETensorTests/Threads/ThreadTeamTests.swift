import MoETensor
import Synchronization
import Testing

@Suite struct ThreadTeamTests {
  @Test(arguments: [1, 2, 3, 8]) func `every part of every step runs once, step after step`(
    threads: Int
  ) {
    let pool = ThreadPool(threads: threads)
    var orders: [Int] = []
    pool.lead { team in
      for step in 0..<2_000 {
        let parts = step % 9
        let runs = (0..<9).map { _ in Counter() }
        team.run(parts: parts) { runs[$0].add(1) }
        #expect((0..<9).allSatisfy { runs[$0].value == ($0 < parts ? 1 : 0) }, "step \(step)")
        orders.append(step)
      }
    }
    #expect(orders == Array(0..<2_000))
  }

  @Test func `what a step wrote is there in the next one`() {
    let pool = ThreadPool(threads: 4)
    let values = AlignedBuffer(count: 64)
    nonisolated(unsafe) let pointer = values.pointer
    pool.lead { team in
      for _ in 0..<500 {
        team.run(parts: 64) { pointer[$0] += 1 }
        team.run(parts: 2) { half in
          for index in half * 32..<(half + 1) * 32 { pointer[63 - index] += 1 }
        }
      }
    }
    #expect((0..<64).allSatisfy { values.pointer[$0] == 1_000 })
  }

  @Test func `a leader whose pool is busy elsewhere does all of it`() {
    let pool = ThreadPool(threads: 2)
    let total = Counter()
    // Both threads lead a team of their own: no helper comes.
    pool.run(count: 2) { _, _ in
      pool.lead { team in
        for _ in 0..<200 { team.run(parts: 5) { total.add($0) } }
      }
    }
    #expect(total.value == 2 * 200 * 10)
  }

  @Test(arguments: [0, 1, 2, 7, 100]) func `shares cover a range without gap or overlap`(
    count: Int
  ) {
    let pool = ThreadPool(threads: 3)
    let ranges = Mutex<[Range<Int>]>([])
    pool.lead { team in
      Optional(team).share(count) { range in ranges.withLock { $0.append(range) } }
    }
    #expect(ranges.withLock { $0.flatMap(\.self).sorted() } == Array(0..<count))
    var alone: [Range<Int>] = []
    ThreadTeam?.none.share(count) { alone.append($0) }
    #expect(alone == [0..<count])
  }
}

private final class Counter: Sendable {
  private let count = Atomic<Int>(0)
  func add(_ value: Int) { count.wrappingAdd(value, ordering: .relaxed) }
  var value: Int { count.load(ordering: .relaxed) }
}
