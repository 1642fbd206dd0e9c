import MoEBase

/// Amounts as bars, a row each, that all begin at zero.
public struct BarChart: Sendable {
  /// One amount.
  public struct Row: Sendable {
    let label: String
    let value: Double
    let shown: String
    let tone: Tone

    /// Makes a row.
    ///
    /// - Parameters:
    ///   - label: What it is an amount of.
    ///   - value: The amount, not negative.
    ///   - shown: The amount as it is written.
    ///   - tone: How it is meant.
    public init(label: String, value: Double, shown: String, tone: Tone = .good) {
      self.label = label
      self.value = value
      self.shown = shown
      self.tone = tone
    }
  }

  private let id: String
  private let title: String
  private let rows: [Row]
  private let most: Double
  private static let rowHeight = 42.0

  /// Makes a chart.
  ///
  /// - Parameters:
  ///   - id: Names the figure in its document, in letters, digits and hyphens.
  ///   - title: What is shown.
  ///   - rows: The amounts.
  ///   - most: What the full width stands for; the greatest amount when `nil`.
  public init(id: String, title: String, rows: [Row], most: Double? = nil) {
    self.id = id
    self.title = title
    self.rows = rows
    let greatest = most ?? rows.map(\.value).max() ?? 0
    self.most = greatest > 0 ? greatest : 1
  }

  /// The chart in its frame.
  public var figure: Figure {
    var content = Markup.empty
    for (index, row) in rows.enumerated() {
      let top = Double(index) * Self.rowHeight
      let share = min(1, max(0, row.value / most))
      content += .rowHeading(row.label, row.shown, y: top + 16)
      content += .bar(width: 100, y: top + 23, style: "track")
      if share > 0 {
        content += .bar(width: share * 100, y: top + 23, style: row.tone.rawValue + "4")
      }
    }
    var table = DataTable(title, [.text("what"), .number("how much")])
    for row in rows { table.add([row.label, row.shown]) }
    return Figure(
      id: id, title: title,
      description: rows.map { "\($0.label): \($0.shown)" }.joined(separator: "; "),
      drawing: Figure.Drawing(
        size: ["width": "100%", "height": (Double(rows.count) * Self.rowHeight).fixed(0)],
        content: content, keepsWidth: false),
      table: table)
  }
}

/// How a coloured area is meant; the raw value begins the names of its colours.
public enum Tone: String, Sendable {
  /// As it should be.
  case good = "g"
  /// As it should not be.
  case bad = "b"
  /// Neither.
  case plain = "n"
}
