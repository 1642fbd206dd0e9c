import HTTPTypes
import Foundation
import MoEBase
import MoEPackFormat
import MoERuntime
import MoEStore

extension Route {
  /// `GET /v1/generations`.
  static let generations = Route(
    method: .get, path: "/v1/generations", access: .administrator, operation: "listGenerations",
    summary:
      "The newest generations of the store, oldest first, with what the regression suite said",
    query: [
      Query(
        name: "limit", about: "The most of them; 100 where it does not stand.",
        schema: ["type": "integer", "minimum": 1, "maximum": 1000], isRequired: false)
    ],
    answer: ("application/json", ["type": "object"])
  ) { scope in
    let text = scope.query["limit"] ?? "100"
    guard let limit = Int(text), (1...1000).contains(limit) else {
      throw APIError.invalid(
        "limit", expected: "a whole number from 1 to 1000", got: "`\(text.printable)`")
    }
    let history = try await scope.offPool {
      try scope.service.source.openStore()?.history(newest: limit) ?? []
    }
    return RouteResponse([
      "active": .integer(history.last?.id ?? 0),
      "serving": .integer(scope.live.composition.generation),
      "generations": .array(history.map(\.serverJSON)),
    ])
  }

  /// `GET /v1/generations/diff`.
  static let generationDiff = Route(
    method: .get, path: "/v1/generations/diff", access: .administrator,
    operation: "diffGenerations", summary: "What is different between two generations",
    query: [
      Query(
        name: "before", about: "The one generation.", schema: ["type": "integer", "minimum": 0]),
      Query(
        name: "after", about: "The other generation.", schema: ["type": "integer", "minimum": 0]),
    ],
    answer: ("application/json", ["type": "object"]), statuses: [404]
  ) { scope in
    func number(_ name: String) throws(APIError) -> Int {
      guard let text = scope.query[name], let number = Int(text), number >= 0 else {
        throw APIError.invalid(
          name, expected: "the number of a generation",
          got: scope.query[name].map { "`\($0.printable)`" } ?? "nothing")
      }
      return number
    }
    let (before, after) = (try number("before"), try number("after"))
    let diff = try await scope.offPool {
      guard let store = try scope.service.source.openStore() else {
        throw StoreError.noGeneration(id: max(before, after), newest: 0)
      }
      return GenerationDiff(try store.generation(before), try store.generation(after))
    }
    return RouteResponse([
      "before": .integer(before), "after": .integer(after),
      "added": .array(diff.added.map(\.serverJSON)),
      "removed": .array(diff.removed.map(\.serverJSON)),
      "replaced": .array(
        diff.replaced.map { ["before": $0.before.serverJSON, "after": $0.after.serverJSON] }),
      "threshold": [
        "before": .number(diff.first.threshold), "after": .number(diff.second.threshold),
      ],
      "results": .array(diff.results.map(\.json)),
    ])
  }

  /// `POST /v1/rollback`.
  static let rollback = Route(
    method: .post, path: "/v1/rollback", access: .administrator, operation: "rollback",
    summary: "Brings back the packs of an earlier generation, as a new generation",
    body: Schema.rollback, answer: ("application/json", ["type": "object"]),
    statuses: [404, 409, 503]
  ) { scope in
    var reader = try scope.reader()
    let generation = try reader.integer("generation", in: 0...Int.max)
    let isProven =
      reader.optional("no_eval") == nil ? true : !(try reader.boolean("no_eval"))
    try reader.finish()
    let made = try await scope.offPool {
      try scope.service.options.rollback(generation, scope.caller.id, isProven)
    }
    // On another thread: that one gave way.
    try await scope.offPool { scope.service.follower.step() }
    scope.audit.add("restored", .integer(generation))
    return RouteResponse(made.serverJSON)
  }
}

extension RequestScope {
  /// Runs what blocks on a thread of its own.
  func offPool<Result: Sendable>(
    _ body: @escaping @Sendable () throws -> Result
  ) async throws -> Result {
    try await withCheckedThrowingContinuation { continuation in
      Thread.detachNewThread {
        continuation.resume(with: Swift.Result { try body() })
      }
    }
  }
}

extension Generation {
  /// One generation, for administrators.
  fileprivate var serverJSON: JSONValue {
    [
      "generation": .integer(id), "parent": parent.map(JSONValue.integer) ?? .null,
      "createdAt": createdAt.map(JSONValue.string) ?? .null, "actor": .string(actor),
      "action": .string(action), "reason": reason.map(JSONValue.string) ?? .null,
      "proven": .boolean(isProven), "kept": .boolean(isKept), "threshold": .number(threshold),
      "packs": .array(packs.map(\.serverJSON)), "report": report ?? .null,
    ]
  }
}

extension InstalledPack {
  fileprivate var serverJSON: JSONValue {
    [
      "pack": .string(name.description), "version": .string(version.description),
      "release": .integer(release), "digest": .digest(digest),
    ]
  }
}
