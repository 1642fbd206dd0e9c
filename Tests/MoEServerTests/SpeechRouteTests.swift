import Foundation
import MoEBase
import MoEModel
import MoETensor
import MoETestSupport
import Testing

/// Completions and chats, on a small language model with random weights.
@Suite struct SpeechRouteTests {
  private struct Said: Equatable {
    let text: String
    let end: JSONValue
  }

  private func choice(_ reply: RawClient.Reply, isChat: Bool = false) throws -> Said {
    try #require(reply.status == 200, "\(reply.json.text)")
    guard case .array(let choices)? = reply.json["choices"], let choice = choices.first,
      case .string(let text)? = isChat ? choice["message"]?["content"] : choice["text"]
    else { throw RawClient.Failure(reason: reply.json.text) }
    return Said(text: text, end: choice["finish_reason"] ?? .null)
  }

  /// The documents of a stream, and whether it ended as it must.
  private func events(_ reply: RawClient.Reply) throws -> [JSONValue] {
    try #require(reply.status == 200)
    #expect(reply.fields["content-type"] == "text/event-stream")
    let lines = String(decoding: reply.body, as: UTF8.self).split(separator: "\n\n")
    #expect(lines.last == "data: [DONE]")
    return try lines.dropLast().map { try JSONValue(parsing: Array($0.dropFirst(6).utf8)) }
  }

  private func text(_ events: [JSONValue], isChat: Bool) -> String {
    events.compactMap { event in
      guard case .array(let choices)? = event["choices"], let choice = choices.first,
        case .string(let text)? = isChat ? choice["delta"]?["content"] : choice["text"]
      else { return nil }
      return text
    }.joined()
  }

  @Test func `a chat is rendered by the model's own template, and continued token by token`()
    async throws
  {
    let bench = try await ServerBench.speaking()
    let model = try LanguageModel(bench.backbone)
    let body = """
      {"model": "random", "max_tokens": 12, "temperature": 0, "messages": [
        {"role": "system", "content": "be mild"},
        {"role": "user", "content": [{"type": "text", "text": "a tale"}]}]
      """
    let prompt = model.tokenizer.encode("s: be mild. u: a tale. a: ").ids
    var expected = try ContinuationText(model.tokenizer, stops: [])
    let ends = try Continuer(decoder: model.decoder, pool: ThreadPool(threads: 1)).run([
      ContinuationRequest(
        prompt: prompt, sampling: SamplingOptions(), maximumTokens: 12,
        endTokens: model.endTokens)
    ]) {
      _ = expected.append($1)
      return true
    }
    _ = expected.finish()
    let reply = try await bench.ask("POST", "/v1/chat/completions", body + "}")
    let said = try choice(reply, isChat: true)
    #expect(said.text == expected.text)
    #expect(!said.text.isEmpty)
    #expect(said.end == (ends[0] == .length ? "length" : "stop"))
    #expect(reply.json["usage"]?["prompt_tokens"] == .integer(Int64(prompt.count)))
    #expect(reply.json["usage"]?["completion_tokens"] == .integer(Int64(expected.tokenCount)))
    #expect(reply.json["object"] == "chat.completion")

    let stream = try events(
      try await bench.ask(
        "POST", "/v1/chat/completions",
        body + #", "stream": true, "stream_options": {"include_usage": true}}"#))
    #expect(text(stream, isChat: true) == said.text)
    #expect(stream.last?["usage"] == reply.json["usage"])
    #expect(stream.allSatisfy { $0["object"] == "chat.completion.chunk" })
    await bench.stop()
  }

  @Test func `what a chat may not hold is refused by name`() async throws {
    let bench = try await ServerBench.speaking()
    for (messages, param) in [
      (#"[{"role": "tool", "content": "a"}]"#, "messages[0].role"),
      (#"[{"role": "system", "content": "a"}]"#, "messages"), ("[]", "messages"),
      (
        #"[{"role": "user", "content": [{"type": "image_url", "text": "a"}]}]"#,
        "messages[0].content[0].type"
      ),
    ] {
      let reply = try await bench.ask(
        "POST", "/v1/chat/completions", #"{"model": "random", "messages": \#(messages)}"#)
      #expect(reply.status == 400, "\(messages)")
      #expect(reply.json["error"]?["param"] == .string(param))
    }
    let long = String(repeating: "a tale ", count: 40)
    let reply = try await bench.ask(
      "POST", "/v1/chat/completions",
      #"{"model": "random", "messages": [{"role": "user", "content": "\#(long)"}]}"#)
    #expect(reply.status == 400)
    #expect(reply.code == "prompt-too-long")
    #expect(
      try await bench.ask(
        "POST", "/v1/completions", #"{"model": "test/none", "prompt": "a"}"#
      ).code == "model_not_found")
    await bench.stop()
  }

  @Test func `prompts that come together get what each gets alone, streams too`() async throws {
    let bench = try await ServerBench.speaking()
    func body(_ index: Int, _ more: String = "") -> String {
      """
      {"model": "random", "prompt": "\(String(repeating: "tale ", count: 1 + index % 4))", \
      "max_tokens": \(4 + index), "temperature": 1.1, "seed": \(index)\(more)}
      """
    }
    var alone: [Said] = []
    for index in 0..<12 {
      alone.append(try choice(try await bench.ask("POST", "/v1/completions", body(index))))
    }
    #expect(Set(alone.map(\.text)).count > 6)
    let together = try await withThrowingTaskGroup(of: (Int, String).self) { group in
      for index in 0..<24 {
        group.addTask {
          let isStream = index % 2 == 0
          let reply = try await bench.ask(
            "POST", "/v1/completions", body(index % 12, isStream ? #", "stream": true"# : ""))
          return (
            index % 12,
            isStream
              ? text(try events(reply), isChat: false) : try choice(reply).text
          )
        }
      }
      var texts: [(Int, String)] = []
      for try await text in group { texts.append(text) }
      return texts
    }
    #expect(together.count == 24)
    for (index, text) in together { #expect(text == alone[index].text) }
    await bench.stop()
  }

  @Test func `a stop string ends a continuation before it`() async throws {
    let bench = try await ServerBench.speaking()
    let body = #"{"model": "random", "prompt": "a tale", "max_tokens": 30, "temperature": 0"#
    let whole = try choice(try await bench.ask("POST", "/v1/completions", body + "}"))
    let middle = whole.text.index(whole.text.startIndex, offsetBy: whole.text.count / 2)
    let stop = String(whole.text[middle...].prefix(2))
    let end = try #require(whole.text.range(of: stop)).lowerBound
    let stops = JSONValue.array([.string(stop)]).text
    let cut = try choice(
      try await bench.ask("POST", "/v1/completions", body + #", "stop": \#(stops)}"#))
    #expect(cut == Said(text: String(whole.text[..<end]), end: "stop"))
    await bench.stop()
  }
}
