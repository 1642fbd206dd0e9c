import Foundation
import GRDB
import MoEBase
import MoEPackFormat

/// Reads the rows of the index; each function runs inside a transaction of its caller.
struct StoreIndex {
  let database: Database
  let layout: StoreLayout

  /// The number of the active generation.
  func activeID() throws -> Int {
    guard let id = try Int.fetchOne(database, sql: "SELECT max(id) FROM generation") else {
      throw damage("no generation")
    }
    return id
  }

  /// The lowest number among the generations whose packs are in the store.
  func oldestKeptID() throws -> Int {
    try Int.fetchOne(database, sql: "SELECT min(id) FROM generation WHERE is_kept") ?? activeID()
  }

  /// The generation of that number, if there is one.
  func generation(_ id: Int) throws -> Generation? {
    guard
      let row = try Row.fetchOne(
        database, sql: "SELECT * FROM generation WHERE id = ?", arguments: [id])
    else { return nil }
    return try generation(row, packs: packs(ofGeneration: id))
  }

  /// Every generation, oldest first; each pack is read once, however many generations hold it.
  func history() throws -> [Generation] {
    let packs = Dictionary(
      try keptPacks().map { ($0.digest.hex, $0) }, uniquingKeysWith: { first, _ in first })
    let sql = """
      SELECT pack.digest FROM pack JOIN generation_pack ON pack.digest = generation_pack.pack
      WHERE generation_pack.generation = ? ORDER BY pack.name
      """
    return try Row.fetchAll(database, sql: "SELECT * FROM generation ORDER BY id").map { row in
      let id = try row.decode(Int.self, forColumn: "id")
      let digests = try String.fetchAll(database, sql: sql, arguments: [id])
      return try generation(row, packs: digests.compactMap { packs[$0] })
    }
  }

  /// The packs of a generation, ordered by the bytes of their names.
  func packs(ofGeneration id: Int) throws -> [InstalledPack] {
    let sql = """
      SELECT pack.* FROM pack JOIN generation_pack ON pack.digest = generation_pack.pack
      WHERE generation_pack.generation = ? ORDER BY pack.name
      """
    return try Row.fetchAll(database, sql: sql, arguments: [id]).map(pack)
  }

  /// The packs that some kept generation holds, ordered by name and digest.
  func keptPacks() throws -> [InstalledPack] {
    let sql = """
      SELECT pack.* FROM pack WHERE EXISTS (
        SELECT 1 FROM generation_pack JOIN generation ON generation.id = generation_pack.generation
        WHERE generation_pack.pack = pack.digest AND generation.is_kept)
      ORDER BY pack.name, pack.digest
      """
    return try Row.fetchAll(database, sql: sql).map(pack)
  }

  /// Whether a kept generation names this blob.
  func isReferenced(_ blob: Digest) throws -> Bool {
    let sql = """
      SELECT EXISTS (
        SELECT 1 FROM pack_entry
        JOIN generation_pack ON generation_pack.pack = pack_entry.pack
        JOIN generation ON generation.id = generation_pack.generation
        WHERE pack_entry.blob = ? AND generation.is_kept)
      """
    return try Bool.fetchOne(database, sql: sql, arguments: [blob.hex]) ?? false
  }

  /// The greatest release seen under a name, and the pack it was.
  func highestRelease(of name: PackName) throws -> (release: Int, pack: Digest)? {
    let sql = "SELECT release, pack FROM highest_release WHERE name = ?"
    guard let row = try Row.fetchOne(database, sql: sql, arguments: [name.description]) else {
      return nil
    }
    return (try row.decode(Int.self, forColumn: "release"), try digest(row, "pack"))
  }

  /// The trusted keys, ordered by key id and namespaces.
  func trustRecords() throws -> [TrustRecord] {
    let sql = "SELECT * FROM trusted_key ORDER BY key_id, namespaces, public_key"
    return try Row.fetchAll(database, sql: sql).map { row in
      let text = try row.decode(String.self, forColumn: "namespaces")
      guard
        let key = try? PublicKey(text: row.decode(String.self, forColumn: "public_key")),
        let namespaces = NamespacePattern(text)
      else { throw damage("a trusted key that does not parse") }
      return TrustRecord(
        key: TrustedKey(key, namespaces: namespaces),
        comment: try row.decode(String.self, forColumn: "comment"),
        addedAt: try row.decode(String.self, forColumn: "added_at"))
    }
  }

  // MARK: - Rows

  private func generation(_ row: Row, packs: [InstalledPack]) throws -> Generation {
    let report = try row.decode(String?.self, forColumn: "report").map { text in
      guard let value = try? JSONValue(parsing: Array(text.utf8)) else {
        throw damage("a report that is not JSON")
      }
      return value
    }
    return Generation(
      id: try row.decode(Int.self, forColumn: "id"),
      parent: try row.decode(Int?.self, forColumn: "parent"),
      createdAt: try row.decode(String?.self, forColumn: "created_at"),
      actor: try row.decode(String.self, forColumn: "actor"),
      action: try row.decode(String.self, forColumn: "action"),
      isProven: try row.decode(Bool.self, forColumn: "is_proven"),
      report: report,
      threshold: try row.decode(Double.self, forColumn: "threshold"),
      isKept: try row.decode(Bool.self, forColumn: "is_kept"),
      packs: packs)
  }

  private func pack(_ row: Row) throws -> InstalledPack {
    let digest = try digest(row, "digest")
    let sql = """
      SELECT pack_entry.name, pack_entry.blob, blob.size
      FROM pack_entry JOIN blob ON blob.digest = pack_entry.blob
      WHERE pack_entry.pack = ? ORDER BY pack_entry.position
      """
    let entries = try Row.fetchAll(database, sql: sql, arguments: [digest.hex]).map { row in
      let blob = try self.digest(row, "blob")
      return InstalledEntry(
        name: try row.decode(String.self, forColumn: "name"),
        size: try row.decode(Int.self, forColumn: "size"),
        digest: blob, url: URL(fileURLWithPath: layout.blob(blob), isDirectory: false))
    }
    guard
      let envelope = entries.first,
      let name = PackName(try row.decode(String.self, forColumn: "name")),
      let version = SemanticVersion(try row.decode(String.self, forColumn: "version"))
    else { throw damage("pack \(digest) has no envelope, name or version that parses") }
    let signers = try row.decode(String.self, forColumn: "signers")
    return InstalledPack(
      digest: digest, name: name, version: version,
      release: try row.decode(Int.self, forColumn: "release"),
      signers: signers.split(separator: " ").map(String.init),
      envelope: envelope, entries: Array(entries.dropFirst()))
  }

  func digest(_ row: Row, _ column: String) throws -> Digest {
    guard let digest = Digest(hex: try row.decode(String.self, forColumn: column)) else {
      throw damage("a digest that is not 64 hexadecimal digits")
    }
    return digest
  }

  private func damage(_ what: String) -> StoreError {
    .corrupt(["`\(layout.database)`: \(what)"])
  }
}
