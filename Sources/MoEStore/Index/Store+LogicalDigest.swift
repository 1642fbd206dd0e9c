import Foundation
import GRDB
public import MoEBase
import MoEPackFormat

extension Store {
  /// The digest of what the store means: two stores with the same one behave alike from now on.
  ///
  /// It covers the generations with their packs, all that is trusted, pins, the operator's eval sets, the rollback
  /// memory, and for each blob a kept generation names what its file holds. Intents, staging, trash and blobs nobody names are
  /// left out. Before and after a change that was refused, it is the same.
  ///
  /// - Throws: ``StoreError`` when the index cannot be read.
  /// - Complexity: O(bytes of all referenced blobs).
  public func logicalDigest() throws -> Digest {
    var builder = DigestBuilder()
    let packs = try read { index in
      for generation in try index.history() { builder.update(generation) }
      for record in try index.trustRecords() {
        builder.update(text: record.key.publicKey.text)
        builder.update(text: record.key.namespaces.description)
        builder.update(text: record.comment)
        builder.update(text: record.addedAt)
      }
      for text in try index.trustTexts() { builder.update(text: text) }
      for name in try index.pins() { builder.update(text: name) }
      for eval in try index.operatorEvals() {
        let pack = eval.pack?.description ?? ""
        for text in [eval.name, pack, eval.digest.hex, eval.addedAt, eval.actor] {
          builder.update(text: text)
        }
      }
      let sql = "SELECT name, release, pack FROM highest_release ORDER BY name"
      for row in try Row.fetchAll(index.database, sql: sql) {
        builder.update(text: try row.decode(String.self, forColumn: "name"))
        builder.update(integer: try row.decode(Int.self, forColumn: "release"))
        builder.update(text: try row.decode(String.self, forColumn: "pack"))
      }
      return try index.keptPacks()
    }
    for pack in packs {
      builder.update(text: pack.digest.hex)
      for entry in [pack.envelope] + pack.entries {
        builder.update(text: entry.name)
        builder.update(text: (try? fileDigest(entry.url.path))?.hex ?? "unreadable")
      }
    }
    return builder.finish()
  }
}

extension DigestBuilder {
  fileprivate mutating func update(integer: Int) {
    update(number: UInt64(bitPattern: Int64(integer)))
  }

  fileprivate mutating func update(_ generation: Generation) {
    update(integer: generation.id)
    update(integer: generation.parent ?? -1)
    update(text: generation.createdAt ?? "")
    update(text: generation.actor)
    update(text: generation.action)
    update(text: generation.reason ?? "")
    update(integer: (generation.isProven ? 1 : 0) + (generation.isKept ? 2 : 0))
    update(text: generation.report?.text ?? "")
    update(text: "\(generation.threshold)")
    update(text: generation.precision.rawValue)
    update(integer: generation.packs.count)
    for pack in generation.packs {
      update(text: pack.digest.hex)
      update(text: pack.signers.joined(separator: " "))
    }
  }
}
