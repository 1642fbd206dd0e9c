import HTTPTypes
import Foundation
import Hummingbird
import MoEBase
import MoEModel
import MoERuntime

extension Route {
  /// `POST /v1/completions`.
  static let completions = Route(
    method: .post, path: "/v1/completions", access: .key, operation: "createCompletion",
    summary: "Continues prompts, in OpenAI's shape; a language model is needed",
    body: Schema.completionRequest, answer: ("application/json", Schema.completion),
    statuses: [404, 429]
  ) { scope in try await Speech(scope, isChat: false).response() }

  /// `POST /v1/chat/completions`.
  static let chatCompletions = Route(
    method: .post, path: "/v1/chat/completions", access: .key, operation: "createChatCompletion",
    summary: "Answers a chat, in OpenAI's shape; a language model with a chat format is needed",
    body: Schema.chatRequest, answer: ("application/json", Schema.completion),
    statuses: [404, 429]
  ) { scope in try await Speech(scope, isChat: true).response() }
}

/// One request for continuations, on its way.
private struct Speech: Sendable {
  private let scope: RequestScope
  private let isChat: Bool
  private let body: SpeechBody
  private let answers: [Answer]
  private let created = Int(Date().timeIntervalSince1970)

  /// Reads the body and asks the dispatcher who speaks.
  init(_ scope: RequestScope, isChat: Bool) async throws {
    self.scope = scope
    self.isChat = isChat
    let body = try SpeechBody(scope, isChat: isChat)
    self.body = body
    let encodings = body.prompts.map { body.model.tokenizer.encode($0.said) }
    // A chat may be about nothing that has a token; nobody is responsible for that.
    let options = body.options
    guard encodings.allSatisfy({ !$0.ids.isEmpty }) else { throw GenerationError.emptyPrompt }
    let result = try await scope.service.queue.run(
      encodings.map { MixtureRequest($0, options: options) }, .answers, on: scope.live)
    guard case .answers(let answers) = result else { throw GenerationError.emptyPrompt }
    self.answers = answers
    scope.audit.answered(answers)
  }

  func response() async throws -> RouteResponse {
    let streams = try body.prompts.indices.map { try stream($0) }
    guard !body.isStream else {
      return RouteResponse(type: "text/event-stream", body: events(streams[0]))
    }
    var choices: [JSONValue] = []
    var count = 0
    for (index, stream) in streams.enumerated() {
      var text = try ContinuationText(body.model.tokenizer, stops: body.stops)
      var end = ContinuationEnd.stop
      for try await event in stream.events {
        switch event {
        case .token(let token): _ = text.append(token)
        case .end(let reason): end = reason
        }
        if text.isStopped { break }
      }
      stream.stop()
      try Task.checkCancellation()
      _ = text.finish()
      count += text.tokenCount
      choices.append(choice(index, text: text.text, end: end))
    }
    record(tokens: count)
    return RouteResponse(
      .object(
        members(object: isChat ? "chat.completion" : "text_completion") + [
          JSONMember("choices", .array(choices)), JSONMember("usage", usage(count)),
          JSONMember("moe_pack", provenance),
        ]))
  }

  private func stream(
    _ index: Int
  ) throws(APIError) -> SpeechStream {
    try scope.service.speakers.run(
      SpeechRequest(
        live: scope.live, model: body.model,
        request: ContinuationRequest(
          prompt: body.prompts[index].tokens, sampling: body.sampling,
          maximumTokens: body.maximumTokens, endTokens: body.model.endTokens,
          experts: scope.live.composition.mixture.speakingExperts(of: answers[index]))))
  }

  /// Server-sent events: pieces of the text as they come, the end, the usage where it is asked for.
  private func events(_ stream: SpeechStream) -> ResponseBody {
    ResponseBody { writer in
      var text = try ContinuationText(body.model.tokenizer, stops: body.stops)
      var end = ContinuationEnd.stop
      func event(_ json: JSONValue) -> ByteBuffer { ByteBuffer(string: "data: \(json.text)\n\n") }
      do {
        if isChat {
          try await writer.write(event(chunk(["role": "assistant", "content": ""], nil)))
        }
        for try await part in stream.events {
          switch part {
          case .token(let token):
            let piece = text.append(token)
            if !piece.isEmpty { try await writer.write(event(chunk(piece: piece))) }
          case .end(let reason): end = reason
          }
          if text.isStopped { break }
        }
        stream.stop()
        let rest = text.finish()
        if !rest.isEmpty { try await writer.write(event(chunk(piece: rest))) }
        try await writer.write(event(isChat ? chunk([:], end) : chunk(piece: "", end)))
        if body.includesUsage {
          try await writer.write(
            event(
              .object(
                members(object: isChat ? "chat.completion.chunk" : "text_completion") + [
                  JSONMember("choices", []), JSONMember("usage", usage(text.tokenCount)),
                ])))
        }
      } catch let error where !(error is CancellationError) {
        // The head is sent: an event is all that can tell.
        try await writer.write(event(APIError(error).json))
      }
      record(tokens: text.tokenCount)
      try await writer.write(ByteBuffer(string: "data: [DONE]\n\n"))
      try await writer.finish(nil)
    }
  }

  // MARK: - JSON

  private func members(object: String) -> [JSONMember] {
    [
      JSONMember("id", .string((isChat ? "chatcmpl-" : "cmpl-") + scope.id)),
      JSONMember("object", .string(object)), JSONMember("created", .integer(created)),
      JSONMember("model", .string(body.name)),
    ]
  }

  private func choice(_ index: Int, text: String, end: ContinuationEnd) -> JSONValue {
    let said: JSONMember =
      isChat
      ? JSONMember("message", ["role": "assistant", "content": .string(text)])
      : JSONMember("text", .string(text))
    return .object([
      JSONMember("index", .integer(index)), said, JSONMember("logprobs", .null),
      JSONMember("finish_reason", .string(end == .length ? "length" : "stop")),
    ])
  }

  private func chunk(piece: String, _ end: ContinuationEnd? = nil) -> JSONValue {
    isChat
      ? chunk(["content": .string(piece)], end)
      : chunk(said: JSONMember("text", .string(piece)), end)
  }

  private func chunk(_ delta: JSONValue, _ end: ContinuationEnd?) -> JSONValue {
    chunk(said: JSONMember("delta", delta), end)
  }

  private func chunk(said: JSONMember, _ end: ContinuationEnd?) -> JSONValue {
    .object(
      members(object: isChat ? "chat.completion.chunk" : "text_completion") + [
        JSONMember(
          "choices",
          [
            .object([
              JSONMember("index", 0), said, JSONMember("logprobs", .null),
              JSONMember(
                "finish_reason",
                end.map { .string($0 == .length ? "length" : "stop") } ?? .null),
            ])
          ])
      ])
  }

  private func usage(_ count: Int) -> JSONValue {
    let prompt = body.prompts.reduce(0) { $0 + $1.tokens.count }
    return [
      "prompt_tokens": .integer(prompt), "completion_tokens": .integer(count),
      "total_tokens": .integer(prompt + count),
    ]
  }

  /// Who spoke.
  private var provenance: JSONValue {
    .array(
      answers.map { answer in
        guard case .object(let members) = scope.live.composition.json(of: answer) else {
          return .null
        }
        return .object(members.filter { $0.key != "predictions" })
      })
  }

  private func record(tokens: Int) {
    let prompt = body.prompts.reduce(0) { $0 + $1.tokens.count }
    scope.service.usage.count(
      texts: body.prompts.count, tokens: prompt + tokens, pack: answers.first?.route.first?.pack,
      by: scope.caller)
  }
}
