import HTTPTypes
import Foundation
import MoEBase
import MoEModel
import MoERuntime

extension Route {
  /// `POST /v1/embeddings`.
  static let embeddings = Route(
    method: .post, path: "/v1/embeddings", access: .key, operation: "createEmbedding",
    summary: "Embeds texts, in OpenAI's shape: by the backbone, or in a pack's expert space",
    body: Schema.embeddingRequest, answer: ("application/json", Schema.embeddings),
    statuses: [404, 429]
  ) { scope in
    let body = try EmbeddingBody(scope)
    let live = scope.live
    let encodings = try TextBody.encodings(
      of: body.texts, on: live, limits: scope.service.options.limits)
    let result = try await scope.service.queue.run(
      encodings.map { MixtureRequest($0) }, .embeddings(body.pack), on: live)
    guard case .embeddings(let values) = result else { return RouteResponse(.null) }
    let tokens = encodings.reduce(0) { $0 + $1.tokenCount }
    scope.service.usage.count(
      texts: body.texts.count, tokens: tokens, pack: body.pack, by: scope.caller)
    scope.audit.add("texts", .integer(body.texts.count))
    let width = live.composition.backbone.width
    return RouteResponse([
      "object": "list", "model": .string(body.model),
      "data": .array(
        encodings.indices.map { index in
          let row = values[index * width..<(index + 1) * width]
          return [
            "object": "embedding", "index": .integer(index),
            "embedding": body.isBase64 ? base64(row) : .array(row.map(JSONValue.float)),
          ]
        }),
      "usage": ["prompt_tokens": .integer(tokens), "total_tokens": .integer(tokens)],
    ])
  }

  /// Little-endian `Float`s, as OpenAI's clients expect them.
  private static func base64(_ values: ArraySlice<Float>) -> JSONValue {
    var data = Data(capacity: values.count * 4)
    for value in values {
      withUnsafeBytes(of: value.bitPattern.littleEndian) { data.append(contentsOf: $0) }
    }
    return .string(data.base64EncodedString())
  }
}

/// The body of `/v1/embeddings`.
private struct EmbeddingBody {
  let texts: [String]
  let model: String
  let pack: PackIdentity?
  let isBase64: Bool

  init(_ scope: RequestScope) throws {
    var reader = try scope.reader()
    let backbone = scope.live.composition.backbone
    model = try reader.string("model")
    if model.utf8.elementsEqual(backbone.name.utf8) {
      pack = nil
    } else if let named = scope.live.pack(named: model), scope.caller.mayUse(named) {
      guard backbone.kind == .encoder else {
        throw BackboneError.wrongKind(name: backbone.name, kind: .decoder)
      }
      pack = named.identity
    } else {
      throw APIError.noModel(model)
    }
    switch try reader.optionalString("encoding_format") ?? "float" {
    case "float": isBase64 = false
    case "base64": isBase64 = true
    case let other:
      throw APIError.invalid(
        "encoding_format", expected: "`float` or `base64`", got: "`\(other.printable)`")
    }
    if reader.optional("dimensions") != nil {
      let wanted = try reader.integer("dimensions", in: 1...Int.max)
      guard wanted == backbone.width else {
        throw APIError.invalid(
          "dimensions", expected: "\(backbone.width), the width of this model", got: "\(wanted)")
      }
    }
    _ = try reader.optionalString("user")
    let most = scope.service.options.limits.textCount
    switch try reader.value("input") {
    case .string(let text): texts = [text]
    case .array(let values):
      guard (1...most).contains(values.count) else {
        throw APIError.invalid("input", expected: "1 to \(most) texts", got: "\(values.count)")
      }
      texts = try values.enumerated().map { index, value in
        guard case .string(let text) = value else {
          throw APIError.invalid(
            "input[\(index)]", expected: "a text (this server takes no token ids)",
            got: value.kind)
        }
        return text
      }
    case let other:
      throw APIError.invalid("input", expected: "a text or a list of texts", got: other.kind)
    }
    if let index = texts.firstIndex(where: \.isEmpty) {
      throw APIError.invalid(
        texts.count == 1 ? "input" : "input[\(index)]", expected: "at least one character",
        got: "an empty text")
    }
    try reader.finish()
  }
}
