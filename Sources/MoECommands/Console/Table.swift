/// Rows under headings, columns as wide as they need to be.
struct Table: Sendable {
  /// One column.
  struct Column: Sendable {
    let title: String
    let isNumber: Bool

    /// A column of words.
    static func text(_ title: String) -> Column { Column(title: title, isNumber: false) }
    /// A column of numbers, aligned at their ends.
    static func number(_ title: String) -> Column { Column(title: title, isNumber: true) }
  }

  private let columns: [Column]
  private var rows: [[String]] = []

  /// Starts a table.
  init(_ columns: [Column]) {
    self.columns = columns
  }

  /// Adds a row of a cell for each column; control characters in cells are made visible.
  mutating func add(_ cells: String...) { add(cells) }

  /// Adds a row of a cell for each column; control characters in cells are made visible.
  mutating func add(_ cells: [String]) {
    precondition(cells.count == columns.count, "a cell for each column")
    rows.append(cells.map { $0.shown() })
  }

  /// The lines, headings first; no line ends in spaces.
  var lines: [String] {
    let all = [columns.map(\.title)] + rows
    let widths = columns.indices.map { index in all.map { $0[index].columnCount }.max() ?? 0 }
    return all.map { cells in
      let line = cells.indices.map { index in
        columns[index].isNumber
          ? cells[index].leftPadded(to: widths[index]) : cells[index].padded(to: widths[index])
      }.joined(separator: "  ")
      return String(line.reversed().drop { $0 == " " }.reversed())
    }
  }

  /// Prints the table, its headings standing out.
  func print(to console: Console) throws {
    for (index, line) in lines.enumerated() {
      try console.print(index == 0 ? console.styled(line, .bold) : line)
    }
  }
}
