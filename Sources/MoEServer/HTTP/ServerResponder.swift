import Foundation
import HTTPTypes
import Hummingbird
import MoEBase
import MoERuntime
import NIOCore

/// Takes a request to its route: whose it is, whether it may, what it says; and answers, in whatever way.
struct ServerResponder: HTTPResponder {
  typealias Context = ServerContext

  let service: MoEService
  /// Whether requests come through the administrator's socket.
  let isSocket: Bool

  /// Never throws: every failure is a response.
  func respond(to request: Request, context: ServerContext) async throws -> Response {
    let start = ContinuousClock.now
    let id = Self.makeID()
    let note = AuditNote()
    var route: Route?
    var caller: Caller?
    var failure: APIError?
    var response: Response
    var generation: Int?
    do {
      let (found, parameters) = try find(request)
      route = found
      if !isSocket { try service.checkHost(request.head.authority) }
      let asking = try self.caller(of: request, for: found)
      caller = asking
      let body = try await self.body(of: request, for: found)
      let live = service.holder.live
      generation = live.composition.generation
      let scope = RequestScope(
        service: service, live: live, caller: asking, id: id, body: body, parameters: parameters,
        query: Self.query(of: request), audit: note)
      // A connection that is gone by now has no life any more: nobody waits for the answer.
      guard let life = service.connections.life(of: context.channel) else {
        throw APIError.clientClosed
      }
      let answer = try await life.run { try await found.handle(scope) }
      response = Self.response(answer)
    } catch {
      let mapped = APIError(error)
      if mapped.code == "internal" { service.report("request \(id): \(error)") }
      failure = mapped
      response = mapped.response
    }
    finish(&response, id: id, generation: generation, isHead: request.method == .head)
    service.metrics.count(
      route: route?.operation ?? "unknown", status: Int(response.status.code),
      seconds: (ContinuousClock.now - start).seconds, isWork: route?.isAudited ?? false)
    if let route, route.isAudited || failure?.status == .unauthorized {
      service.audit.post(
        note.line(
          time: service.timestamp, request: id, key: caller?.id, route: route.operation,
          status: Int(response.status.code), code: failure?.code, generation: generation))
    }
    return response
  }

  // MARK: - The request

  private func find(_ request: Request) throws(APIError) -> (Route, [String: String]) {
    let path = (request.head.path ?? "/").split(
      separator: "?", maxSplits: 1, omittingEmptySubsequences: false)[0]
    let segments = path.split(separator: "/", omittingEmptySubsequences: false)
    var allowed: [String] = []
    for route in service.routes {
      guard let parameters = route.parameters(of: segments) else { continue }
      if route.method == request.method || (request.method == .head && route.method == .get) {
        return (route, parameters)
      }
      allowed.append(route.method.rawValue)
      if route.method == .get { allowed.append("HEAD") }
    }
    guard allowed.isEmpty else {
      throw APIError(
        .methodNotAllowed, "method-not-allowed",
        "`\(String(path).printable)` does not take \(request.method.rawValue.printable), expected "
          + allowed.joined(separator: " or "),
        hint: "nothing was done; `/openapi.json` lists every address",
        allow: allowed.joined(separator: ", "))
    }
    throw APIError(
      .notFound, "no-such-address", "there is nothing at `\(String(path).printable)`",
      hint: "nothing was done; `/openapi.json` lists every address")
  }

  private func caller(of request: Request, for route: Route) throws(APIError) -> Caller {
    if isSocket { return .socket }
    if case .open = route.access { return .local }
    let caller = try service.keys.caller(authorization: request.headers[.authorization])
    if case .administrator = route.access, caller.role != .administrator {
      throw APIError(
        .forbidden, "administrators-only",
        service.keys.isLocked
          ? "this is for administrators, and the key `\(caller.id)` is a tenant's"
          : "this is for administrators, and the server has no keys",
        hint: service.keys.isLocked
          ? "nothing was done; ask with an administrator's key"
          : "nothing was done; serve with `--keys FILE` or `--admin-socket PATH`")
    }
    return caller
  }

  private func body(of request: Request, for route: Route) async throws -> JSONValue {
    guard route.body != nil else { return .null }
    let limit = service.options.limits.bodySizeBytes
    let tooLarge = APIError(
      .contentTooLarge, "body-too-large", "the body has more than \(limit) bytes",
      hint: "nothing was done; send fewer texts at a time")
    let type = request.headers[.contentType] ?? ""
    let media = type.split(separator: ";")[safe: 0]?.trimmingCharacters(in: .whitespaces) ?? ""
    guard media.lowercased() == "application/json" else {
      throw APIError(
        .unsupportedMediaType, "media-type",
        "the body is `\(type.printable)`, expected `application/json`",
        hint: "nothing was done; send JSON, with that `Content-Type`")
    }
    if let length = request.headers[.contentLength].flatMap({ Int($0) }), length > limit {
      throw tooLarge
    }
    let buffer: ByteBuffer
    do {
      buffer = try await request.body.collect(upTo: limit)
    } catch is NIOTooManyBytesError {
      throw tooLarge
    } catch {
      throw APIError(
        .badRequest, "request-incomplete", "the connection ended before the body was whole",
        hint: "nothing was done; send the whole request")
    }
    return try JSONValue(
      parsing: Array(buffer.readableBytesView),
      limits: JSONLimits(depth: service.options.limits.jsonDepth, values: 1 << 20))
  }

  private static func query(of request: Request) -> [String: String] {
    Dictionary(
      request.uri.queryParameters.map { (String($0.key), String($0.value)) },
      uniquingKeysWith: { first, _ in first })
  }

  // MARK: - The response

  private static func response(_ answer: RouteResponse) -> Response {
    var fields = HTTPFields()
    fields[.contentType] = answer.type
    if let length = answer.length { fields[.contentLength] = "\(length)" }
    return Response(status: answer.status, headers: fields, body: answer.body)
  }

  private func finish(_ response: inout Response, id: String, generation: Int?, isHead: Bool) {
    response.headers[Self.requestID] = id
    if let generation { response.headers[Self.generation] = "\(generation)" }
    response.headers[.cacheControl] = "no-store"
    response.headers[.xContentTypeOptions] = "nosniff"
    guard isHead else { return }
    // What a GET would have had, and none of it.
    let length = response.headers[.contentLength]
    response.body = ResponseBody()
    response.headers[.contentLength] = length
  }

  // swift-format-ignore: NeverForceUnwrap
  private static let requestID = HTTPField.Name("X-Request-Id")!
  // swift-format-ignore: NeverForceUnwrap
  private static let generation = HTTPField.Name("X-Moe-Pack-Generation")!

  private static func makeID() -> String {
    "req_" + Digest.hex((0..<12).map { _ in UInt8.random(in: 0...255) })
  }
}

extension Array {
  /// The element at `index`, where there is one.
  fileprivate subscript(safe index: Int) -> Element? { indices.contains(index) ? self[index] : nil }
}
