import HTTPTypes
import MoEBase
import MoEModel
import MoERuntime

extension Route {
  /// `POST /v1/analyze`.
  static let analyze = Route(
    method: .post, path: "/v1/analyze", access: .key, operation: "analyze",
    summary:
      "Splits a document into passages and asks every permitted pack about each: JSON, or with `format` a page",
    body: Schema.analyzeRequest, answer: ("application/json", ["type": "object"]),
    statuses: [404, 429]
  ) { scope in
    let body = try AnalyzeBody(scope)
    let tokenizer = scope.live.composition.backbone.tokenizer
    let list = DocumentAnalysis.passages(
      of: body.text, isMarkdown: body.isMarkdown, tokenizer: tokenizer)
    let most = scope.service.options.limits.textCount
    guard list.passages.count <= most else {
      throw APIError(
        .contentTooLarge, "too-many-passages",
        "the document has \(list.passages.count) passages, expected at most \(most)",
        hint: "nothing was done; send it in parts")
    }
    let answers = try await scope.answers(
      to: list.passages.map(\.text),
      options: DocumentAnalysis.options(permitted: body.entitlements.permitted))
    let analysis = DocumentAnalysis(list, answers: answers, composition: scope.live.composition)
    guard !body.isPage else {
      return RouteResponse([
        "id": .string(scope.id), "html": .string(analysis.html(title: body.title)),
      ])
    }
    guard case .object(let members) = analysis.json else { return RouteResponse(.null) }
    return RouteResponse(.object([JSONMember("id", .string(scope.id))] + members))
  }
}

/// The body of `/v1/analyze`.
private struct AnalyzeBody {
  let text: String
  let title: String
  let isMarkdown: Bool
  let isPage: Bool
  let entitlements: Entitlements

  init(_ scope: RequestScope) throws {
    var reader = try scope.reader()
    text = try reader.string("text")
    guard !text.allSatisfy(\.isWhitespace) else {
      throw APIError.invalid(
        "text", expected: "at least one character that is not white space", got: "none")
    }
    title = try reader.optionalString("title") ?? "Analysis"
    isMarkdown = reader.optional("markdown") == nil ? false : try reader.boolean("markdown")
    switch try reader.optionalString("format") ?? "json" {
    case "json": isPage = false
    case "html": isPage = true
    case let other:
      throw APIError.invalid("format", expected: "`json` or `html`", got: "`\(other.printable)`")
    }
    entitlements = try TextBody.entitlements(&reader, scope)
    try reader.finish()
    scope.audit.masked(entitlements)
  }
}
