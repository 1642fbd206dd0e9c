#if os(Linux)
  import Foundation
  import MoETestSupport
  import Testing

  /// Changes beside a server, as processes of their own.
  @Suite(.enabled(if: Program.url != nil, "the program is not built beside the tests"))
  struct GivingWayTests {
    /// A file that is locked as long as this lives.
    private final class Lock {
      private let descriptor: Int32

      init(_ path: String, _ kind: Int32) throws {
        descriptor = open(path, O_RDWR | O_CREAT, 0o600)
        try #require(descriptor >= 0 && flock(descriptor, kind | LOCK_NB) == 0, "\(path)")
      }

      deinit { close(descriptor) }
    }

    /// The scheduling policy of a process: 0 is an ordinary one, 5 `SCHED_IDLE`.
    private static func policy(of process: Int32) throws -> Int? {
      let stat = try String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8)
      // Fields are counted behind the name, which may hold anything.
      guard let end = stat.lastIndex(of: ")") else { return nil }
      let fields = stat[stat.index(after: end)...].split(separator: " ")
      return fields.count > 38 ? Int(fields[38]) : nil
    }

    @Test(arguments: [
      ["install", "none.moepack"], ["remove", "a/b"], ["rollback"], ["sync", "none.lock"],
      ["threshold", "0.5"], ["precision", "int8"],
    ])
    func `a change gives way beside a server alone`(words: [String]) throws {
      let bench = try CommandBench()
      let made = try bench.run("threshold", "0.4")
      try #require(made.status == 0, "\(made.messages)")
      let store = bench.directory.path("moe-pack/store")
      for isServed in [false, true] {
        let served = isServed ? try Lock("\(store)/served", LOCK_SH) : nil
        let busy = try Lock("\(store)/lock", LOCK_EX)
        let running = try Program(environment: bench.environment).start(
          words + ["--lock-timeout", "2"])
        var seen: Int?
        for _ in 0..<100 where running.process.isRunning && seen != 5 {
          seen = try Self.policy(of: running.process.processIdentifier)
          usleep(10_000)
        }
        withExtendedLifetime((served, busy)) { running.process.waitUntilExit() }
        #expect(seen == (isServed ? 5 : 0))
      }
    }
  }
#endif
