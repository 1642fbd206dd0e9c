import Foundation
import MoEBase
import MoEModel
import Synchronization

/// How much each key used each pack, since the ledger began.
final class UsageLedger: Sendable {
  /// One row: a key and a pack, or no pack.
  struct Row: Hashable, Comparable {
    let key: String
    /// `""` where the backbone alone answered, or no pack was responsible.
    let pack: String
    let digest: String

    static func < (left: Row, right: Row) -> Bool {
      (left.key, left.pack, left.digest) < (right.key, right.pack, right.digest)
    }
  }

  /// What is counted.
  struct Count: Equatable {
    var requests = 0
    var texts = 0
    var tokens = 0
  }

  private struct State {
    var since: String
    var receiptCount = 0
    var counts: [Row: Count] = [:]
    var isChanged = false
  }

  private let file: URL
  private let state: Mutex<State>

  /// Reads the ledger, or begins one.
  ///
  /// - Throws: ``ServerError/cannotWrite(path:reason:)`` where the file is not a ledger.
  init(_ file: URL, now: Date) throws(ServerError) {
    self.file = file
    guard let data = try? Data(contentsOf: file) else {
      state = Mutex(State(since: now.ISO8601Format()))
      return
    }
    do {
      state = Mutex(try Self.state(try JSONValue(parsing: Array(data))))
    } catch {
      throw .cannotWrite(path: file.path, reason: "it is not a ledger of usage: \(error)")
    }
  }

  private static func state(_ json: JSONValue) throws -> State {
    var reader = try JSONReader(json)
    var state = State(since: try reader.string("since"))
    state.receiptCount = try reader.integer("receipts", in: 0...Int.max)
    for source in try reader.objects("counts") {
      var row = source
      let pack = try row.optionalString("pack") ?? ""
      state.counts[
        Row(
          key: try row.string("key"), pack: pack, digest: try row.optionalString("digest") ?? "")
      ] = Count(
        requests: try row.integer("requests", in: 0...Int.max),
        texts: try row.integer("texts", in: 0...Int.max),
        tokens: try row.integer("tokens", in: 0...Int.max))
      try row.finish()
    }
    try reader.finish()
    return state
  }

  /// Counts the answers of a request.
  func count(_ answers: [Answer], by caller: Caller) {
    var rows: [Row: Count] = [:]
    for answer in answers {
      let packs = answer.route.isEmpty ? [nil] : answer.route.map { Optional($0.pack) }
      for pack in packs {
        rows[row(caller, pack), default: Count()].texts += 1
        rows[row(caller, pack), default: Count()].tokens += answer.tokenCount
      }
    }
    add(rows)
  }

  /// Counts the embeddings, or the tokens written, of a request.
  func count(texts: Int, tokens: Int, pack: PackIdentity?, by caller: Caller) {
    add([row(caller, pack): Count(texts: texts, tokens: tokens)])
  }

  private func row(_ caller: Caller, _ pack: PackIdentity?) -> Row {
    Row(key: caller.id, pack: pack?.name ?? "", digest: pack?.digest.description ?? "")
  }

  private func add(_ rows: [Row: Count]) {
    state.withLock { state in
      for (row, count) in rows {
        var sum = state.counts[row, default: Count()]
        sum.requests += 1
        sum.texts += count.texts
        sum.tokens += count.tokens
        state.counts[row] = sum
      }
      state.isChanged = true
    }
  }

  // MARK: - What it says

  /// The counts, of one key where one is named.
  func json(key: String?) -> JSONValue { state.withLock { Self.json($0, key: key) } }

  private static func json(_ state: State, key: String?) -> JSONValue {
    let rows = state.counts.filter { key == nil || $0.key.key == key }.sorted { $0.key < $1.key }
    return [
      "since": .string(state.since), "receipts": .integer(state.receiptCount),
      "counts": .array(
        rows.map { row, count in
          var members = [JSONMember("key", .string(row.key))]
          if !row.pack.isEmpty {
            members.append(JSONMember("pack", .string(row.pack)))
            members.append(JSONMember("digest", .string(row.digest)))
          }
          return .object(
            members + [
              JSONMember("requests", .integer(count.requests)),
              JSONMember("texts", .integer(count.texts)),
              JSONMember("tokens", .integer(count.tokens)),
            ])
        }),
    ]
  }

  /// The counts with a number that no other receipt of this ledger has.
  func receipt(key: String?) -> (number: Int, counts: JSONValue) {
    let result = state.withLock { state in
      state.receiptCount += 1
      state.isChanged = true
      return (state.receiptCount, Self.json(state, key: key))
    }
    try? save()
    return result
  }

  /// Brings the ledger to its file, whole or not at all.
  func save() throws {
    let bytes = state.withLock { state -> [UInt8]? in
      guard state.isChanged else { return nil }
      state.isChanged = false
      return Self.json(state, key: nil).bytes
    }
    guard let bytes else { return }
    do {
      try Data(bytes).write(to: file, options: .atomic)
    } catch {
      state.withLock { $0.isChanged = true }
      throw error
    }
  }
}
