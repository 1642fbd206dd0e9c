import HTTPTypes
import MoEBase
import MoEModel
import MoEPackFormat
import MoERuntime

extension Route {
  /// `GET /v1/models`.
  static let models = Route(
    method: .get, path: "/v1/models", access: .key, operation: "listModels",
    summary: "Lists the backbone and the packs that this key may use",
    answer: ("application/json", Schema.models), isAudited: false
  ) { scope in
    let packs = scope.caller.view(of: scope.live).packs
    return RouteResponse([
      "object": "list",
      "generation": .integer(scope.live.composition.generation),
      "data": .array([scope.live.backboneJSON] + packs.map { scope.live.json(of: $0) }),
    ])
  }

  /// `GET /v1/models/{model}`.
  static let model = Route(
    method: .get, path: "/v1/models/{model}", access: .key, operation: "retrieveModel",
    summary:
      "Tells of the backbone or a pack: tasks, labels with authorities, eval sets and claims",
    answer: ("application/json", Schema.model), statuses: [404], isAudited: false
  ) { scope in
    let name = scope.parameters["model"] ?? ""
    if name.utf8.elementsEqual(scope.live.composition.backbone.name.utf8) {
      return RouteResponse(scope.live.backboneJSON)
    }
    guard let pack = scope.live.pack(named: name), scope.caller.mayUse(pack) else {
      throw APIError.noModel(name)
    }
    guard case .object(let members) = scope.live.json(of: pack) else {
      return RouteResponse(.null)
    }
    return RouteResponse(.object(members + pack.detail))
  }
}

extension LiveComposition {
  /// The backbone, in OpenAI's shape and more.
  fileprivate var backboneJSON: JSONValue {
    let backbone = composition.backbone
    return [
      "id": .string(backbone.name), "object": "model", "created": .integer(createdAt),
      "owned_by": "backbone", "digest": .digest(backbone.digest),
      "kind": backbone.kind == .encoder ? "encoder" : "decoder",
      "width": .integer(backbone.width),
    ]
  }

  /// A pack, in OpenAI's shape and more.
  fileprivate func json(of pack: MountedPack) -> JSONValue {
    let manifest = pack.manifest
    return [
      "id": .string(pack.identity.name), "object": "model", "created": .integer(createdAt),
      "owned_by": .string(manifest.pack.namespace), "digest": .digest(pack.identity.digest),
      "kind": "pack", "version": .string(pack.identity.version),
      "release": .integer(manifest.release), "summary": .string(manifest.summary),
      "license": .string(manifest.license),
      "about": [
        "languages": .array(manifest.about.languages.map(JSONValue.string)),
        "jurisdictions": .array(manifest.about.jurisdictions.map(JSONValue.string)),
        "asOf": .string(manifest.about.asOf),
      ],
      "tasks": .array(
        manifest.tasks.map { ["name": .string($0.name), "kind": .string($0.kind.rawValue)] }),
    ]
  }
}

extension MountedPack {
  /// What is told of a pack that is asked for by name.
  fileprivate var detail: [JSONMember] {
    let labels: [JSONMember] = manifest.tasks.map { task in
      JSONMember(
        task.name,
        .object(
          task.labels.map { label in
            let shown = self.labels[task.name, label]
            var members = [JSONMember("title", .string(shown?.title ?? label))]
            if let authority = shown?.authority {
              members.append(JSONMember("authority", .string(authority)))
            }
            if let note = shown?.note { members.append(JSONMember("note", .string(note))) }
            return JSONMember(label, .object(members))
          }))
    }
    return [
      JSONMember("labels", .object(labels)),
      JSONMember(
        "evals",
        .array(
          manifest.evals.map { eval in
            [
              "name": .string(eval.name), "task": .string(eval.task),
              "metric": .string(eval.metric), "value": .number(eval.value),
              "floor": .number(eval.floor), "examples": .integer(eval.examples),
            ]
          })),
    ]
  }
}
