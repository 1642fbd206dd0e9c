import Foundation
import HTTPTypes
import Hummingbird
import MoEBase

/// One address of the server: who may ask it, what it takes and gives, and what it does.
struct Route: Sendable {
  /// Who may ask.
  enum Access: Sendable {
    /// Everybody.
    case open
    /// Who has a key.
    case key
    /// Who has an administrator's key, or comes through the socket.
    case administrator
  }

  /// A parameter after the `?` of an address.
  struct Query: Sendable {
    let name: String
    let about: String
    let schema: JSONValue
    var isRequired = true
  }

  let method: HTTPRequest.Method
  /// As OpenAPI writes it, `/v1/models/{model}`.
  ///
  /// The last parameter takes the rest of the path.
  let path: String
  let access: Access
  /// How OpenAPI calls it; also its label in `/metrics`.
  let operation: String
  let summary: String
  /// The schema of the body; `nil` where there is none.
  var body: JSONValue?
  /// What may stand after the `?`.
  var query: [Query] = []
  /// Media type and schema of what is given.
  var answer: (type: String, schema: JSONValue)
  /// The other statuses it may have, beside those that all have.
  var statuses: [Int] = []
  /// Whether requests are told apart in the audit log.
  var isAudited = true
  let handle: @Sendable (RequestScope) async throws -> RouteResponse

  /// The parameters, where the path fits.
  func parameters(of path: [Substring]) -> [String: String]? {
    let pattern = self.path.split(separator: "/", omittingEmptySubsequences: false)
    var parameters: [String: String] = [:]
    for (index, segment) in pattern.enumerated() {
      guard index < path.count else { return nil }
      guard segment.hasPrefix("{") else {
        guard segment.utf8.elementsEqual(path[index].utf8) else { return nil }
        continue
      }
      let name = String(segment.dropFirst().dropLast())
      let isLast = index == pattern.count - 1
      let raw = isLast ? path[index...].joined(separator: "/") : String(path[index])
      guard !raw.isEmpty, let text = raw.removingPercentEncoding else { return nil }
      parameters[name] = text
      if isLast { return parameters }
    }
    return pattern.count == path.count ? parameters : nil
  }
}

/// What a route answers.
struct RouteResponse: Sendable {
  var status = HTTPResponse.Status.ok
  var type = "application/json"
  var body: ResponseBody
  /// The bytes of the body, where they are known.
  var length: Int?

  /// A JSON document.
  init(_ json: JSONValue, status: HTTPResponse.Status = .ok) {
    self.init(bytes: json.bytes, type: "application/json")
    self.status = status
  }

  /// Bytes of some type.
  init(bytes: [UInt8], type: String) {
    self.type = type
    length = bytes.count
    body = ResponseBody(byteBuffer: ByteBuffer(bytes: bytes))
  }

  /// A stream.
  init(type: String, body: ResponseBody) {
    self.type = type
    self.body = body
  }
}

/// One request on its way through a route.
struct RequestScope: Sendable {
  let service: MoEService
  /// What answers it, from its beginning to its end.
  let live: LiveComposition
  let caller: Caller
  /// Its name, for the client, the log and corrections.
  let id: String
  /// The body; `null` where the route takes none.
  let body: JSONValue
  let parameters: [String: String]
  let query: [String: String]
  /// What the audit log is told.
  let audit: AuditNote

  /// The members of the body.
  func reader() throws(JSONSchemaError) -> JSONReader { try JSONReader(body) }
}
