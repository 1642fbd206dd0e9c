import MoEBase

/// Where values of 0 … 1 stand on a line, as shares of its length.
struct LinearScale: Sendable, Equatable {
  /// What the line reaches from and to.
  let range: ClosedRange<Double>
  /// The distance of its marks.
  private let step: Double

  /// Makes a scale on which all of `values` have room: it begins at a round number under the least one.
  init(covering values: [Double], upTo high: Double) {
    let least = max(0, min(high, values.filter(\.isFinite).min() ?? 0))
    let span = high - least
    let steps = [0.01, 0.02, 0.05, 0.1, 0.2, 0.25, 0.5, 1, 2, 5, 10, 25]
    let step = steps.first { span <= $0 * 4 } ?? 25
    // 0.7 / 0.1 is a little under 7.
    let low = max(0, (least / step + 1e-9).rounded(.down) * step)
    // One more step, so that what is least does not stand at the edge.
    range = max(0, low - step)...max(high, step)
    self.step = step
  }

  /// The marks, from the first to the last.
  var ticks: [Double] {
    let count = Int(((range.upperBound - range.lowerBound) / step).rounded())
    return (0...count).map { min(range.upperBound, range.lowerBound + Double($0) * step) }
  }

  /// Where a value stands, as SVG takes it; what lies outside stands at the end.
  func percent(_ value: Double) -> String {
    let share = (value - range.lowerBound) / (range.upperBound - range.lowerBound)
    return "\((min(1, max(0, share)) * 100).fixed(2))%"
  }

  /// The words at a mark.
  func label(_ tick: Double) -> String { tick.fixed(step < 0.1 ? 2 : step == 0.25 ? 2 : 1) }
}
