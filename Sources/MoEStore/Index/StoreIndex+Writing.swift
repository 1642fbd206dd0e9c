import Foundation
import GRDB
import MoEBase
import MoEPackFormat

extension StoreIndex {
  /// Records that a change begins, and returns the number of its intent.
  func beginIntent(_ kind: String, actor: String, at time: String) throws -> Int64 {
    try database.execute(
      sql: "INSERT INTO intent (kind, actor, started_at, process) VALUES (?, ?, ?, ?)",
      arguments: [kind, actor, time, Int(getpid())])
    return database.lastInsertedRowID
  }

  /// Records that a change has ended, one way or the other.
  func endIntent(_ id: Int64) throws {
    try database.execute(sql: "DELETE FROM intent WHERE id = ?", arguments: [id])
  }

  /// Adds a pack with its blobs; one that is known takes the new envelope and signers.
  func insert(_ pack: InstalledPack) throws {
    try database.execute(
      sql: """
        INSERT INTO pack (digest, name, version, release, signers) VALUES (?, ?, ?, ?, ?)
        ON CONFLICT (digest) DO UPDATE SET signers = excluded.signers
        """,
      arguments: [
        pack.digest.hex, pack.name.description, pack.version.description, pack.release,
        pack.signers.joined(separator: " "),
      ])
    try database.execute(
      sql: "DELETE FROM pack_entry WHERE pack = ?", arguments: [pack.digest.hex])
    for (position, entry) in ([pack.envelope] + pack.entries).enumerated() {
      try database.execute(
        sql: "INSERT INTO blob (digest, size) VALUES (?, ?) ON CONFLICT DO NOTHING",
        arguments: [entry.digest.hex, entry.size])
      try database.execute(
        sql: "INSERT INTO pack_entry (pack, position, name, blob) VALUES (?, ?, ?, ?)",
        arguments: [pack.digest.hex, position, entry.name, entry.digest.hex])
    }
  }

  /// Remembers the release of an installed pack, if it is the greatest of its name.
  func rememberRelease(of pack: InstalledPack) throws {
    try database.execute(
      sql: """
        INSERT INTO highest_release (name, release, pack) VALUES (?, ?, ?)
        ON CONFLICT (name) DO UPDATE SET release = excluded.release, pack = excluded.pack
        WHERE excluded.release > highest_release.release
        """,
      arguments: [pack.name.description, pack.release, pack.digest.hex])
  }

  /// Adds the generation and its packs, which must have been inserted.
  func insert(_ generation: Generation) throws {
    try database.execute(
      sql: """
        INSERT INTO generation
          (id, parent, created_at, actor, action, reason, is_proven, report, threshold, precision,
           is_kept)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1)
        """,
      arguments: [
        generation.id, generation.parent, generation.createdAt, generation.actor,
        generation.action, generation.reason, generation.isProven, generation.report?.text,
        generation.threshold, generation.precision.rawValue,
      ])
    for pack in generation.packs {
      try database.execute(
        sql: "INSERT INTO generation_pack (generation, pack) VALUES (?, ?)",
        arguments: [generation.id, pack.digest.hex])
    }
  }

  /// Lets go of the packs of all but the newest `keep` generations, and returns their numbers.
  func dropGenerations(keeping keep: Int) throws -> [Int] {
    let newest = try activeID()
    let dropped = try Int.fetchAll(
      database, sql: "SELECT id FROM generation WHERE is_kept AND id <= ? ORDER BY id",
      arguments: [newest - keep])
    for id in dropped {
      try database.execute(sql: "UPDATE generation SET is_kept = 0 WHERE id = ?", arguments: [id])
      try database.execute(
        sql: "DELETE FROM generation_pack WHERE generation = ?", arguments: [id])
    }
    return dropped
  }

  /// Forgets the packs no generation holds and the blobs no pack names.
  func forgetUnreferenced() throws {
    try database.execute(
      sql: "DELETE FROM pack WHERE digest NOT IN (SELECT pack FROM generation_pack)")
    try database.execute(
      sql: "DELETE FROM blob WHERE digest NOT IN (SELECT blob FROM pack_entry)")
  }

  /// Adds a trusted key; says whether it is new.
  func insert(_ record: TrustRecord) throws -> Bool {
    try database.execute(
      sql: """
        INSERT INTO trusted_key (key_id, namespaces, public_key, comment, added_at)
        VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
        """,
      arguments: [
        record.key.publicKey.id.description, record.key.namespaces.description,
        record.key.publicKey.text, record.comment, record.addedAt,
      ])
    return database.changesCount > 0
  }

  /// Takes a trusted key away.
  func remove(_ record: TrustRecord) throws {
    try database.execute(
      sql: "DELETE FROM trusted_key WHERE public_key = ? AND namespaces = ?",
      arguments: [record.key.publicKey.text, record.key.namespaces.description])
  }
}
