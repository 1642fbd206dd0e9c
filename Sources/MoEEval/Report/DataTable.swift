/// Rows under headings as HTML; where it is wider than the page it scrolls in a box of its own.
public struct DataTable: Sendable {
  /// One column.
  public struct Column: Sendable {
    let title: String
    let isNumber: Bool

    /// A column of words.
    public static func text(_ title: String) -> Column { Column(title: title, isNumber: false) }
    /// A column of numbers, aligned at their ends.
    public static func number(_ title: String) -> Column { Column(title: title, isNumber: true) }
  }

  private let caption: String
  private let columns: [Column]
  private var rows: [[Markup]] = []

  /// Starts a table.
  ///
  /// - Parameters:
  ///   - caption: What it shows, told to who cannot see it.
  ///   - columns: Its columns; the first one names the rows.
  public init(_ caption: String, _ columns: [Column]) {
    self.caption = caption
    self.columns = columns
  }

  /// Adds a row of texts, one a column.
  public mutating func add(_ cells: [String]) { add(cells.map(Markup.text)) }

  /// Adds a row of pieces of markup, one a column.
  public mutating func add(_ cells: [Markup]) {
    precondition(cells.count == columns.count, "a cell for each column")
    rows.append(cells)
  }

  /// The table.
  public var markup: Markup {
    let headings = columns.map { column in
      Markup.element(
        "th", ["scope": "col", "class": column.isNumber ? "n" : nil], .text(column.title))
    }
    let body = rows.map { cells in
      Markup.element(
        "tr", [:],
        zip(cells, columns).enumerated().map { index, pair in
          index == 0
            ? Markup.element("th", ["scope": "row"], pair.0)
            : Markup.element("td", ["class": pair.1.isNumber ? "n" : nil], pair.0)
        })
    }
    return .scrollBox(
      caption,
      .element(
        "table", [:], .element("caption", ["class": "quiet"], .text(caption)),
        .element("thead", [:], .element("tr", [:], headings)), .element("tbody", [:], body)))
  }
}

extension Markup {
  /// What may be wider than the page, in a box that scrolls and that the keyboard reaches.
  static func scrollBox(_ label: String, _ content: Markup) -> Markup {
    .element(
      "div", ["class": "scroll", "role": "region", "aria-label": label, "tabindex": "0"], content)
  }

  /// More of the same behind a line that opens it.
  public static func details(_ summary: String, _ content: Markup) -> Markup {
    .element("details", [:], .element("summary", [:], .text(summary)), content)
  }
}
