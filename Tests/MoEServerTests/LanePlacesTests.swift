#if os(Linux)
  import Foundation
  import MoEServer
  import MoETensor
  import MoETestSupport
  import Testing

  @Suite struct LanePlacesTests {
    /// The threads of this process: names, and the processors they may run on in the kernel's words.
    private static func threads() throws -> [(name: String, processors: String)] {
      let tasks = "/proc/self/task"
      return try FileManager.default.contentsOfDirectory(atPath: tasks).compactMap { thread in
        guard let text = try? String(contentsOfFile: "\(tasks)/\(thread)/status", encoding: .utf8)
        else { return nil }
        func field(_ name: String) -> String? {
          text.split(separator: "\n").first { $0.hasPrefix("\(name):\t") }
            .map { String($0.dropFirst(name.count + 2)) }
        }
        guard let name = field("Name"), let processors = field("Cpus_allowed_list") else {
          return nil
        }
        return (name, processors)
      }
    }

    @Test func `each lane has a processor of its own, and no other thread is kept there`()
      async throws
    {
      let all = try #require(ProcessorSet.ofThisThread())
      let everywhere = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        .split(separator: "\n").first { $0.hasPrefix("Cpus_allowed_list:") }
        .map { String($0.dropFirst("Cpus_allowed_list:\t".count)) }
      let bench = try await ServerBench { $0.pool = ThreadPool(threads: all.numbers.count) }
      let port = bench.port
      let body = Array(#"{"text":"\#(ServerBench.text(topic: 2))"}"#.utf8)
      // One client alone has all threads after a while; several at once have a lane each.
      for clients in [1, 8] {
        let tasks = (0..<clients).map { _ in
          Task {
            try await ServerBench.blocking {
              let client = try RawClient(port: port)
              for _ in 0..<24 {
                #expect(try client.ask("POST", "/v1/predict", body: body).status == 200)
              }
            }
          }
        }
        for task in tasks { try await task.value }
      }
      // A lane is out of its place while it hands an answer over, and other tests have threads in this process, too.
      var missing: [Int] = []
      var kept: [String] = []
      for _ in 0..<50 {
        let threads = try Self.threads()
        missing = all.numbers.enumerated().filter { lane, processor in
          !threads.contains { $0.name == "batches \(lane)" && $0.processors == "\(processor)" }
        }.map(\.element)
        kept = threads.filter { !$0.name.hasPrefix("batches ") && $0.processors != everywhere }
          .map { "\($0.name): \($0.processors)" }
        if missing.isEmpty, kept.isEmpty { break }
        try await Task.sleep(for: .milliseconds(20))
      }
      #expect(missing.isEmpty)
      #expect(kept.isEmpty)
      await bench.stop()
    }
  }
#endif
