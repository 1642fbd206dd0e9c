import GRDB

extension StoreIndex {
  /// The names that are pinned, ordered by their bytes.
  func pins() throws -> [String] {
    try String.fetchAll(database, sql: "SELECT name FROM pin ORDER BY name")
  }

  /// Pins a name; says whether it was not.
  func insertPin(_ name: String) throws -> Bool {
    try database.execute(
      sql: "INSERT INTO pin (name) VALUES (?) ON CONFLICT DO NOTHING", arguments: [name])
    return database.changesCount > 0
  }

  /// Takes a pin away; says whether there was one.
  func removePin(_ name: String) throws -> Bool {
    try database.execute(sql: "DELETE FROM pin WHERE name = ?", arguments: [name])
    return database.changesCount > 0
  }
}
