import HTTPTypes
import MoEBase
import MoEModel
import MoERuntime
import MoEStore

extension Route {
  /// The most generations that `/v1/evals` tells of.
  private static let mostMeasured = 200

  /// `GET /v1/evals`.
  static let evals = Route(
    method: .get, path: "/v1/evals", access: .key, operation: "listEvals",
    summary: "What the regression suite measured of a pack, generation by generation",
    query: [
      Query(name: "pack", about: "The name of an installed pack.", schema: ["type": "string"])
    ],
    answer: ("application/json", Schema.evals), statuses: [404], isAudited: false
  ) { scope in
    guard let name = scope.query["pack"] else {
      throw APIError.invalid("pack", expected: "the name of a pack", got: "nothing")
    }
    guard let pack = scope.live.pack(named: name), scope.caller.mayUse(pack) else {
      throw APIError.noModel(name, param: "pack")
    }
    let history = try await scope.offPool {
      try scope.service.source.openStore()?.history(newest: mostMeasured, isMeasured: true) ?? []
    }
    return RouteResponse([
      "pack": .string(pack.identity.name),
      "generation": .integer(scope.live.composition.generation),
      "history": .array(history.compactMap { $0.measurement(of: pack.identity.name) }),
    ])
  }
}

extension Generation {
  /// What the suite measured of a pack; `nil` where its report has nothing of it.
  fileprivate func measurement(of name: String) -> JSONValue? {
    guard case .array(let packs)? = report?["packs"],
      let own = packs.first(where: { $0["pack"]?.isText(name) == true })
    else { return nil }
    return [
      "generation": .integer(id), "createdAt": createdAt.map(JSONValue.string) ?? .null,
      "version": own["version"] ?? .null, "digest": own["digest"] ?? .null,
      "evals": own["evals"] ?? [],
    ]
  }
}

extension JSONValue {
  /// Whether this is that text, byte by byte.
  fileprivate func isText(_ text: String) -> Bool {
    if case .string(let own) = self { own.utf8.elementsEqual(text.utf8) } else { false }
  }
}
