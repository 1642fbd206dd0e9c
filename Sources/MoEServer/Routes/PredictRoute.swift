import HTTPTypes
import MoEBase
import MoEModel
import MoERuntime

extension Route {
  /// `POST /v1/predict`.
  static let predict = Route(
    method: .post, path: "/v1/predict", access: .key, operation: "predict",
    summary:
      "Answers texts: which packs are responsible, with what weight, and the labels they give",
    body: Schema.textRequest, answer: ("application/json", Schema.predictions),
    statuses: [404, 429]
  ) { scope in
    let body = try TextBody(scope)
    let answers = try await scope.answers(body)
    return RouteResponse(
      scope.document(
        answers.map { scope.live.composition.json(of: $0, labels: body.labels) },
        tokens: answers.reduce(0) { $0 + $1.tokenCount }))
  }

  /// `POST /v1/route`.
  static let route = Route(
    method: .post, path: "/v1/route", access: .key, operation: "route",
    summary: "Tells which packs are responsible for texts, and nothing of their labels",
    body: Schema.textRequest, answer: ("application/json", Schema.routes), statuses: [404, 429]
  ) { scope in
    let body = try TextBody(scope)
    let answers = try await scope.answers(body)
    return RouteResponse(
      scope.document(
        answers.map { answer in
          guard case .object(let members) = scope.live.composition.json(of: answer) else {
            return .null
          }
          return .object(members.filter { $0.key != "predictions" })
        }, tokens: answers.reduce(0) { $0 + $1.tokenCount }))
  }
}

extension RequestScope {
  /// Waits for the answers to a body's texts, counts them and notes them for the audit.
  func answers(_ body: TextBody) async throws -> [Answer] {
    try await answers(to: body.texts, options: body.options)
  }

  /// Waits for the answers to texts.
  func answers(to texts: [String], options: AnswerOptions) async throws -> [Answer] {
    let encodings = try TextBody.encodings(
      of: texts, on: live, limits: service.options.limits)
    let result = try await service.queue.run(
      encodings.map { MixtureRequest($0, options: options) }, .answers, on: live)
    guard case .answers(let answers) = result else { return [] }
    service.usage.count(answers, by: caller)
    audit.answered(answers)
    return answers
  }

  /// What every answer to texts says around its results.
  func document(_ results: [JSONValue], tokens: Int) -> JSONValue {
    [
      "id": .string(id), "generation": .integer(live.composition.generation),
      "composition": .digest(live.composition.digest), "results": .array(results),
      "usage": ["texts": .integer(results.count), "tokens": .integer(tokens)],
    ]
  }
}
