import HTTPTypes
import Hummingbird
import MoEBase

extension APIError {
  /// The head's fields.
  func fields(length: Int) -> HTTPFields {
    var fields = HTTPFields()
    fields[.contentType] = "application/json"
    fields[.contentLength] = "\(length)"
    if let retryAfter { fields[.retryAfter] = "\(retryAfter)" }
    if let allow { fields[.allow] = allow }
    if status == .unauthorized { fields[.wwwAuthenticate] = "Bearer" }
    return fields
  }

  /// The whole response.
  var response: Response {
    let bytes = json.bytes
    return Response(
      status: status, headers: fields(length: bytes.count),
      body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
  }
}
