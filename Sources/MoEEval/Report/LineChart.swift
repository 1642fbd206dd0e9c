import MoEBase

/// One value for each step of something that goes on, joined by a line.
public struct LineChart: Sendable {
  private let id: String
  private let title: String
  private let stepTitle: String
  private let values: [Double]
  private let reference: (label: String, value: Double)?
  private let marked: Int?

  private static let size = (width: 360.0, height: 200.0)
  private static let left = 52.0
  private static let right = 12.0
  private static let top = 12.0
  private static let foot = 40.0
  private static let tickCount = 4

  /// Makes a chart.
  ///
  /// - Parameters:
  ///   - id: Names the figure in its document, in letters, digits and hyphens.
  ///   - title: What is shown.
  ///   - stepTitle: What a step is: `epoch`.
  ///   - values: One a step, counted from 1; finite.
  ///   - reference: A value to hold the others to, with the words for it.
  ///   - marked: The step that stands out, counted from 1.
  public init(
    id: String, title: String, stepTitle: String, values: [Double],
    reference: (label: String, value: Double)? = nil, marked: Int? = nil
  ) {
    self.id = id
    self.title = title
    self.stepTitle = stepTitle
    self.values = values
    self.reference = reference
    self.marked = marked
  }

  /// The chart in its frame.
  public var figure: Figure {
    let all = values + [reference?.value].compactMap(\.self)
    let least = all.min() ?? 0
    let span = max((all.max() ?? 1) - least, 1e-6)
    func y(_ value: Double) -> Double { Self.top + (1 - (value - least) / span) * Self.size.height }
    func x(_ step: Int) -> Double {
      let share = values.count < 2 ? 0.5 : Double(step - 1) / Double(values.count - 1)
      return Self.left + share * Self.size.width
    }
    var content = Markup.empty
    for tick in 0...Self.tickCount {
      let value = least + span * Double(tick) / Double(Self.tickCount)
      content += .line(Self.left, y(value), Self.left + Self.size.width, y(value), "grid")
      content += .text(value.fixed(3), x: Self.left - 6, y: y(value) + 4, style: "axis end")
    }
    let bottom = Self.top + Self.size.height
    let stride = max(1, values.count / 10)
    for step in 1...max(1, values.count)
    where step == values.count || (step - 1).isMultiple(of: stride) {
      content += .text("\(step)", x: x(step), y: bottom + 18, style: "axis mid")
    }
    content += .text(
      stepTitle, x: Self.left + Self.size.width / 2, y: bottom + 34, style: "axis mid")
    if let reference {
      content += .line(
        Self.left, y(reference.value), Self.left + Self.size.width, y(reference.value), "diagonal")
    }
    let points = values.indices.map { "\(x($0 + 1).fixed(1)),\(y(values[$0]).fixed(1))" }
    content += .element(
      "polyline", ["points": points.joined(separator: " "), "class": "curve"])
    for (index, value) in values.enumerated() {
      let isMarked = marked == index + 1
      content += .element(
        "circle",
        [
          "cx": x(index + 1).fixed(1), "cy": y(value).fixed(1), "r": isMarked ? "6" : "3.5",
          "class": "dot",
        ], .element("title", [:], .text("\(stepTitle) \(index + 1): \(value.fixed(4))")))
    }
    return Figure(
      id: id, title: title, description: description,
      drawing: Figure.Drawing(
        size: [
          "viewBox":
            "0 0 \((Self.left + Self.size.width + Self.right).fixed(0)) \((bottom + Self.foot).fixed(0))"
        ], content: content, keepsWidth: false),
      key: reference.map { [("n4", "\($0.label): \($0.value.fixed(3))")] } ?? [], table: table)
  }

  private var description: String {
    let ends = [values.first, values.last].compactMap { $0?.fixed(3) }.joined(separator: " to ")
    return "\(values.count) steps, from \(ends)"
      + (marked.map { "; \(stepTitle) \($0) was taken" } ?? "") + "."
  }

  private var table: DataTable {
    var table = DataTable(title, [.text(stepTitle), .number("value")])
    for (index, value) in values.enumerated() {
      table.add(["\(index + 1)" + (marked == index + 1 ? " (taken)" : ""), value.fixed(4)])
    }
    return table
  }
}
