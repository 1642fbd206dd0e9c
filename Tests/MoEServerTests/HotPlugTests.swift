import Foundation
import MoEBase
import MoEModel
import MoEPackFormat
import MoERuntime
import MoEServer
import MoEStore
import MoETensor
import MoETestSupport
import Synchronization
import Testing

/// Packs that come and go while requests are answered.
@Suite struct HotPlugTests {
  /// What the clients saw.
  final class Log: Sendable {
    struct State {
      var generations: Set<Int64> = []
      var failures: [String] = []
      var mixes: [String] = []
      var count = 0
      var isOver = false
    }
    let state = Mutex(State())
    var isOver: Bool { state.withLock(\.isOver) }
  }

  @Test func `thirty installs and removals under load fail no request and mix no generations`()
    async throws
  {
    let bench = try await ServerBench(packs: [("example/ships", [0, 1])])
    let log = Log()
    let port = bench.port
    let base = try bench.store.activeGenerationID()
    let text = ServerBench.text(topic: 2)
    let clients = (0..<8).map { _ in
      Task {
        try await ServerBench.blocking {
          let client = try RawClient(port: port)
          while !log.isOver {
            let reply = try client.ask(
              "POST", "/v1/predict", body: Array(#"{"text":"\#(text)"}"#.utf8))
            log.state.withLock { Self.note(reply, base: base, in: &$0) }
            usleep(5000)
          }
        }
      }
    }
    for cycle in 0..<30 {
      try bench.install("example/privacy", [2, 3])
      if cycle % 6 == 0 {
        // An install that fails changes nothing: nobody may sign for that namespace.
        #expect(throws: (any Error).self) { try bench.install("stranger/privacy", [2, 3]) }
      }
      try await bench.waitForGeneration(try bench.store.activeGenerationID())
      try bench.remove("example/privacy")
      try await bench.waitForGeneration(try bench.store.activeGenerationID())
    }
    log.state.withLock { $0.isOver = true }
    for client in clients { try await client.value }
    let state = log.state.withLock { $0 }
    #expect(state.failures.isEmpty, "\(state.failures.prefix(3))")
    #expect(state.mixes.isEmpty, "\(state.mixes.prefix(3))")
    #expect(state.generations.count > 30)
    #expect(state.count > 100)
    await bench.stop()
  }

  /// An answer must be wholly that of the generation it names: with the pack on odd steps, without on even ones.
  private static func note(_ reply: RawClient.Reply, base: Int, in state: inout Log.State) {
    state.count += 1
    guard reply.status == 200, case .integer(let generation)? = reply.json["generation"],
      case .array(let results)? = reply.json["results"], let result = results.first,
      case .array(let route)? = result["route"]
    else {
      state.failures.append("\(reply.status) \(reply.code ?? "")")
      return
    }
    state.generations.insert(generation)
    let answered = route.first?["pack"] == "example/privacy"
    let nearest = result["nearest"]?["pack"]
    if result["generation"] != .integer(generation)
      || answered != (nearest == "example/privacy")
    {
      state.mixes.append("generation \(generation): \(result.text)")
    }
  }

  @Test func `a generation that cannot be loaded leaves the one before, and is told`() async throws
  {
    let bench = try await ServerBench()
    let whole = try bench.store.activeGenerationID()
    let pack = try bench.store.installedPack(named: "example/privacy")
    try bench.remove("example/privacy")
    try await bench.waitForGeneration(whole + 1)
    let blob = try #require(pack.entry(EntryName.router))
    let bytes = try Data(contentsOf: blob.url)
    chmod(blob.path, 0o600)
    try Data(count: bytes.count).write(to: blob.url)
    // The store takes the broken set back without looking; the server must not.
    try bench.restore(whole)
    let failed = whole + 2
    for _ in 0..<600 {
      if try await bench.ask("GET", "/readyz").json["status"] == "degraded" { break }
      try await Task.sleep(for: .milliseconds(50))
    }
    let readiness = try await bench.ask("GET", "/readyz")
    #expect(readiness.status == 200)
    #expect(readiness.json["status"] == "degraded")
    #expect(readiness.json["generation"] == .integer(Int64(whole + 1)))
    #expect(readiness.json["failing"]?["generation"] == .integer(Int64(failed)))
    let body = #"{"text":"\#(ServerBench.text(topic: 2))"}"#
    let answer = try await bench.ask("POST", "/v1/predict", body)
    #expect(answer.json["generation"] == .integer(Int64(whole + 1)))
    // Mended, it is taken into service at the next try.
    try bytes.write(to: blob.url)
    try await bench.waitForGeneration(failed)
    #expect(try await bench.ask("GET", "/readyz").json["status"] == "ok")
    await bench.stop()
  }

  @Test func `what a route answers is what predict answers, to the bit, whatever the batch`()
    async throws
  {
    let bench = try await ServerBench(keys: [
      ServerBench.key("ships", allow: [AccessRule(packs: ["example/ships"])]),
      ServerBench.key("all", allow: [.everything]),
    ])
    // More than a turn's texts, of many lengths: several batches on all lanes.
    let texts = (0..<40).map {
      ServerBench.text(topic: $0 % 6) + String(repeating: " b", count: $0 % 11)
    }
    let body = JSONValue.object([
      JSONMember("texts", .array(texts.map(JSONValue.string)))
    ]).text
    let alone = try await bench.ask("POST", "/v1/predict", key: "moepack_all", body)
    let masked = try await bench.ask("POST", "/v1/predict", key: "moepack_ships", body)
    let together = try await withThrowingTaskGroup(of: (Bool, JSONValue?).self) { group in
      for index in 0..<24 {
        group.addTask {
          let isMasked = index % 2 == 0
          let key = isMasked ? "moepack_ships" : "moepack_all"
          return (
            isMasked, try await bench.ask("POST", "/v1/predict", key: key, body).json["results"]
          )
        }
      }
      var results: [(Bool, JSONValue?)] = []
      for try await result in group { results.append(result) }
      return results
    }
    for (isMasked, results) in together {
      #expect(results == (isMasked ? masked : alone).json["results"])
    }
    // A key that may use one pack gets what a store with that pack alone gives.
    let composition = try Composition(
      backbone: bench.backbone, profile: TinyBackbone.profileDigest, generation: 0,
      packs: [try bench.store.installedPack(named: "example/ships")])
    let own = try composition.answer(
      texts.map { bench.backbone.tokenizer.encode($0) }, pool: ThreadPool(threads: 1))
    guard case .array(let results)? = masked.json["results"] else { return }
    #expect(results.count == texts.count)
    for (answer, result) in zip(own, results) {
      guard case .object(let members) = composition.json(of: answer) else { continue }
      for member in members where !["generation", "composition"].contains(member.key) {
        #expect(result[member.key] == member.value)
      }
    }
    await bench.stop()
  }

  @Test func `embeddings are those of the backbone, text by text, whatever the batch`()
    async throws
  {
    let bench = try await ServerBench()
    let texts = (0..<40).map {
      ServerBench.text(topic: $0 % 6) + String(repeating: " b", count: $0 % 11)
    }
    let body = JSONValue.object([
      JSONMember("model", .string(bench.backbone.name)),
      JSONMember("input", .array(texts.map(JSONValue.string))),
      JSONMember("encoding_format", "base64"),
    ]).text
    let expected = try bench.backbone.embed(
      texts.map { bench.backbone.tokenizer.encode($0) }, pool: ThreadPool(threads: 1))
    let width = bench.backbone.width
    try await withThrowingTaskGroup(of: JSONValue.self) { group in
      for _ in 0..<12 {
        group.addTask { try await bench.ask("POST", "/v1/embeddings", body).json }
      }
      for try await reply in group {
        guard case .array(let rows)? = reply["data"] else {
          Issue.record("no data: \(reply.text.prefix(200))")
          continue
        }
        #expect(rows.count == texts.count)
        for (text, row) in rows.enumerated() {
          let bytes = expected[text * width..<(text + 1) * width].withUnsafeBytes { Data($0) }
          #expect(row["embedding"] == .string(bytes.base64EncodedString()))
        }
      }
    }
    await bench.stop()
  }

  @Test func `requests whose clients go, while packs come and go, leave one composition alive`()
    async throws
  {
    let bench = try await ServerBench()
    let texts = JSONValue.array((0..<100).map { .string(ServerBench.text(topic: $0 % 6)) })
    let body = Array(JSONValue.object([JSONMember("texts", texts)]).text.utf8)
    let port = bench.port
    for _ in 0..<6 {
      try await ServerBench.blocking {
        for _ in 0..<40 {
          let client = try RawClient(port: port)
          client.send(
            Array(
              ("POST /v1/predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                + "Content-Length: \(body.count)\r\n\r\n").utf8) + body)
          client.reset()
        }
      }
      try bench.remove("example/privacy")
      try bench.install("example/privacy", [2, 3])
      try await bench.waitForGeneration(try bench.store.activeGenerationID())
    }
    var stats = try await bench.ask("GET", "/v1/stats").json
    for _ in 0..<600 where stats["compositions"] != 1 || stats["queueDepth"] != 0 {
      try await Task.sleep(for: .milliseconds(50))
      stats = try await bench.ask("GET", "/v1/stats").json
    }
    #expect(stats["compositions"] == 1)
    #expect(stats["queueDepth"] == 0)
    #expect(stats["switches"] != 0)
    await bench.stop()
  }

  @Test func `whoever changes a store sees that a server answers from it`() async throws {
    let bench = try await ServerBench()
    let store = bench.directory.url.appending(path: "store")
    #expect(Store.isServed(at: store.path))
    await bench.stop()
    for _ in 0..<600 where Store.isServed(at: store.path) {
      try await Task.sleep(for: .milliseconds(50))
    }
    #expect(!Store.isServed(at: store.path))
  }

  @Test func `a full queue says 429 and when to come again`() async throws {
    let bench = try await ServerBench(changing: {
      $0.limits.queueRequests = 2
      $0.limits.batchWait = .milliseconds(200)
    })
    let texts = JSONValue.array((0..<200).map { .string(ServerBench.text(topic: $0 % 6)) })
    let body = JSONValue.object([JSONMember("texts", texts)]).text
    let replies = try await withThrowingTaskGroup(of: RawClient.Reply.self) { group in
      for _ in 0..<24 { group.addTask { try await bench.ask("POST", "/v1/predict", body) } }
      var replies: [RawClient.Reply] = []
      for try await reply in group { replies.append(reply) }
      return replies
    }
    #expect(Set(replies.map(\.status)) == [200, 429])
    for reply in replies where reply.status == 429 {
      #expect(reply.code == "queue-full")
      #expect(Int(reply.fields["retry-after"] ?? "").map { $0 > 0 } == true)
    }
    await bench.stop()
  }
}
