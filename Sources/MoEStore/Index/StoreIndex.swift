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

  /// The newest generations, oldest first; each pack is read once, however many generations hold it.
  ///
  /// - Parameters:
  ///   - limit: The most of them; all where it is `nil`.
  ///   - isMeasured: Whether only those count that a regression suite reported on.
  /// - Returns: The generations.
  /// - Throws: What reading the index throws.
  func history(newest limit: Int? = nil, isMeasured: Bool = false) throws -> [Generation] {
    let packs = Dictionary(
      try keptPacks().map { ($0.digest.hex, $0) }, uniquingKeysWith: { first, _ in first })
    let sql = """
      SELECT pack.digest FROM pack JOIN generation_pack ON pack.digest = generation_pack.pack
      WHERE generation_pack.generation = ? ORDER BY pack.name
      """
    let rows = try Row.fetchAll(
      database,
      sql: """
        SELECT * FROM generation \(isMeasured ? "WHERE report IS NOT NULL" : "")
        ORDER BY id DESC LIMIT ?
        """, arguments: [limit ?? -1])
    return try rows.reversed().map { row in
      let id = try row.decode(Int.self, forColumn: "id")
      let digests = try String.fetchAll(database, sql: sql, arguments: [id])
      return try generation(row, packs: digests.compactMap { packs[$0] })
    }
  }

  /// The packs of a generation, ordered by the bytes of their names.
  func packs(ofGeneration id: Int) throws -> [InstalledPack] {
    try packs(
      where: "pack.digest IN (SELECT pack FROM generation_pack WHERE generation = ?)",
      arguments: [id])
  }

  /// The packs that some kept generation holds, ordered by name and digest.
  func keptPacks() throws -> [InstalledPack] {
    try packs(
      where: """
        EXISTS (
          SELECT 1 FROM generation_pack JOIN generation ON generation.id = generation_pack.generation
          WHERE generation_pack.pack = pack.digest AND generation.is_kept)
        """)
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
    let word = try row.decode(String.self, forColumn: "precision")
    guard let precision = Precision(rawValue: word) else { throw damage("a precision `\(word)`") }
    return Generation(
      id: try row.decode(Int.self, forColumn: "id"),
      parent: try row.decode(Int?.self, forColumn: "parent"),
      createdAt: try row.decode(String?.self, forColumn: "created_at"),
      actor: try row.decode(String.self, forColumn: "actor"),
      action: try row.decode(String.self, forColumn: "action"),
      reason: try row.decode(String?.self, forColumn: "reason"),
      isProven: try row.decode(Bool.self, forColumn: "is_proven"),
      report: report,
      threshold: try row.decode(Double.self, forColumn: "threshold"),
      precision: precision,
      isKept: try row.decode(Bool.self, forColumn: "is_kept"),
      packs: packs)
  }

  /// The packs a condition holds for, ordered by name and digest; one statement, however many they are.
  private func packs(
    where condition: String, arguments: StatementArguments = []
  ) throws -> [InstalledPack] {
    let sql = """
      SELECT pack.digest, pack.name, pack.version, pack.release, pack.signers,
        pack_entry.name, pack_entry.blob, blob.size
      FROM pack
        LEFT JOIN pack_entry ON pack_entry.pack = pack.digest
        LEFT JOIN blob ON blob.digest = pack_entry.blob
      WHERE \(condition) ORDER BY pack.name, pack.digest, pack_entry.position
      """
    let rows = try Row.fetchAll(database, sql: sql, arguments: arguments)
    var packs: [InstalledPack] = []
    var start = 0
    while start < rows.count {
      let digest = try rows[start].decode(String.self, atIndex: 0)
      var end = start + 1
      while end < rows.count, try rows[end].decode(String.self, atIndex: 0) == digest { end += 1 }
      packs.append(try pack(rows[start..<end]))
      start = end
    }
    return packs
  }

  /// The pack whose rows these are, one an entry.
  private func pack(_ rows: ArraySlice<Row>) throws -> InstalledPack {
    guard let row = rows.first else { throw damage("a pack without rows") }
    let digest = try digest(row, at: 0)
    let entries = try rows.map { row in
      guard let entry = try row.decode(String?.self, atIndex: 5) else {
        throw damage("pack \(digest) has no entry")
      }
      let blob = try self.digest(row, at: 6)
      return InstalledEntry(
        name: entry, size: try row.decode(Int.self, atIndex: 7), digest: blob,
        path: layout.blob(blob))
    }
    guard
      let envelope = entries.first,
      let name = PackName(try row.decode(String.self, atIndex: 1)),
      let version = SemanticVersion(try row.decode(String.self, atIndex: 2))
    else { throw damage("pack \(digest) has no name or version that parses") }
    return InstalledPack(
      digest: digest, name: name, version: version, release: try row.decode(Int.self, atIndex: 3),
      signers: try row.decode(String.self, atIndex: 4).split(separator: " ").map(String.init),
      envelope: envelope, entries: Array(entries.dropFirst()))
  }

  private func digest(_ row: Row, at index: Int) throws -> Digest {
    guard let digest = Digest(hex: try row.decode(String.self, atIndex: index)) else {
      throw damage("a digest that is not 64 hexadecimal digits")
    }
    return digest
  }

  func digest(_ row: Row, _ column: String) throws -> Digest {
    guard let digest = Digest(hex: try row.decode(String.self, forColumn: column)) else {
      throw damage("a digest that is not 64 hexadecimal digits")
    }
    return digest
  }

  func damage(_ what: String) -> StoreError {
    .corrupt(["`\(layout.database)`: \(what)"])
  }
}
