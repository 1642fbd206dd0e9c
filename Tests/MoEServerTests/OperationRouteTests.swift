import Foundation
import MoEBase
import MoEModel
import MoEPackFormat
import MoEServer
import MoEStore
import MoETestSupport
import Testing

/// What operators and their clients ask of a server beside answers.
@Suite struct OperationRouteTests {
  private static let text = ServerBench.text(topic: 2)

  private func lines(_ name: String, of bench: ServerBench) throws -> [JSONValue] {
    let file = bench.directory.url.appending(path: "state/\(name)")
    return try Data(contentsOf: file).split(separator: 0x0A).map {
      try JSONValue(parsing: Array($0))
    }
  }

  @Test func `feedback writes who, about which answer, what was right, and nothing unasked`()
    async throws
  {
    let bench = try await ServerBench(keys: [
      ServerBench.key("acme", allow: [AccessRule(packs: ["example/privacy"])])
    ])
    let answer = try await bench.ask(
      "POST", "/v1/predict", key: "moepack_acme", #"{"text":"\#(Self.text)"}"#)
    guard case .string(let id)? = answer.json["id"],
      case .object(let labels)? = try await bench.ask(
        "GET", "/v1/models/example/privacy", key: "moepack_acme"
      ).json["labels"], let task = labels.first, case .object(let known) = task.value,
      let label = known.first?.key
    else { throw RawClient.Failure(reason: answer.json.text) }
    #expect(answer.fields["x-request-id"] == id)
    for body in [
      #"{"request":"\#(id)","expect":"none"}"#,
      #"""
      {"request":"\#(id)","text":"a \"text\"","comment":"wrong\nlabel",
       "expect":{"pack":"example/privacy","task":"\#(task.key)","label":"\#(label)"}}
      """#,
    ] {
      let reply = try await bench.ask("POST", "/v1/feedback", key: "moepack_acme", body)
      #expect(reply.status == 200, "\(reply.json.text)")
      #expect(reply.json["recorded"] == true)
    }
    let written = try lines("feedback.jsonl", of: bench)
    try #require(written.count == 2)
    for line in written {
      #expect(line["request"] == .string(id))
      #expect(line["key"] == "acme")
      guard case .string(let time)? = line["time"] else {
        Issue.record("expected a time")
        continue
      }
      #expect(
        (try? Date(
          time,
          strategy: .iso8601.year().month().day().time(
            includingFractionalSeconds: true
          ).timeZone(separator: .omitted))) != nil)
    }
    #expect(written[0]["expect"] == "none")
    #expect(written[0]["text"] == nil)
    let digest = try bench.store.installedPack(named: "example/privacy").digest
    #expect(
      written[1]["expect"] == [
        "pack": "example/privacy", "digest": .digest(digest), "task": .string(task.key),
        "label": .string(label),
      ])
    #expect(written[1]["text"] == "a \"text\"")
    #expect(written[1]["comment"] == "wrong\nlabel")
    // Nothing is written of what is refused; of a pack one may not use, not even that it is there.
    for (body, status) in [
      (#"{"request":"req_1","expect":"none"}"#, 400),
      (#"{"request":"\#(id)","expect":{"pack":"example/ships","task":"a","label":"b"}}"#, 404),
      (
        #"{"request":"\#(id)","expect":{"pack":"example/privacy","task":"\#(task.key)","label":"b"}}"#,
        400
      ), (#"{"request":"\#(id)"}"#, 400),
      (#"{"request":"\#(id)","expect":"none","more":1}"#, 400),
    ] {
      let reply = try await bench.ask("POST", "/v1/feedback", key: "moepack_acme", body)
      #expect(reply.status == status, "\(body)")
    }
    #expect(try lines("feedback.jsonl", of: bench).count == 2)
    // The audit log has every request when the server has ended, and no text of any.
    await bench.stop()
    let audit = try lines("audit.jsonl", of: bench)
    #expect(audit.count { $0["route"] == "feedback" } == 7)
    let predicted = try #require(audit.first { $0["route"] == "predict" })
    #expect(predicted["request"] == .string(id))
    #expect(predicted["masked"]?["example/ships"] == "the key's packs")
    #expect(audit.allSatisfy { !$0.text.contains(Self.text) && !$0.text.contains("wrong") })
  }

  @Test func `a receipt over HTTP is what usage says, signed and numbered`() async throws {
    let key = SigningKey()
    let bench = try await ServerBench(
      keys: [
        ServerBench.key("acme", allow: [.everything]), ServerBench.key("root", .administrator),
      ], changing: { $0.receiptKey = key })
    _ = try await bench.ask(
      "POST", "/v1/predict", key: "moepack_acme", #"{"texts":["\#(Self.text)","a b c"]}"#)
    _ = try await bench.ask(
      "POST", "/v1/embeddings", key: "moepack_root", #"{"model":"tiny","input":"a"}"#)
    func receipt(_ name: String) async throws -> UsageReceipt {
      let reply = try await bench.ask("POST", "/v1/usage/receipts", key: name)
      try #require(reply.status == 200)
      return try UsageReceipt(verifying: reply.body, by: key.publicKey, source: "receipt")
    }
    let own = try await receipt("moepack_acme")
    let usage = try await bench.ask("GET", "/v1/usage", key: "moepack_acme").json
    #expect(own.predicate["usage"]?["counts"] == usage["counts"])
    #expect(own.predicate["number"] == 1)
    guard case .array(let rows)? = usage["counts"] else {
      Issue.record("expected counts")
      return
    }
    #expect(rows.allSatisfy { $0["key"] == "acme" })
    #expect(
      rows.contains {
        $0["pack"] == "example/privacy" && $0["requests"] == 1 && $0["texts"] == 1
      })
    let all = try await receipt("moepack_root")
    #expect(all.predicate["number"] == 2)
    guard case .array(let everybody)? = all.predicate["usage"]?["counts"] else {
      Issue.record("expected counts")
      return
    }
    #expect(Set(everybody.compactMap { $0["key"]?.text }) == [#""acme""#, #""root""#])
    // Another key's name on it, or a byte of it altered, is no receipt.
    #expect(throws: ServerError.self) {
      try UsageReceipt(verifying: own.envelope, by: SigningKey().publicKey, source: "receipt")
    }
    var altered = try JSONValue(parsing: own.envelope)
    altered = [
      "payload": .string(
        Data(#"{"predicateType":"\#(UsageReceipt.predicateType)"}"#.utf8)
          .base64EncodedString()),
      "payloadType": altered["payloadType"] ?? .null, "signatures": altered["signatures"] ?? [],
    ]
    #expect(throws: ServerError.self) {
      try UsageReceipt(verifying: altered.bytes, by: key.publicKey, source: "receipt")
    }
    await bench.stop()
  }

  @Test func `a trace names the experts of every token, layer by layer`() async throws {
    let bench = try await ServerBench(keys: [
      ServerBench.key("root", .administrator), ServerBench.key("acme", allow: [.everything]),
    ])
    let body = #"{"text":"\#(Self.text)"}"#
    let trace = try await bench.ask("POST", "/v1/trace", key: "moepack_root", body)
    #expect(trace.status == 200)
    let encoding = bench.backbone.tokenizer.encode(Self.text)
    #expect(
      trace.json["tokens"]
        == .array(encoding.ids.map { .string(bench.backbone.tokenizer.token($0) ?? "") }))
    let pack = try bench.store.installedPack(named: "example/privacy")
    let experts = try #require(try pack.manifest().experts)
    guard case .array(let layers)? = trace.json["layers"] else {
      Issue.record("expected layers")
      return
    }
    let own = layers.filter { $0["pack"] == "example/privacy" }
    #expect(own.map { $0["layer"] } == experts.layers.map { .integer(Int64($0)) })
    for layer in own {
      guard case .array(let shares)? = layer["shares"], case .array(let tokens)? = layer["tokens"]
      else {
        Issue.record("expected shares and tokens")
        continue
      }
      #expect(shares.count == experts.count)
      #expect(tokens.count == encoding.ids.count)
      var counts = [Int](repeating: 0, count: experts.count)
      for case .array(let chosen) in tokens {
        #expect(chosen.count == experts.topK)
        for case .integer(let expert) in chosen { counts[Int(expert)] += 1 }
      }
      let total = Double(counts.reduce(0, +))
      for (share, count) in zip(shares, counts) {
        guard case .number(let share) = share else { continue }
        #expect(abs(share - Double(count) / total) < 1e-6)
      }
    }
    #expect(
      try await bench.ask("POST", "/v1/trace", key: "moepack_root", #"{"text":" "}"#).status == 400)
    #expect(try await bench.ask("POST", "/v1/trace", key: "moepack_acme", body).status == 403)
    await bench.stop()
  }

  @Test func `eval history has what every generation measured, for who may use the pack`()
    async throws
  {
    let bench = try await ServerBench(keys: [
      ServerBench.key("acme", allow: [AccessRule(packs: ["example/privacy"])])
    ])
    func history(_ pack: String) async throws -> RawClient.Reply {
      try await bench.ask("GET", "/v1/evals?pack=\(pack)", key: "moepack_acme")
    }
    #expect(try await history("example%2Fprivacy").json["history"] == [])
    try bench.prove()
    let active = try bench.store.active()
    try await bench.waitForGeneration(active.id)
    let reply = try await history("example%2Fprivacy")
    guard case .array(let entries)? = reply.json["history"], let entry = entries.first,
      case .array(let packs)? = active.report?["packs"]
    else { throw RawClient.Failure(reason: reply.json.text) }
    #expect(entries.count == 1)
    #expect(entry["generation"] == .integer(Int64(active.id)))
    let own = try #require(packs.first { $0["pack"] == "example/privacy" })
    #expect(entry["evals"] == own["evals"])
    #expect(entry["digest"] == own["digest"])
    #expect(try await history("example%2Fships").status == 404)
    #expect(try await history("example%2Fnothing").status == 404)
    #expect(try await bench.ask("GET", "/v1/evals", key: "moepack_acme").status == 400)
    await bench.stop()
  }

  @Test func `the list of generations has the newest, as many as one asks for`() async throws {
    let bench = try await ServerBench(keys: [ServerBench.key("root", .administrator)])
    for _ in 0..<3 {
      try bench.remove("example/privacy")
      try bench.install("example/privacy", [2, 3])
    }
    let active = try bench.store.activeGenerationID()
    let reply = try await bench.ask("GET", "/v1/generations?limit=3", key: "moepack_root")
    guard case .array(let entries)? = reply.json["generations"] else {
      throw RawClient.Failure(reason: reply.json.text)
    }
    #expect(
      entries.map { $0["generation"] } == (active - 2...active).map { .integer(Int64($0)) })
    #expect(reply.json["active"] == .integer(Int64(active)))
    for limit in ["0", "1001", "x", "-1"] {
      let refused = try await bench.ask(
        "GET", "/v1/generations?limit=\(limit)", key: "moepack_root")
      #expect(refused.status == 400)
    }
    await bench.stop()
  }
}
