import HTTPTypes
import MoEBase
import MoERuntime

extension Route {
  /// `GET /livez`.
  static let live = Route(
    method: .get, path: "/livez", access: .open, operation: "live",
    summary: "Says that the process answers", answer: ("application/json", Schema.status),
    isAudited: false
  ) { _ in RouteResponse(["status": "ok"]) }

  /// `GET /readyz`.
  static let ready = Route(
    method: .get, path: "/readyz", access: .open, operation: "ready",
    summary: "Says which generation answers, and why it is not the store's newest where it is not",
    answer: ("application/json", Schema.readiness), isAudited: false
  ) { scope in RouteResponse(scope.readiness) }

  /// `GET /health`.
  static let health = Route(
    method: .get, path: "/health", access: .open, operation: "health",
    summary: "The same as `/readyz`", answer: ("application/json", Schema.readiness),
    isAudited: false
  ) { scope in RouteResponse(scope.readiness) }

  /// `GET /version`.
  static let version = Route(
    method: .get, path: "/version", access: .key, operation: "version",
    summary: "The program's version", answer: ("application/json", Schema.version),
    isAudited: false
  ) { scope in
    RouteResponse(["program": "moe-pack", "version": .string(scope.service.options.version)])
  }

  /// `GET /metrics`.
  static let metrics = Route(
    method: .get, path: "/metrics", access: .administrator, operation: "metrics",
    summary: "The server's figures in Prometheus' text format",
    answer: ("text/plain; version=0.0.4; charset=utf-8", ["type": "string"]), isAudited: false
  ) { scope in
    let service = scope.service
    service.metrics.update(
      service.holder, compositionCount: service.follower.census.count,
      connectionCount: service.connections.count)
    return RouteResponse(
      bytes: Array(service.metrics.registry.text.utf8),
      type: "text/plain; version=0.0.4; charset=utf-8")
  }

  /// `GET /openapi.json`.
  static let openAPI = Route(
    method: .get, path: "/openapi.json", access: .key, operation: "openapi",
    summary: "This description", answer: ("application/json", ["type": "object"]),
    isAudited: false
  ) { scope in RouteResponse(OpenAPIDocument.json(version: scope.service.options.version)) }
}

extension RequestScope {
  fileprivate var readiness: JSONValue {
    let following = service.holder.following
    var members = [
      JSONMember("status", following.failure == nil ? "ok" : "degraded"),
      JSONMember("generation", .integer(live.composition.generation)),
    ]
    if let failure = following.failure {
      // Why stands in the log and for administrators: it may name packs that others must not know.
      var failing = [JSONMember]()
      failing.append(
        JSONMember(
          "generation", following.failedGeneration.map(JSONValue.integer) ?? .null))
      failing.append(
        JSONMember(
          "message",
          .string(
            service.keys.isLocked
              ? "the store's newest generation cannot be loaded; the one before it answers, under its own number"
              : failure)))
      members.append(JSONMember("failing", .object(failing)))
    }
    return .object(members)
  }
}
