import MoEBase
import MoEServer
import MoETestSupport
import Testing

/// Every address of the server, by who asks.
@Suite struct RouteAccessTests {
  /// An address with a request that is right, and what each caller gets.
  struct Row: Sendable, CustomTestStringConvertible {
    let method: String
    let path: String
    var body: String?
    /// Without a key, with a wrong one, with a tenant's, with an administrator's.
    let statuses: [Int]

    var testDescription: String { "\(method) \(path)" }
  }

  private static let text = ServerBench.text(topic: 0)
  private static let everybody = [200, 200, 200, 200]
  private static let anyKey = [401, 401, 200, 200]
  private static let administrators = [401, 401, 403, 200]

  static let rows: [Row] = [
    Row(method: "GET", path: "/", statuses: everybody),
    Row(method: "HEAD", path: "/", statuses: everybody),
    Row(method: "GET", path: "/livez", statuses: everybody),
    Row(method: "GET", path: "/readyz", statuses: everybody),
    Row(method: "GET", path: "/health", statuses: everybody),
    Row(method: "GET", path: "/version", statuses: anyKey),
    Row(method: "GET", path: "/metrics", statuses: administrators),
    Row(method: "GET", path: "/openapi.json", statuses: anyKey),
    Row(method: "POST", path: "/v1/predict", body: #"{"text":"\#(text)"}"#, statuses: anyKey),
    Row(method: "POST", path: "/v1/route", body: #"{"texts":["\#(text)"]}"#, statuses: anyKey),
    Row(method: "POST", path: "/v1/analyze", body: #"{"text":"\#(text)"}"#, statuses: anyKey),
    Row(
      method: "POST", path: "/v1/embeddings", body: #"{"model":"tiny","input":"a"}"#,
      statuses: anyKey),
    Row(
      method: "POST", path: "/v1/completions", body: #"{"model":"tiny","prompt":"a"}"#,
      statuses: [401, 401, 400, 400]),
    Row(
      method: "POST", path: "/v1/chat/completions",
      body: #"{"model":"tiny","messages":[{"role":"user","content":"a"}]}"#,
      statuses: [401, 401, 400, 400]),
    Row(method: "GET", path: "/v1/models", statuses: anyKey),
    Row(method: "GET", path: "/v1/models/tiny", statuses: anyKey),
    Row(method: "GET", path: "/v1/models/example/ships", statuses: anyKey),
    Row(method: "GET", path: "/v1/models/example%2Fships", statuses: anyKey),
    Row(method: "GET", path: "/v1/models/example/privacy", statuses: [401, 401, 404, 200]),
    Row(method: "GET", path: "/v1/evals?pack=example%2Fships", statuses: anyKey),
    Row(method: "GET", path: "/v1/evals?pack=example/privacy", statuses: [401, 401, 404, 200]),
    Row(method: "POST", path: "/v1/trace", body: #"{"text":"\#(text)"}"#, statuses: administrators),
    Row(
      method: "POST", path: "/v1/feedback",
      body: #"{"request":"req_0123456789abcdef01234567","expect":"none"}"#, statuses: anyKey),
    Row(method: "GET", path: "/v1/usage", statuses: anyKey),
    Row(method: "POST", path: "/v1/usage/receipts", statuses: [401, 401, 404, 404]),
    Row(method: "GET", path: "/v1/stats", statuses: anyKey),
    Row(method: "GET", path: "/v1/generations", statuses: administrators),
    Row(method: "GET", path: "/v1/generations/diff?before=1&after=2", statuses: administrators),
    Row(
      method: "POST", path: "/v1/rollback", body: #"{"generation":2,"no_eval":true}"#,
      statuses: administrators),
    Row(method: "GET", path: "/v1/nothing", statuses: [404, 404, 404, 404]),
    Row(method: "DELETE", path: "/v1/predict", statuses: [405, 405, 405, 405]),
  ]

  @Test func `every address answers each caller as the table says`() async throws {
    let bench = try await ServerBench(keys: [
      ServerBench.key("acme", allow: [AccessRule(packs: ["example/ships"])]),
      ServerBench.key("root", .administrator),
    ])
    let keys = [nil, "moepack_nobody", "moepack_acme", "moepack_root"]
    for row in Self.rows {
      for (key, status) in zip(keys, row.statuses) {
        let reply = try await bench.ask(row.method, row.path, key: key, row.body)
        #expect(
          reply.status == status,
          "\(row.method) \(row.path) with \(key ?? "no key"): \(reply.code ?? "")")
        if status >= 400, row.method != "HEAD" {
          #expect(reply.code != nil, "\(row.path): an error has a code")
        }
      }
    }
    // No address that the server describes is missing from the table.
    let document = try await bench.ask("GET", "/openapi.json", key: "moepack_root").json
    guard case .object(let paths)? = document["paths"] else {
      Issue.record("expected paths")
      return
    }
    #expect(paths.count > 20)
    for path in paths {
      guard case .object(let methods) = path.value else { continue }
      let fixed = path.key.split(separator: "{", omittingEmptySubsequences: false)[0]
      for method in methods {
        #expect(
          Self.rows.contains { row in
            let own = row.path.split(separator: "?")[0]
            return row.method.lowercased() == method.key
              && (fixed.count < path.key.count ? own.hasPrefix(fixed) : own == path.key)
          }, "\(method.key) \(path.key) is not in the table")
      }
    }
    await bench.stop()
  }

  @Test func `without a keys file everybody may ask, and nobody is an administrator`() async throws
  {
    let bench = try await ServerBench()
    #expect(
      try await bench.ask("POST", "/v1/predict", #"{"text":"\#(Self.text)"}"#).status == 200)
    #expect(try await bench.ask("GET", "/v1/generations").status == 403)
    #expect(try await bench.ask("GET", "/livez", host: "evil.example").status == 403)
    await bench.stop()
  }

  @Test func `an address that others can reach needs keys`() async throws {
    await #expect(throws: ServerError.openToOthers(host: "0.0.0.0")) {
      _ = try await ServerBench(changing: { $0.host = "0.0.0.0" })
    }
  }

  @Test func `a masked pack is as good as not there, by itself and by its region`() async throws {
    let bench = try await ServerBench(keys: [
      ServerBench.key("ships", allow: [AccessRule(packs: ["example/ships"])]),
      ServerBench.key("mars", allow: [AccessRule(packs: ["*"], regions: ["MARS"])]),
      ServerBench.key("nobody"), ServerBench.key("root", .administrator),
    ])
    let body = #"{"text":"\#(ServerBench.text(topic: 2))"}"#
    func route(_ key: String) async throws -> JSONValue? {
      let reply = try await bench.ask("POST", "/v1/predict", key: "moepack_\(key)", body)
      guard case .array(let results)? = reply.json["results"] else { return nil }
      return results.first?["route"]
    }
    guard case .array(let full)? = try await route("root") else {
      Issue.record("expected a route")
      return
    }
    #expect(full.first?["pack"] == "example/privacy")
    #expect(try await route("ships") == .array([]))
    #expect(try await route("mars") == .array([]))
    #expect(try await route("nobody") == .array([]))
    for name in ["example/privacy", "example/unknown"] {
      let forced = #"{"text":"a","pack":"\#(name)"}"#
      let reply = try await bench.ask("POST", "/v1/predict", key: "moepack_ships", forced)
      #expect(reply.status == 404)
      #expect(reply.code == "model_not_found")
    }
    await bench.stop()
  }
}
