import MoEBase

/// Values with their confidence intervals, a row each, on one scale: a forest plot.
///
/// Widths are shares of the page's, heights and letters are not, so that it can be read on a telephone and on a
/// wall.
public struct IntervalChart: Sendable {
  /// One value.
  public struct Row: Sendable {
    let label: String
    let value: Double
    let interval: ClosedRange<Double>?
    let floor: Double?
    let claim: Double?

    /// Makes a row; `floor` is the least that was promised, `claim` what was.
    public init(
      label: String, value: Double, interval: ClosedRange<Double>? = nil, floor: Double? = nil,
      claim: Double? = nil
    ) {
      self.label = label
      self.value = value
      self.interval = interval
      self.floor = floor
      self.claim = claim
    }
  }

  private let id: String
  private let title: String
  private let rows: [Row]
  private let scale: LinearScale
  private static let rowHeight = 48.0
  private static let axisHeight = 24.0

  /// Makes a chart of values from 0 on.
  ///
  /// - Parameters:
  ///   - id: Names the figure in its document, in letters, digits and hyphens.
  ///   - title: What is shown.
  ///   - rows: The values.
  public init(id: String, title: String, rows: [Row]) {
    self.id = id
    self.title = title
    self.rows = rows
    let all = rows.flatMap { row in
      [row.value, row.interval?.lowerBound, row.floor, row.claim].compactMap(\.self)
    }
    scale = LinearScale(covering: all, upTo: max(1, all.max() ?? 1))
  }

  /// The chart in its frame.
  public var figure: Figure {
    var content = Markup.empty
    let bottom = Double(rows.count) * Self.rowHeight
    for tick in scale.ticks {
      content += .verticalLine(at: scale.percent(tick), from: 0, to: bottom, style: "grid")
      content += .label(scale.label(tick), at: scale.percent(tick), y: bottom + 18, style: "axis")
    }
    for (index, row) in rows.enumerated() {
      content += drawing(row, top: Double(index) * Self.rowHeight)
    }
    var table = DataTable(
      title,
      [
        .text("set"), .number("value"), .number("95 % from"), .number("to"), .number("floor"),
        .number("claim"),
      ])
    for row in rows {
      table.add(
        [row.label]
          + [
            row.value, row.interval?.lowerBound, row.interval?.upperBound, row.floor, row.claim,
          ].map { $0?.fixed(3) ?? "–" })
    }
    return Figure(
      id: id, title: title,
      description: "\(rows.count) values with intervals, on a scale from "
        + "\(scale.label(scale.range.lowerBound)) to \(scale.label(scale.range.upperBound)).",
      drawing: Figure.Drawing(
        size: ["width": "100%", "height": (bottom + Self.axisHeight).fixed(0)], content: content,
        keepsWidth: false),
      key: [
        ("dot", "value"), ("band", "95 % interval"), ("floor", "floor"), ("claim", "claim"),
      ], table: table)
  }

  private func drawing(_ row: Row, top: Double) -> Markup {
    let middle = top + 33
    var content = Markup.rowHeading(row.label, row.value.fixed(3), y: top + 18)
    if let interval = row.interval {
      content += .horizontalLine(
        from: scale.percent(interval.lowerBound), to: scale.percent(interval.upperBound), y: middle,
        style: "band")
    }
    if let floor = row.floor {
      content += .verticalLine(
        at: scale.percent(floor), from: middle - 8, to: middle + 8, style: "floor")
    }
    if let claim = row.claim {
      content += .mark("M0 -6L6 0L0 6L-6 0Z", at: scale.percent(claim), y: middle, style: "claim")
    }
    let isBelow = row.floor.map { row.value < $0 } ?? false
    return content
      + .element(
        "circle",
        [
          "cx": scale.percent(row.value), "cy": middle.fixed(0), "r": "5",
          "class": isBelow ? "dot bad" : "dot",
        ])
  }
}
