import MoEBase

/// How often answers are right, by how sure they are; on the diagonal they can be believed.
///
/// Reference: DeGroot & Fienberg, *The Comparison and Evaluation of Forecasters* (1983), The Statistician 32.
public struct ReliabilityDiagram: Sendable {
  private let id: String
  private let title: String
  private let reliability: Reliability

  private static let side = 260.0
  private static let left = 40.0
  private static let top = 8.0
  private static let countHeight = 54.0
  private static let countTop = 26.0

  /// Makes a diagram.
  ///
  /// - Parameters:
  ///   - id: Names the figure in its document, in letters, digits and hyphens.
  ///   - title: What is shown.
  ///   - reliability: The answers in bins.
  public init(id: String, title: String, reliability: Reliability) {
    self.id = id
    self.title = title
    self.reliability = reliability
  }

  /// The chart in its frame.
  public var figure: Figure {
    let bottom = Self.top + Self.side
    let base = bottom + Self.countTop + Self.countHeight
    var content = Markup.empty
    for tick in stride(from: 0.0, through: 1.0, by: 0.25) {
      content += .line(Self.x(0), Self.y(tick), Self.x(1), Self.y(tick), "grid")
      content += .text(
        "\(Int(tick * 100)) %", x: Self.left - 6, y: Self.y(tick) + 4, style: "axis end")
      content += .text("\(Int(tick * 100)) %", x: Self.x(tick), y: base + 16, style: "axis mid")
    }
    let most = max(1, reliability.bins.map(\.count).max() ?? 1)
    for bin in reliability.bins {
      guard let accuracy = bin.accuracy, let confidence = bin.meanConfidence else { continue }
      let (from, width) = (
        Self.x(bin.lowerBound) + 1, Self.x(bin.upperBound) - Self.x(bin.lowerBound) - 2
      )
      let height = Self.countHeight * Double(bin.count) / Double(most)
      content += .element(
        "g", [:],
        .element(
          "title", [:],
          .text(
            "\(bin.count) answers about \(confidence.fixed(2)) sure: \(accuracy.fixed(2)) right")),
        rect(from, Self.y(accuracy), width, bottom - Self.y(accuracy), "g4"),
        rect(
          from, Self.y(max(accuracy, confidence)), width,
          abs(Self.y(accuracy) - Self.y(confidence)), "gap"),
        rect(from, base - height, width, height, "n3"))
    }
    content += .line(Self.x(0), Self.y(0), Self.x(1), Self.y(1), "diagonal")
    content += .text("answers", x: Self.left - 6, y: base - 2, style: "axis end")
    return Figure(
      id: id, title: title,
      description: reliability.expectedCalibrationError.map {
        "Share of right answers by confidence; the expected calibration error is \($0.fixed(3))."
      } ?? "No answers.",
      drawing: Figure.Drawing(
        size: ["viewBox": "0 0 \((Self.left + Self.side + 16).fixed(0)) \((base + 22).fixed(0))"],
        content: content, keepsWidth: false),
      key: [("g4", "right"), ("gap", "gap to confidence"), ("n3", "how many")], table: table)
  }

  private var table: DataTable {
    var table = DataTable(
      title,
      [.text("confidence"), .number("answers"), .number("mean confidence"), .number("right")])
    for bin in reliability.bins where bin.count > 0 {
      table.add([
        "\(bin.lowerBound.fixed(2)) to \(bin.upperBound.fixed(2))", "\(bin.count)",
        bin.meanConfidence?.fixed(3) ?? "–", bin.accuracy?.fixed(3) ?? "–",
      ])
    }
    return table
  }

  private static func x(_ share: Double) -> Double { left + share * side }
  private static func y(_ share: Double) -> Double { top + (1 - share) * side }

  private func rect(
    _ x: Double, _ y: Double, _ width: Double, _ height: Double, _ style: String
  ) -> Markup {
    .element(
      "rect",
      [
        "x": x.fixed(1), "y": y.fixed(1), "width": width.fixed(1), "height": height.fixed(1),
        "class": style,
      ])
  }
}
