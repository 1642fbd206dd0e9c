import MoEBase
import MoETensor
import Synchronization
import Testing

@Suite struct ThreadPoolTests {
  @Test(arguments: [1, 2, 3, 8]) func `every task runs exactly once`(threads: Int) {
    let pool = ThreadPool(threads: threads)
    for count in [0, 1, 2, 7, 64, 1000] {
      let runs = Mutex([Int](repeating: 0, count: count))
      pool.run(count: count) { task, worker in
        #expect((0..<threads).contains(worker))
        runs.withLock { $0[task] += 1 }
      }
      #expect(runs.withLock { $0.allSatisfy { $0 == 1 } })
    }
  }

  @Test func `no two tasks of a call run at the same time with the same worker number`() {
    let pool = ThreadPool(threads: 4)
    let busy = Mutex([Bool](repeating: false, count: 4))
    for _ in 0..<200 {
      pool.run(count: 40) { _, worker in
        let wasBusy = busy.withLock { state in
          defer { state[worker] = true }
          return state[worker]
        }
        #expect(!wasBusy)
        busy.withLock { $0[worker] = false }
      }
    }
  }

  @Test func `nested calls come to an end and do all their work`() {
    let pool = ThreadPool(threads: 3)
    let total = Atomic<Int>(0)
    pool.run(count: 6) { outer, _ in
      pool.run(count: 5) { inner, _ in
        pool.run(count: 2) { innermost, _ in
          total.wrappingAdd(outer * 10 + inner + innermost, ordering: .relaxed)
        }
      }
    }
    // Σ over 6 · 5 · 2 of 10 outer + inner + innermost.
    #expect(total.load(ordering: .relaxed) == 10 * 15 * 10 + 10 * 12 + 30)
  }

  @Test func `calls from several threads at once do not disturb each other`() async {
    let pool = ThreadPool(threads: 2)
    let sums = await withTaskGroup(of: Int.self) { group in
      for caller in 0..<8 {
        group.addTask {
          let sum = Atomic<Int>(0)
          for _ in 0..<50 {
            pool.run(count: 20) { task, _ in
              sum.wrappingAdd(task * caller, ordering: .relaxed)
            }
          }
          return sum.load(ordering: .relaxed) / max(caller, 1)
        }
      }
      return await group.reduce(into: []) { $0.append($1) }
    }
    #expect(sums.sorted() == [0] + [Int](repeating: 50 * 190, count: 7))
  }

  @Test func `what the tasks wrote is there when the call returns`() {
    let pool = ThreadPool(threads: 4)
    for round in 0..<300 {
      let buffer = AlignedBuffer(count: 32)
      let floats = buffer.pointer
      pool.run(count: 32) { task, _ in floats[task] = Float(task + round) }
      for task in 0..<32 { #expect(floats[task] == Float(task + round)) }
    }
  }

  @Test func `pools come and go`() {
    for _ in 0..<50 {
      let pool = ThreadPool(threads: 3)
      let sum = Atomic<Int>(0)
      pool.run(count: 10) { task, _ in sum.wrappingAdd(task, ordering: .relaxed) }
      #expect(sum.load(ordering: .relaxed) == 45)
    }
  }

  @Test func `the environment sets the number of threads`() throws {
    #expect(try ThreadPool.requestedThreads(in: [:]) == ThreadPool.coreCount)
    #expect(try ThreadPool.requestedThreads(in: ["MOEPACK_THREADS": "3"]) == 3)
    #expect(ThreadPool.coreCount >= 1)
  }

  @Test(arguments: ["0", "-1", "1025", "+2", " 2", "two", "99999999999999999999", "2.0"])
  func `a text that is no number of threads is refused`(text: String) {
    let error = #expect(throws: TensorError.threadCount(text)) {
      try ThreadPool.requestedThreads(in: ["MOEPACK_THREADS": text])
    }
    #expect(
      error?.message
        == "`MOEPACK_THREADS` is no number of threads: expected a whole number from 1 to 1024, got "
        + "`\(text)`")
    #expect(
      error?.hint
        == "unset `MOEPACK_THREADS` to use every core; the answers do not depend on it")
    #expect(error?.exitCode == .configuration)
  }
}
