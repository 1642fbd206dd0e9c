import Foundation
import MoEPackFormat
import MoEStore
import MoETestSupport
import Synchronization
import Testing

/// Two installs at once, each with its own view of the store, as two processes have it: the lock is on the
/// open file and keeps threads apart as it keeps processes.
@Suite struct InstallAtOnceTests {
  let bench: CommandBench

  init() throws {
    bench = try CommandBench()
    try bench.trust()
  }

  /// Runs command lines at once, each on a thread; returns what they came to, in order.
  private func runAtOnce(_ lines: [[String]]) -> [CommandBench.Result?] {
    let results = Mutex([CommandBench.Result?](repeating: nil, count: lines.count))
    let bench = bench
    DispatchQueue.concurrentPerform(iterations: lines.count) { index in
      let result = try? bench.run(words: lines[index])
      results.withLock { $0[index] = result }
    }
    return results.withLock { $0 }
  }

  @Test func `different packs: both are installed, in one generation each`() throws {
    let files = [
      try bench.archive("example/ships", topics: [0, 1]),
      try bench.archive("example/privacy", topics: [2, 3]),
      try bench.archive("example/third", topics: [4]),
    ]
    let results = runAtOnce(files.map { ["install", "--no-eval", $0, "--lock-timeout", "60"] })
    #expect(results.map { $0?.status } == [0, 0, 0])
    let store = try bench.storeLook()
    #expect(try store.active().id == 3 && store.active().packs.count == 3)
    try store.verify().check()
  }

  @Test func `the same pack: one is installed, one is told so`() throws {
    let file = try bench.archive("example/ships", topics: [0, 1])
    let results = runAtOnce(
      Array(repeating: ["install", file, "--lock-timeout", "60"], count: 2))
    #expect(results.compactMap { $0?.status }.sorted() == [0, 1])
    for result in results.compactMap({ $0 }) where result.status == 1 {
      #expect(result.messages.contains("is installed already: expected"))
      #expect(result.messages.contains("hint: nothing was changed"))
    }
    #expect(try bench.storeLook().active().id == 1)
    try bench.storeLook().verify().check()
  }

  @Test func `an install and a removal of the same pack leave one of the two states`() throws {
    let file = try bench.archive("example/ships", topics: [0, 1])
    try bench.run("install", "--no-eval", file)
    let results = runAtOnce([
      ["remove", "--no-eval", "example/ships"], ["install", "--no-eval", file],
    ])
    let statuses = results.map { $0?.status }
    #expect(statuses == [0, 0] || statuses == [0, 1])
    #expect(try bench.storeLook().active().packs.count == (statuses == [0, 0] ? 1 : 0))
    try bench.storeLook().verify().check()
  }

  @Test func `a first command each, on a store that is not there yet`() throws {
    let fresh = try CommandBench()
    try TinyPack.key.publicKey.write(to: fresh.directory.url.appending(path: "k.pub"))
    let statuses = Mutex<[Int32]>([])
    DispatchQueue.concurrentPerform(iterations: 4) { index in
      let words = ["trust", "add", fresh.directory.path("k.pub"), "--namespace", "ns\(index)"]
      let status = (try? fresh.run(words: words))?.status ?? -1
      statuses.withLock { $0.append(status) }
    }
    #expect(statuses.withLock { $0 } == [0, 0, 0, 0])
    #expect(try fresh.storeLook().trustRecords().count == 4)
  }
}
