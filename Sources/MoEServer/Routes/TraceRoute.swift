import HTTPTypes
import MoEBase
import MoEModel
import MoERuntime

extension Route {
  /// `POST /v1/trace`.
  static let trace = Route(
    method: .post, path: "/v1/trace", access: .administrator, operation: "trace",
    summary: "Which experts took which tokens of a text; a trace can reveal the text",
    body: Schema.traceRequest, answer: ("application/json", Schema.trace), statuses: [413, 429]
  ) { scope in
    var reader = try scope.reader()
    let text = try reader.string("text")
    try reader.finish()
    guard !text.allSatisfy(\.isWhitespace) else {
      throw APIError.invalid(
        "text", expected: "at least one character that is not white space", got: "none")
    }
    let mixture = scope.live.composition.mixture
    let encoding = try TextBody.encodings(
      of: [text], on: scope.live, limits: scope.service.options.limits)[0]
    let answers = try await scope.answers(to: [text], options: AnswerOptions())
    let pool = scope.service.options.pool
    let traces = try await scope.offPool {
      try mixture.traces(of: encoding, answer: answers[0], pool: pool)
    }
    let tokenizer = mixture.backbone.tokenizer
    return RouteResponse([
      "id": .string(scope.id), "generation": .integer(scope.live.composition.generation),
      "tokens": .array(encoding.ids.map { .string(tokenizer.token($0) ?? "") }),
      "layers": .array(
        traces.map { trace in
          [
            "pack": trace.pack.map { .string($0.name) } ?? .null, "layer": .integer(trace.layer),
            "shares": .array(trace.shares.map(JSONValue.number)),
            "tokens": .array(trace.tokens.map { .array($0.map(JSONValue.integer)) }),
          ]
        }),
    ])
  }
}
