import Foundation
import GRDB
import MoEPackFormat

extension StoreIndex {
  /// The operator's eval sets, ordered by name.
  func operatorEvals() throws -> [OperatorEval] {
    let sql = "SELECT name, pack, lines, added_at, added_by FROM operator_eval ORDER BY name"
    return try Row.fetchAll(database, sql: sql).map { row in
      let pack = try row.decode(String?.self, forColumn: "pack")
      let name = try pack.map { text in
        guard let name = PackName(text) else {
          throw damage("an eval set of a pack that has no name")
        }
        return name
      }
      return OperatorEval(
        name: try row.decode(String.self, forColumn: "name"), pack: name,
        lines: Array(try row.decode(Data.self, forColumn: "lines")),
        addedAt: try row.decode(String.self, forColumn: "added_at"),
        actor: try row.decode(String.self, forColumn: "added_by"))
    }
  }

  /// Adds an eval set; says whether its name was free.
  func insert(_ eval: OperatorEval) throws -> Bool {
    try database.execute(
      sql: """
        INSERT INTO operator_eval (name, pack, lines, added_at, added_by) VALUES (?, ?, ?, ?, ?)
        ON CONFLICT DO NOTHING
        """,
      arguments: [
        eval.name, eval.pack?.description, Data(eval.lines), eval.addedAt, eval.actor,
      ])
    return database.changesCount > 0
  }

  /// Removes the eval set of that name.
  func removeOperatorEval(named name: String) throws {
    try database.execute(sql: "DELETE FROM operator_eval WHERE name = ?", arguments: [name])
  }
}
