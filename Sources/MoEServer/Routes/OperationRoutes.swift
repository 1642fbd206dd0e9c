import MoEPackFormat
import MoEModel
import HTTPTypes
import Foundation
import MoEBase
import MoERuntime
import MoEStore

extension Route {
  /// `POST /v1/feedback`.
  static let feedback = Route(
    method: .post, path: "/v1/feedback", access: .key, operation: "feedback",
    summary: "Records what the right answer would have been, for a later calibration",
    body: Schema.feedback, answer: ("application/json", Schema.recorded), statuses: [404]
  ) { scope in
    var reader = try scope.reader()
    let request = try reader.string("request")
    guard request.hasPrefix("req_"), request.utf8.count == 28,
      request.utf8.dropFirst(4).allSatisfy({
        (0x30...0x39).contains($0) || (0x61...0x66).contains($0)
      })
    else {
      throw APIError.invalid(
        "request", expected: "the id of an answer, `req_` and 24 hexadecimal digits",
        got: "`\(request.printable)`")
    }
    var line: [JSONMember] = [
      JSONMember("time", .string(scope.service.timestamp)),
      JSONMember("request", .string(request)), JSONMember("key", .string(scope.caller.id)),
    ]
    if let text = try reader.optionalString("text") {
      line.append(JSONMember("text", .string(text)))
    }
    switch try reader.value("expect") {
    case "none": line.append(JSONMember("expect", "none"))
    case .object:
      var expect = try reader.object("expect")
      let name = try expect.string("pack")
      guard let pack = scope.live.pack(named: name), scope.caller.mayUse(pack) else {
        throw APIError.noModel(name, param: "expect.pack")
      }
      let task = try expect.string("task")
      let known = pack.manifest.task(task)
      // Of a `tag` task the right answer is any number of labels.
      let isTag = known?.kind == .tag
      let labels = isTag ? try expect.strings("labels") : [try expect.string("label")]
      let ids = Set((known?.labels ?? []).map { Array($0.utf8) })
      guard known != nil, labels.allSatisfy({ ids.contains(Array($0.utf8)) }) else {
        throw APIError.invalid(
          "expect.label", expected: "a task and a label of `\(name)`", got: "others")
      }
      try expect.finish()
      let told = labels.map(JSONValue.string)
      line.append(
        JSONMember(
          "expect",
          .object([
            JSONMember("pack", .string(name)), JSONMember("digest", .digest(pack.identity.digest)),
            JSONMember("task", .string(task)),
            isTag ? JSONMember("labels", .array(told)) : JSONMember("label", told[0]),
          ])))
    case let other:
      throw APIError.invalid(
        "expect", expected: "`none`, or a pack, task and label", got: other.kind)
    }
    if let comment = try reader.optionalString("comment") {
      line.append(JSONMember("comment", .string(comment)))
    }
    try reader.finish()
    guard scope.service.feedback.append(.object(line)) else {
      throw APIError(
        .internalServerError, "not-recorded", "the correction could not be written",
        hint: "it is lost; tell the operator")
    }
    return RouteResponse(["recorded": true, "request": .string(request)])
  }

  /// `GET /v1/usage`.
  static let usage = Route(
    method: .get, path: "/v1/usage", access: .key, operation: "usage",
    summary: "How much each key used each pack: one's own, or for an administrator everybody's",
    answer: ("application/json", Schema.usage), isAudited: false
  ) { scope in
    RouteResponse(
      scope.service.usage.json(
        key: scope.caller.role == .administrator ? nil : scope.caller.id))
  }

  /// `POST /v1/usage/receipts`.
  static let receipt = Route(
    method: .post, path: "/v1/usage/receipts", access: .key, operation: "createUsageReceipt",
    summary: "Signs what `/v1/usage` says: a numbered in-toto statement in a DSSE envelope",
    answer: ("application/json", Schema.envelope), statuses: [404]
  ) { scope in
    guard let key = scope.service.options.receiptKey else {
      throw APIError(
        .notFound, "no-receipt-key", "this server signs no receipts",
        hint: "nothing was done; the operator serves with `--receipt-key KEY`")
    }
    let (number, counts) = scope.service.usage.receipt(
      key: scope.caller.role == .administrator ? nil : scope.caller.id)
    let receipt = UsageReceipt(
      counts: counts, number: number, server: scope.service.name, time: scope.service.timestamp,
      with: key)
    return RouteResponse(bytes: receipt.envelope, type: "application/json")
  }

  /// `GET /v1/stats`.
  static let stats = Route(
    method: .get, path: "/v1/stats", access: .key, operation: "stats",
    summary: "Requests a second and latencies of the last ten seconds, and what waits",
    answer: ("application/json", Schema.stats), isAudited: false
  ) { scope in
    let service = scope.service
    let summary = service.metrics.summary
    return RouteResponse([
      "generation": .integer(scope.live.composition.generation),
      "requestsPerSecond": .number(summary.perSecond),
      "medianSeconds": .number(summary.median), "p99Seconds": .number(summary.p99),
      "queueDepth": .integer(service.queue.depth),
      "connections": .integer(service.connections.count),
      "switches": .integer(service.holder.following.switchCount),
      "compositions": .integer(service.follower.census.count),
    ])
  }
}
