import Foundation
import GRDB
import MoEBase
import MoEPackFormat

extension StoreIndex {
  /// Everything that is trusted.
  func trustRoot(at time: String?) throws -> TrustRoot {
    TrustRoot(
      keys: try trustRecords().map(\.key), signed: try signedRoot(),
      revocations: try revocations().map(\.revocation),
      allowedDigests: Set(try allowedPacks().map(\.digest)), time: time)
  }

  /// The signed root that is in force, held to its own signatures once more.
  func signedRoot() throws -> SignedRoot? {
    let sql = "SELECT envelope FROM trust_root ORDER BY version DESC LIMIT 1"
    guard let bytes = try Data.fetchOne(database, sql: sql) else { return nil }
    guard let root = try? UnverifiedRoot(parsing: Array(bytes), source: "the store").verifiedFirst()
    else { throw damage("a trust root that its own keys did not sign") }
    return root
  }

  /// Every version of the signed root, oldest first, each held to the one before it.
  func signedRoots() throws -> [SignedRootRecord] {
    var records: [SignedRootRecord] = []
    let sql = "SELECT envelope, added_at FROM trust_root ORDER BY version"
    for row in try Row.fetchAll(database, sql: sql) {
      let bytes = Array(try row.decode(Data.self, forColumn: "envelope"))
      let source = "the store"
      let before = records.last?.root
      let verified =
        try? before.map {
          try UnverifiedRoot(parsing: bytes, source: source).verified(after: $0)
        } ?? UnverifiedRoot(parsing: bytes, source: source).verifiedFirst()
      guard let root = verified else {
        throw damage("a trust root that the version before it does not vouch for")
      }
      records.append(
        SignedRootRecord(root: root, addedAt: try row.decode(String.self, forColumn: "added_at")))
    }
    return records
  }

  /// Adds a version of the signed root.
  func insert(_ root: SignedRoot, at time: String) throws {
    try database.execute(
      sql: "INSERT INTO trust_root (version, envelope, added_at) VALUES (?, ?, ?)",
      arguments: [root.document.version, Data(root.json.bytes), time])
  }

  /// What the operator revoked, ordered by subject.
  func revocations() throws -> [RevocationRecord] {
    let sql = "SELECT * FROM revocation ORDER BY subject"
    return try Row.fetchAll(database, sql: sql).map { row in
      let text = try row.decode(String.self, forColumn: "subject")
      guard
        let subject = Digest(text).map(Revocation.Subject.digest)
          ?? PublicKey(line: text).map(Revocation.Subject.key)
      else { throw damage("a revocation of neither a key nor a digest") }
      return RevocationRecord(
        revocation: Revocation(
          subject, reason: try row.decode(String.self, forColumn: "reason")),
        addedAt: try row.decode(String.self, forColumn: "added_at"))
    }
  }

  /// Adds a revocation; says whether it is new.
  func insert(_ revocation: Revocation, at time: String) throws -> Bool {
    let subject =
      switch revocation.subject {
      case .key(let key): key.line
      case .digest(let digest): digest.description
      }
    try database.execute(
      sql:
        "INSERT INTO revocation (subject, reason, added_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
      arguments: [subject, revocation.reason, time])
    return database.changesCount > 0
  }

  /// The packs the operator accepts, ordered by digest.
  func allowedPacks() throws -> [AllowedPack] {
    let sql = "SELECT * FROM allowed_digest ORDER BY digest"
    return try Row.fetchAll(database, sql: sql).map { row in
      AllowedPack(
        digest: try digest(row, "digest"),
        comment: try row.decode(String.self, forColumn: "comment"),
        addedAt: try row.decode(String.self, forColumn: "added_at"))
    }
  }

  /// Adds a pack the operator accepts; says whether it is new.
  func insert(_ pack: AllowedPack) throws -> Bool {
    try database.execute(
      sql: """
        INSERT INTO allowed_digest (digest, comment, added_at) VALUES (?, ?, ?)
        ON CONFLICT DO NOTHING
        """,
      arguments: [pack.digest.hex, pack.comment, pack.addedAt])
    return database.changesCount > 0
  }

  /// Accepts a pack no longer; says whether it was accepted.
  func removeAllowed(_ digest: Digest) throws -> Bool {
    try database.execute(
      sql: "DELETE FROM allowed_digest WHERE digest = ?", arguments: [digest.hex])
    return database.changesCount > 0
  }

  /// All of the tables above, for the logical digest.
  func trustTexts() throws -> [String] {
    try signedRoots().flatMap { [$0.root.digest.hex, $0.addedAt] }
      + revocations().flatMap {
        [$0.revocation.subject.description, $0.revocation.reason, $0.addedAt]
      }
      + allowedPacks().flatMap { [$0.digest.hex, $0.comment, $0.addedAt] }
  }

  // MARK: - Tensors

  /// Records the largest magnitudes of a pack's tensors, in place of what was there.
  func record(_ magnitudes: [TensorMagnitude], of pack: InstalledPack) throws {
    try database.execute(sql: "DELETE FROM tensor WHERE pack = ?", arguments: [pack.digest.hex])
    for tensor in magnitudes {
      try database.execute(
        sql: "INSERT INTO tensor (pack, entry, name, absmax) VALUES (?, ?, ?, ?)",
        arguments: [pack.digest.hex, tensor.entry, tensor.tensor, tensor.absmax])
    }
  }

  /// The largest magnitudes of a pack's tensors, by entry and name.
  func magnitudes(of pack: Digest) throws -> [TensorMagnitude] {
    let sql = "SELECT entry, name, absmax FROM tensor WHERE pack = ? ORDER BY entry, name"
    return try Row.fetchAll(database, sql: sql, arguments: [pack.hex]).map { row in
      TensorMagnitude(
        entry: try row.decode(String.self, forColumn: "entry"),
        tensor: try row.decode(String.self, forColumn: "name"),
        absmax: try row.decode(Double.self, forColumn: "absmax"))
    }
  }
}
