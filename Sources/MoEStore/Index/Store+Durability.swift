import GRDB

/// How SQLite keeps the index of a store.
public struct StoreDurability: Sendable, Equatable {
  /// The kind of journal; `delete`, so that the store can be read from a read-only mount.
  public let journalMode: String
  /// `PRAGMA synchronous`; 3 is EXTRA: a commit that was acknowledged survives a power cut.
  public let synchronous: Int
  /// Whether a row may only name rows that exist.
  public let enforcesForeignKeys: Bool

  /// What this program works with.
  public static let expected = StoreDurability(
    journalMode: "delete", synchronous: 3, enforcesForeignKeys: true)
}

extension Store {
  /// How SQLite keeps the index, as its open connection says.
  ///
  /// - Throws: ``StoreError`` when the index cannot be read.
  public func durability() throws -> StoreDurability {
    try read { try StoreDurability(of: $0.database) }
  }
}

extension StoreDurability {
  init(of database: Database) throws {
    self.init(
      journalMode: try String.fetchOne(database, sql: "PRAGMA journal_mode") ?? "",
      synchronous: try Int.fetchOne(database, sql: "PRAGMA synchronous") ?? 0,
      enforcesForeignKeys: try Bool.fetchOne(database, sql: "PRAGMA foreign_keys") ?? false)
  }
}
