import Dispatch
import Foundation
import MoEBase
import MoETestSupport
import Synchronization
import Testing

/// `moe-pack serve` as a process of its own.
@Suite(.enabled(if: Program.url != nil, "the program is not built beside the tests"))
struct ServeProgramTests {
  let bench: CommandBench
  let program: Program

  init() throws {
    bench = try CommandBench(onTinyBackbone: false)
    program = Program(environment: bench.environment)
    let golden = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appending(path: "../MoEModelTests/Decoder/Golden/olmoe").standardizedFileURL
    let added = try bench.run("backbone", "add", golden.path, "--name", "random")
    try #require(added.status == 0, "\(added.messages)")
  }

  /// What the clients saw.
  private final class Log: Sendable {
    struct Seen {
      var answers = 0
      var refusals = 0
      var closed = 0
      var faults: [String] = []
    }
    private let seen = Mutex(Seen())
    var now: Seen { seen.withLock { $0 } }
    func note(_ edit: (inout Seen) -> Void) { seen.withLock { edit(&$0) } }
  }

  /// Starts a server; the port it has.
  private func serve(_ arguments: String...) throws -> (Program.Running, port: Int) {
    let running = try program.start(
      ["serve", "--port", "0", "--backbone", "random"] + arguments)
    let output = running.files.url.appending(path: "out")
    for _ in 0..<3000 {
      let said = String(decoding: try Data(contentsOf: output), as: UTF8.self)
      if said.hasSuffix("\n"), let url = URL(string: said.trimmingCharacters(in: .newlines)),
        let port = url.port
      {
        return (running, port)
      }
      usleep(10_000)
    }
    running.process.terminate()
    throw BenchFailure("no address within 30 s: \(try running.messages())")
  }

  @Test func `SIGTERM under load: every request is answered, no connection is reset, exit code 0`()
    throws
  {
    let (running, port) = try serve()
    let seen = Log()
    let end = DispatchGroup()
    for index in 0..<12 {
      end.enter()
      Thread.detachNewThread {
        defer { end.leave() }
        do {
          let client = try RawClient(port: port)
          while true {
            let reply = try client.ask(
              "POST", "/v1/completions",
              body: Array(
                #"{"model":"random","prompt":"a tale","max_tokens":\#(4 + index)}"#.utf8))
            let isLast = reply.fields["connection"] == "close"
            seen.note { seen in
              switch reply.status {
              case 200: seen.answers += 1
              // It came too late, and was told so.
              case 503 where isLast: seen.refusals += 1
              default: seen.faults.append("\(reply.status) \(reply.code ?? "")")
              }
              seen.closed += isLast ? 1 : 0
            }
            guard !isLast else { return }
          }
        } catch {
          seen.note { $0.faults.append("\(error)") }
        }
      }
    }
    for _ in 0..<3000 where seen.now.answers < 60 { usleep(10_000) }
    let start = ContinuousClock.now
    kill(running.process.processIdentifier, SIGTERM)
    end.wait()
    let result = try running.end()
    let found = seen.now
    #expect(result.status == 0, "\(result.messages)")
    #expect(!result.wasKilled)
    #expect(ContinuousClock.now - start < .seconds(30))
    #expect(found.faults.isEmpty, "\(found.faults.prefix(3))")
    #expect(found.closed == 12 && found.refusals < 12)
    #expect(found.answers >= 60)
    // The counts of what was answered are kept.
    let usage = try JSONValue(
      parsing: Array(
        try Data(
          contentsOf: bench.directory.url.appending(
            path: ".local/state/moe-pack/serve/usage.json"))))
    guard case .array(let rows)? = usage["counts"], case .integer(let count)? = rows[0]["requests"]
    else {
      Issue.record("expected counts: \(usage.text)")
      return
    }
    #expect(count == Int64(found.answers))
  }

  @Test func `SIGINT and SIGTERM end an idle server with connections open`() throws {
    for signal in [SIGINT, SIGTERM] {
      let (running, port) = try serve()
      let idle = try RawClient(port: port)
      #expect(try idle.ask("GET", "/livez").status == 200)
      let start = ContinuousClock.now
      kill(running.process.processIdentifier, signal)
      let result = try running.end()
      #expect(result.status == 0 && !result.wasKilled, "\(result.messages)")
      #expect(ContinuousClock.now - start < .seconds(20))
    }
  }
}
