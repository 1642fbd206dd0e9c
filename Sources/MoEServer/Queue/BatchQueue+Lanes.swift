import Foundation
import MoEBase
import MoEModel
import MoERuntime
import MoETensor

extension BatchQueue {
  /// What a lane does: batch after batch, until none will come.
  func work(lane: Int) {
    ThreadName.set("batches \(lane)")
    places?.stay(lane: lane)
    while let batch = nextBatch(lane: lane) {
      let start = clock.now
      for (_, parts) in groups(batch.parts) { answer(parts, lane: lane, pool: batch.pool) }
      end(
        batch, tokens: batch.parts.reduce(0) { $0 + $1.tokenCount },
        seconds: max((clock.now - start).seconds, 1e-6))
    }
  }

  /// Runs what may start threads: who waits for an answer goes on elsewhere.
  func roaming<Value>(lane: Int, _ body: () -> Value) -> Value {
    guard let places else { return body() }
    return places.roaming(lane: lane, body)
  }

  /// Parts that one call of the model can answer.
  private func groups(_ parts: [BatchPart]) -> [(key: GroupKey, parts: [BatchPart])] {
    var order: [GroupKey] = []
    var groups: [GroupKey: [BatchPart]] = [:]
    for part in parts {
      let key = GroupKey(part.ticket)
      if groups[key] == nil { order.append(key) }
      groups[key, default: []].append(part)
    }
    return order.map { ($0, groups[$0] ?? []) }
  }

  private struct GroupKey: Hashable {
    let live: ObjectIdentifier
    let isEmbedding: Bool
    let pack: Digest?

    init(_ ticket: Ticket) {
      live = ObjectIdentifier(ticket.live)
      switch ticket.work {
      case .answers: (isEmbedding, pack) = (false, nil)
      case .embeddings(let pack): (isEmbedding, self.pack) = (true, pack?.digest)
      }
    }
  }

  /// Answers the parts of a group; where one cannot be answered, the others are.
  private func answer(_ parts: [BatchPart], lane: Int, pool: ThreadPool) {
    guard let first = parts.first?.ticket else { return }
    func computed() -> Result<WorkResult, any Error> {
      Result { try compute(parts, like: first, pool: pool) }
    }
    let result = pool.threadCount > 1 ? roaming(lane: lane, computed) : computed()
    switch result {
    case .success(let result): roaming(lane: lane) { deliver(result, to: parts) }
    case .failure(let error):
      guard parts.count > 1 else { return roaming(lane: lane) { finish(first, .failure(error)) } }
      for part in parts { answer([part], lane: lane, pool: pool) }
    }
  }

  private func compute(
    _ parts: [BatchPart], like ticket: Ticket, pool: ThreadPool
  ) throws -> WorkResult {
    let requests = parts.flatMap(\.requests)
    let composition = ticket.live.composition
    switch ticket.work {
    case .answers: return .answers(try composition.answer(requests, pool: pool))
    case .embeddings(let pack):
      let encodings = requests.map(\.encoding)
      guard let pack else {
        return .embeddings(try composition.backbone.embed(encodings, pool: pool))
      }
      return .embeddings(try composition.mixture.embed(encodings, pack: pack, pool: pool))
    }
  }
}
