import MoEBase
import MoEModel
import Synchronization

/// What the audit log is told of one request: never its text.
final class AuditNote: Sendable {
  private let members = Mutex<[JSONMember]>([])

  /// Notes which packs the caller was kept from, and why.
  func masked(_ entitlements: Entitlements) {
    guard !entitlements.masked.isEmpty else { return }
    add(
      "masked",
      .object(entitlements.masked.map { JSONMember($0.pack.name, .string($0.reason)) }))
  }

  /// Notes which packs answered.
  func answered(_ answers: [Answer]) {
    add("texts", .integer(answers.count))
    let packs = Set(answers.flatMap { $0.route.map { "\($0.pack.name)@\($0.pack.digest.short)" } })
    add("packs", .array(packs.sorted().map(JSONValue.string)))
  }

  /// Notes something else.
  func add(_ key: String, _ value: JSONValue) {
    members.withLock { $0.append(JSONMember(key, value)) }
  }

  /// The line of the log.
  func line(
    time: String, request: String, key: String?, route: String, status: Int, code: String?,
    generation: Int?
  ) -> JSONValue {
    var line: [JSONMember] = [
      JSONMember("time", .string(time)), JSONMember("request", .string(request)),
      JSONMember("key", key.map(JSONValue.string) ?? .null), JSONMember("route", .string(route)),
      JSONMember("status", .integer(status)),
    ]
    if let code { line.append(JSONMember("code", .string(code))) }
    if let generation { line.append(JSONMember("generation", .integer(generation))) }
    return .object(line + members.withLock { $0 })
  }
}
