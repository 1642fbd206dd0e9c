import MoEBase

/// How the scores of several groups are spread over one scale, a histogram each, with a threshold through all.
public struct ScoreRidges: Sendable {
  /// One group.
  public struct Group: Sendable {
    let label: String
    let scores: [Double]
    let tone: Tone

    /// Makes a group.
    ///
    /// - Parameters:
    ///   - label: What its scores are of.
    ///   - scores: One a text; what is not finite is not drawn.
    ///   - tone: How scores above the threshold are meant.
    public init(label: String, scores: [Double], tone: Tone) {
      self.label = label
      self.scores = scores.filter(\.isFinite)
      self.tone = tone
    }

    func share(above threshold: Double) -> Double {
      Double(scores.count { $0 > threshold }) / Double(max(1, scores.count))
    }
  }

  private let id: String
  private let title: String
  private let unit: String
  private let groups: [Group]
  private let threshold: Double
  private let range: ClosedRange<Double>

  private static let width = 420.0
  private static let height = 62.0
  private static let gap = 30.0
  private static let side = 10.0
  private static let binCount = 60

  /// Makes a chart.
  ///
  /// - Parameters:
  ///   - id: Names the figure in its document, in letters, digits and hyphens.
  ///   - title: What is shown.
  ///   - unit: What scores are in: `nats`.
  ///   - groups: The groups; those without a score are left out.
  ///   - threshold: What a score has to exceed.
  public init(id: String, title: String, unit: String, groups: [Group], threshold: Double) {
    self.id = id
    self.title = title
    self.unit = unit
    self.groups = groups.filter { !$0.scores.isEmpty }
    self.threshold = threshold
    // The farthest score of a thousand is drawn at the edge, so that one of them does not press the rest together.
    let ends = self.groups.flatMap { group -> [Double] in
      let sorted = group.scores.sorted()
      let cut = sorted.count / 500
      return [sorted[cut], sorted[sorted.count - 1 - cut]]
    }
    let low = min(ends.min() ?? 0, threshold - 1)
    range = low...max(ends.max() ?? 1, threshold + 1, low + 1)
  }

  /// The chart in its frame.
  public var figure: Figure {
    var content = Markup.empty
    for (index, group) in groups.enumerated() {
      let top = Double(index) * (Self.height + Self.gap) + Self.gap
      content += .text(group.label, x: Self.side, y: top - 8, style: "name")
      content += .text(
        "\((group.share(above: threshold) * 100).fixed(1)) % above", x: Self.side + Self.width,
        y: top - 8, style: "number end")
      content += bars(group, top: top)
    }
    let bottom = Double(groups.count) * (Self.height + Self.gap)
    content += .line(x(threshold), Self.gap - 4, x(threshold), bottom + 4, "floor")
    for tick in ticks {
      content += .line(x(tick), bottom, x(tick), bottom + 5, "grid")
      content += .text(tick.fixed(0), x: x(tick), y: bottom + 20, style: "axis mid")
    }
    content += .text(
      "score in \(unit)", x: Self.side + Self.width / 2, y: bottom + 36, style: "axis mid")
    return Figure(
      id: id, title: title,
      description: groups.map {
        "\($0.label): \(($0.share(above: threshold) * 100).fixed(1)) % of \($0.scores.count) above "
          + threshold.fixed(3)
      }.joined(separator: "; "),
      drawing: Figure.Drawing(
        size: [
          "viewBox": "0 0 \((Self.width + 2 * Self.side).fixed(0)) \((bottom + 42).fixed(0))"
        ], content: content, keepsWidth: false),
      key: [("floor", "threshold \(threshold.fixed(3))")], table: table)
  }

  private func bars(_ group: Group, top: Double) -> Markup {
    var counts = [Int](repeating: 0, count: Self.binCount)
    for score in group.scores {
      let share = (score - range.lowerBound) / (range.upperBound - range.lowerBound)
      counts[min(Self.binCount - 1, max(0, Int(share * Double(Self.binCount))))] += 1
    }
    let most = Double(max(1, counts.max() ?? 1))
    let width = Self.width / Double(Self.binCount)
    return counts.indices.filter { counts[$0] > 0 }.map { bin -> Markup in
      let height = max(1, Self.height * Double(counts[bin]) / most)
      let left = Self.side + Double(bin) * width
      let isAbove = left + width / 2 > x(threshold)
      return .element(
        "rect",
        [
          "x": left.fixed(1), "y": (top + Self.height - height).fixed(1),
          "width": (width - 1).fixed(1), "height": height.fixed(1),
          "class": isAbove ? "\(group.tone.rawValue)4" : "n3",
        ], .element("title", [:], .text(counts[bin].description)))
    }.joined
  }

  private func x(_ score: Double) -> Double {
    let share = (score - range.lowerBound) / (range.upperBound - range.lowerBound)
    return Self.side + min(1, max(0, share)) * Self.width
  }

  private var ticks: [Double] {
    let span = range.upperBound - range.lowerBound
    let step = [1.0, 2, 5, 10, 20, 50, 100, 200, 500, 1000].first { span <= $0 * 8 } ?? 10_000
    let first = (range.lowerBound / step).rounded(.up)
    return (0...8).map { (first + Double($0)) * step }.filter { $0 <= range.upperBound }
  }

  private var table: DataTable {
    var table = DataTable(
      title,
      [.text("texts"), .number("how many"), .number("median"), .number("above the threshold")])
    for group in groups {
      let sorted = group.scores.sorted()
      table.add([
        group.label, "\(sorted.count)", sorted[sorted.count / 2].fixed(3),
        "\((group.share(above: threshold) * 100).fixed(1)) %",
      ])
    }
    return table
  }
}
