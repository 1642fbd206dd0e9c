import Foundation
import MoEBase
import MoEServer
import MoETestSupport
import Testing

/// What a client may get wrong: always a 4xx with a code, and the server goes on.
@Suite struct BadRequestTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let name: String
    var path = "/v1/predict"
    var type: String? = "application/json"
    let body: [UInt8]
    var status = 400
    let code: String

    init(
      _ name: String, _ body: String, path: String = "/v1/predict",
      type: String? = "application/json", status: Int = 400, code: String = "json-schema"
    ) {
      self.init(name, bytes: Array(body.utf8), path: path, type: type, status: status, code: code)
    }

    init(
      _ name: String, bytes: [UInt8], path: String = "/v1/predict",
      type: String? = "application/json", status: Int = 400, code: String
    ) {
      self.name = name
      self.path = path
      self.type = type
      body = bytes
      self.status = status
      self.code = code
    }

    var testDescription: String { name }
  }

  static let cases: [Case] = [
    Case("nothing", "", code: "json-syntax"),
    Case("half an object", #"{"text": "a"#, code: "json-syntax"),
    Case("two documents", #"{"text":"a"} {}"#, code: "json-syntax"),
    Case("a byte order mark", "\u{FEFF}{}", code: "json-syntax"),
    Case("a key twice", #"{"text":"a","text":"b"}"#, code: "json-syntax"),
    Case("half a surrogate", #"{"text":"\ud800"}"#, code: "json-syntax"),
    Case(
      "invalid UTF-8", bytes: Array(#"{"text":""#.utf8) + [0xFF, 0xC0] + Array(#""}"#.utf8),
      code: "json-syntax"),
    Case("deep JSON", String(repeating: "[", count: 100_000), code: "json-syntax"),
    Case("a list", "[]"), Case("a number", "7"), Case("no text", "{}"),
    Case("text of another type", #"{"text":7}"#), Case("null", #"{"text":null}"#),
    Case("an empty text", #"{"text":""}"#), Case("white space", #"{"text":" \n\t "}"#),
    Case("both", #"{"text":"a","texts":["b"]}"#), Case("no texts", #"{"texts":[]}"#),
    Case("a text that is none", #"{"texts":["a",7]}"#),
    Case("a blank text", #"{"texts":["a"," "]}"#),
    Case(
      "10,000 texts",
      #"{"texts":["# + Array(repeating: #""a""#, count: 10_000).joined(separator: ",") + "]}"),
    Case("an unknown key", #"{"text":"a","colour":"red"}"#),
    Case("threshold NaN", #"{"text":"a","threshold":NaN}"#, code: "json-syntax"),
    Case("threshold 1e999", #"{"text":"a","threshold":1e999}"#, code: "json-syntax"),
    Case("threshold 0", #"{"text":"a","threshold":0}"#),
    Case("threshold 1", #"{"text":"a","threshold":1}"#),
    Case("threshold of a text", #"{"text":"a","threshold":"0.5"}"#),
    Case("top_k 0", #"{"text":"a","top_k":0}"#), Case("top_k 17", #"{"text":"a","top_k":17}"#),
    Case("top_k 1.5", #"{"text":"a","top_k":1.5}"#),
    Case("top_k 2^63", #"{"text":"a","top_k":9223372036854775808}"#, code: "json-syntax"),
    Case("packs of another type", #"{"text":"a","packs":"example/ships"}"#),
    Case("an unknown pack", #"{"text":"a","packs":["x/y"]}"#, status: 404, code: "model_not_found"),
    Case(
      "a pack that is no name", #"{"text":"a","pack":"\u0000"}"#, status: 404,
      code: "model_not_found"),
    Case("context of another type", #"{"text":"a","context":[]}"#),
    Case("plain text", "a", type: "text/plain", status: 415, code: "media-type"),
    Case("no type", "{}", type: nil, status: 415, code: "media-type"),
    Case(
      "3 MiB", bytes: [UInt8](repeating: 0x20, count: 3 << 20), status: 413, code: "body-too-large"),
    Case("embeddings of nothing", #"{"model":"tiny","input":[]}"#, path: "/v1/embeddings"),
    Case("embeddings of an empty text", #"{"model":"tiny","input":""}"#, path: "/v1/embeddings"),
    Case("embeddings of tokens", #"{"model":"tiny","input":[1,2]}"#, path: "/v1/embeddings"),
    Case("embeddings of no model", #"{"input":"a"}"#, path: "/v1/embeddings"),
    Case(
      "embeddings of an unknown model", #"{"model":"gpt","input":"a"}"#, path: "/v1/embeddings",
      status: 404, code: "model_not_found"),
    Case(
      "embeddings in another form", #"{"model":"tiny","input":"a","encoding_format":"hex"}"#,
      path: "/v1/embeddings"),
    Case(
      "embeddings of another width", #"{"model":"tiny","input":"a","dimensions":3}"#,
      path: "/v1/embeddings"),
    Case("feedback about nothing", #"{"request":"x","expect":"none"}"#, path: "/v1/feedback"),
    Case(
      "feedback without an answer", #"{"request":"req_0123456789abcdef01234567"}"#,
      path: "/v1/feedback"),
    Case("analysis of nothing", #"{"text":"\n"}"#, path: "/v1/analyze"),
  ]

  @Test func `every bad request is told what is wrong with it`() async throws {
    let bench = try await ServerBench()
    for row in Self.cases {
      let port = bench.port
      let reply = try await ServerBench.blocking {
        try RawClient(port: port).ask("POST", row.path, type: row.type, body: row.body)
      }
      #expect(
        reply.status == row.status, "\(row.name): \(String(decoding: reply.body, as: UTF8.self))")
      #expect(reply.code == row.code, "\(row.name)")
    }
    let good = try await bench.ask("POST", "/v1/predict", #"{"text":"a"}"#)
    #expect(good.status == 200)
    await bench.stop()
  }

  @Test func `what is not HTTP, too long or half of it gets a 4xx in the shape of errors`()
    async throws
  {
    let bench = try await ServerBench(changing: {
      // Long enough for a machine that runs all other tests beside this one.
      $0.limits.headTimeout = .seconds(4)
      $0.limits.bodyTimeout = .seconds(4)
      $0.limits.halfCloseTimeout = .seconds(30)
    })
    let port = bench.port
    func reply(_ text: String, closing: Bool = false) async throws -> RawClient.Reply {
      try await ServerBench.blocking {
        let client = try RawClient(port: port)
        client.send(Array(text.utf8))
        if closing { client.closeSending() }
        return try client.reply()
      }
    }
    let head = "POST /v1/predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    #expect(try await reply("\u{1}\u{2}\r\n\r\n").status == 400)
    #expect(
      try await reply(
        "GET / HTTP/1.1\r\nHost: localhost\r\nX: \(String(repeating: "a", count: 20_000))\r\n\r\n"
      ).code
        == "head-too-large")
    #expect(try await reply("GET / HTTP/1.1\r\nHo").code == "request-timeout")
    #expect(try await reply(head + "Content-Length: 100\r\n\r\n{").code == "request-timeout")
    #expect(
      try await reply(head + "Content-Length: 100\r\n\r\n{", closing: true).code
        == "request-incomplete")
    // A whole request is answered, though its sender closed that side.
    #expect(
      try await reply(head + "Content-Length: 12\r\n\r\n{\"text\":\"a\"}", closing: true).status
        == 200)
    // Several on one connection are answered in their order.
    let statuses = try await ServerBench.blocking {
      let client = try RawClient(port: port)
      return try (0..<3).map { _ in try client.ask("GET", "/livez").status }
    }
    #expect(statuses == [200, 200, 200])
    await bench.stop()
  }
}
