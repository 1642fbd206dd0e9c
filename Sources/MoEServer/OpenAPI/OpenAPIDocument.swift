import HTTPTypes
import MoEBase

/// The OpenAPI 3.1 description, made from the very routes that answer.
enum OpenAPIDocument {
  /// The document.
  static func json(version: String) -> JSONValue {
    var paths: [String: [JSONMember]] = [:]
    var order: [String] = []
    for route in Route.all {
      if paths[route.path] == nil { order.append(route.path) }
      paths[route.path, default: []].append(
        JSONMember(route.method.rawValue.lowercased(), operation(route)))
    }
    return [
      "openapi": "3.1.0",
      "info": [
        "title": "moe-pack", "version": .string(version),
        "description":
          "A mixture of signed domain packs on one shared backbone, answering while packs come and go.",
        "license": ["name": "Apache-2.0", "identifier": "Apache-2.0"],
      ],
      "servers": [["url": "/"]],
      "paths": .object(order.map { JSONMember($0, .object(paths[$0] ?? [])) }),
      "components": [
        "schemas": ["Error": Schema.error],
        "securitySchemes": ["key": ["type": "http", "scheme": "bearer"]],
      ],
    ]
  }

  private static func operation(_ route: Route) -> JSONValue {
    var members: [JSONMember] = [
      JSONMember("operationId", .string(route.operation)),
      JSONMember("summary", .string(route.summary)),
      JSONMember("parameters", .array(parameters(route))),
    ]
    if let body = route.body {
      members.append(
        JSONMember(
          "requestBody",
          ["required": true, "content": ["application/json": ["schema": body]]]))
    }
    members.append(JSONMember("responses", .object(responses(route))))
    if case .open = route.access {
      members.append(JSONMember("security", []))
    } else {
      members.append(JSONMember("security", [["key": []]]))
    }
    return .object(members)
  }

  private static func parameters(_ route: Route) -> [JSONValue] {
    let path = route.path.split(separator: "/").filter { $0.hasPrefix("{") }.map {
      segment -> JSONValue in
      [
        "name": .string(String(segment.dropFirst().dropLast())), "in": "path", "required": true,
        "schema": ["type": "string", "minLength": 1],
      ]
    }
    return path
      + route.query.map { query in
        [
          "name": .string(query.name), "in": "query", "required": .boolean(query.isRequired),
          "description": .string(query.about), "schema": query.schema,
        ]
      }
  }

  private static func responses(_ route: Route) -> [JSONMember] {
    let media = String(route.answer.type.split(separator: ";")[0])
    var answer: [JSONMember] = [
      JSONMember("description", "The answer"),
      JSONMember(
        "content", .object([JSONMember(media, ["schema": route.answer.schema])])),
    ]
    answer.append(JSONMember("headers", ["X-Request-Id": ["schema": ["type": "string"]]]))
    var statuses: Set<Int> = [400, 403, 408, 431]
    statuses.formUnion(route.statuses)
    if case .open = route.access {} else { statuses.insert(401) }
    if route.body != nil { statuses.formUnion([413, 415, 499]) }
    statuses.insert(503)
    return [JSONMember("200", .object(answer))]
      + statuses.sorted().map { status in
        JSONMember(
          "\(status)",
          [
            "description": .string(meaning[status] ?? "Refused"),
            "content": [
              "application/json": ["schema": ["$ref": "#/components/schemas/Error"]]
            ],
          ])
      }
  }

  private static let meaning: [Int: String] = [
    400: "The request is wrong", 401: "No key, or a wrong one",
    403: "Not for this key, or not by this host name", 404: "No such thing for this key",
    408: "The request came too slowly", 409: "The regression suite refused",
    413: "The body or its texts are too large", 415: "The body is not JSON",
    429: "The server is busy: try again after `Retry-After`", 431: "The head is too large",
    499: "The client closed the connection", 503: "The server is going down, or full",
  ]
}
