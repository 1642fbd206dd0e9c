import Foundation
import HTTPTypes
import MoEBase

/// What a request is refused with: a status, and `{"error": {"message", "type", "param", "code"}}`.
///
/// ``init(_:)`` is the one place where errors become responses.
struct APIError: Error, Sendable {
  /// The HTTP status.
  let status: HTTPResponse.Status
  /// A stable word for machines.
  let code: String
  /// What happened, where, expected and got.
  let message: String
  /// What to do now.
  let hint: String
  /// The member of the request that is wrong, as a path; `nil` where none is.
  var param: String?
  /// Seconds after which it is worth another try.
  var retryAfter: Int?
  /// The methods that the path has, where another was used.
  var allow: String?

  init(
    _ status: HTTPResponse.Status, _ code: String, _ message: String, hint: String,
    param: String? = nil, retryAfter: Int? = nil, allow: String? = nil
  ) {
    self.status = status
    self.code = code
    self.message = message
    self.hint = hint
    self.param = param
    self.retryAfter = retryAfter
    self.allow = allow
  }

  /// Maps any error.
  init(_ error: any Error) {
    switch error {
    case let error as APIError: self = error
    case let error as JSONSyntaxError:
      self.init(
        .badRequest, "json-syntax",
        "the body is not JSON as RFC 8259 has it: \(error.reason), at byte \(error.offset)",
        hint: "nothing was done; send one JSON object in UTF-8")
    case let error as JSONSchemaError:
      self.init(
        .badRequest, "json-schema",
        "`\(error.path.printable)`: expected \(error.expected), got \(error.got.printable)",
        hint: "nothing was done; `/openapi.json` describes every request",
        param: error.path.printable)
    case is CancellationError: self = .clientClosed
    case let error as any ActionableError:
      self.init(
        Self.status(of: error.exitCode), error.code, error.message, hint: error.hint)
    default:
      self.init(
        .internalServerError, "internal", "the request failed in a way that was not expected",
        hint: "tell the operator the request's id; the server's log has the reason")
    }
  }

  private static func status(of code: MoEBase.ExitCode) -> HTTPResponse.Status {
    switch code {
    case .usage, .badData: .badRequest
    case .notFound: .notFound
    case .regression: .conflict
    case .trust: .forbidden
    case .locked: .serviceUnavailable
    default: .internalServerError
    }
  }

  /// OpenAI's word for the kind of error.
  var type: String {
    switch status.code {
    case 401: "authentication_error"
    case 403: "permission_error"
    case 404: "not_found_error"
    case 429: "rate_limit_error"
    case 400..<500: "invalid_request_error"
    default: "server_error"
    }
  }

  /// The body of the response.
  var json: JSONValue {
    [
      "error": [
        "message": .string(message), "type": .string(type),
        "param": param.map(JSONValue.string) ?? .null, "code": .string(code),
        "hint": .string(hint),
      ]
    ]
  }

  // MARK: - What several routes refuse

  /// The client went away before it had its answer.
  static let clientClosed = APIError(
    .init(code: 499, reasonPhrase: "Client Closed Request"), "client-closed",
    "the client closed its side of the connection before it was answered",
    hint: "keep the connection open until the answer is there")

  /// A pack or backbone that is not there for this caller.
  static func noModel(_ name: String, param: String = "model") -> APIError {
    APIError(
      .notFound, "model_not_found",
      "there is no model `\(name.printable)`, expected the backbone or an installed pack that this key may use",
      hint: "no other pack answered in its place; `GET /v1/models` lists them", param: param)
  }

  /// A value out of its range.
  static func invalid(_ param: String, expected: String, got: String) -> APIError {
    APIError(JSONSchemaError(path: param, expected: expected, got: got))
  }
}

extension String {
  /// The text with control characters escaped, cut to a length that a message can hold.
  var printable: String {
    var result = ""
    for scalar in unicodeScalars.prefix(200) {
      switch scalar.properties.generalCategory {
      case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse:
        result += "\\u{\(String(scalar.value, radix: 16))}"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return unicodeScalars.count > 200 ? result + "…" : result
  }
}
