import MoEBase

/// Counts in rows and columns, the darker the greater their share of the row.
///
/// It keeps its size and scrolls in a box; places without a count are not drawn, so that it may be large.
public struct HeatMap: Sendable {
  private let id: String
  private let title: String
  private let rowTitle: String
  private let rows: [String]
  private let columns: [String]
  private let counts: [[Int]]
  private let totals: [Int]
  private let tones: [[Tone]]

  private static let stepCount = 5.0
  private static let letterWidth = 6.6
  private static let mostLetters = 34

  /// Makes a map.
  ///
  /// - Parameters:
  ///   - id: Names the figure in its document, in letters, digits and hyphens.
  ///   - title: What is shown.
  ///   - rowTitle: What a row is.
  ///   - rows: The names of the rows.
  ///   - columns: The names of the columns.
  ///   - counts: The counts, `[row][column]`.
  ///   - totals: What each row's shares are shares of; the row's sum when `nil`.
  ///   - tone: How the place of a row and a column is meant.
  /// - Precondition: `counts` has a row for each row and a column for each column.
  public init(
    id: String, title: String, rowTitle: String, rows: [String], columns: [String],
    counts: [[Int]], totals: [Int]? = nil, tone: (Int, Int) -> Tone
  ) {
    precondition(
      counts.count == rows.count && counts.allSatisfy { $0.count == columns.count },
      "a count for each row and column")
    self.id = id
    self.title = title
    self.rowTitle = rowTitle
    self.rows = rows
    self.columns = columns
    self.counts = counts
    self.totals = totals ?? counts.map { $0.reduce(0, +) }
    tones = rows.indices.map { row in columns.indices.map { tone(row, $0) } }
  }

  private var cell: Double { columns.count <= 12 ? 44 : columns.count <= 30 ? 30 : 14 }

  /// The chart in its frame.
  public var figure: Figure {
    let left = Self.width(of: rows) + 8
    let top = Self.width(of: columns) * 0.75 + 24
    let size = (
      width: left + cell * Double(columns.count) + Self.width(of: columns) * 0.7 + 8,
      height: top + cell * Double(rows.count) + 4
    )
    var content = Markup.element(
      "rect",
      [
        "x": left.fixed(0), "y": top.fixed(0), "width": (cell * Double(columns.count)).fixed(0),
        "height": (cell * Double(rows.count)).fixed(0), "class": "track",
      ])
    for (index, name) in columns.enumerated() {
      let x = left + cell * (Double(index) + 0.5)
      content += .element(
        "text",
        [
          "class": "axis",
          "transform": "translate(\(x.fixed(1)) \((top - 6).fixed(1))) rotate(-45)",
        ],
        .text(Self.cut(name)))
    }
    for (index, name) in rows.enumerated() {
      content += .element(
        "text",
        [
          "class": "axis end", "x": (left - 8).fixed(0),
          "y": (top + cell * (Double(index) + 0.5) + 4).fixed(1),
        ], .text(Self.cut(name)))
      content += places(ofRow: index, left: left, top: top)
    }
    return Figure(
      id: id, title: title,
      description:
        "\(rows.count) rows and \(columns.count) columns; the numbers stand in the table.",
      drawing: Figure.Drawing(
        size: ["width": size.width.fixed(0), "height": size.height.fixed(0)], content: content,
        keepsWidth: true),
      table: table)
  }

  private func places(ofRow row: Int, left: Double, top: Double) -> Markup {
    let total = max(1, totals[row])
    return counts[row].indices.filter { counts[row][$0] > 0 }.map { column -> Markup in
      let count = counts[row][column]
      let step = max(
        1, min(Self.stepCount, (Double(count) / Double(total) * Self.stepCount).rounded(.up)))
      let (x, y) = (left + cell * Double(column), top + cell * Double(row))
      let style = "\(tones[row][column].rawValue)\(Int(step))"
      let number =
        cell < 20
        ? Markup.empty
        : .element(
          "text",
          [
            "x": (x + cell / 2).fixed(1), "y": (y + cell / 2 + 4).fixed(1),
            "class": "count s\(Int(step))",
          ], .text("\(count)"))
      return .element(
        "g", [:],
        .element("title", [:], .text("\(rows[row]) → \(columns[column]): \(count) of \(total)")),
        .element(
          "rect",
          [
            "x": (x + 1).fixed(1), "y": (y + 1).fixed(1), "width": (cell - 2).fixed(1),
            "height": (cell - 2).fixed(1), "rx": cell < 20 ? "1" : "4", "class": style,
          ]), number)
    }.joined
  }

  private var table: DataTable {
    var table = DataTable(title, [.text(rowTitle)] + columns.map(DataTable.Column.number))
    for (row, name) in rows.enumerated() {
      table.add([name] + counts[row].map { $0 == 0 ? "" : "\($0)" })
    }
    return table
  }

  private static func width(of names: [String]) -> Double {
    Double(names.map { min($0.count, mostLetters) }.max() ?? 0) * letterWidth
  }

  private static func cut(_ name: String) -> String {
    name.count <= mostLetters ? name : name.prefix(mostLetters - 1) + "…"
  }
}
