import CoreMetrics
import Foundation
import Synchronization

/// The figures of one server, and their text in Prometheus' exposition format 0.0.4.
///
/// Labels come in dots and leave in underscores: `moepack.requests` is `moepack_requests`.
final class PrometheusRegistry: MetricsFactory {
  private struct Key: Hashable {
    let label: String
    let dimensions: String
  }

  fileprivate enum Cell: Sendable {
    case counter(CounterCell)
    case gauge(GaugeCell)
    case histogram(HistogramCell)
  }

  private let cells = Mutex<[Key: Cell]>([:])

  /// The text of all figures, by name.
  var text: String {
    let all = cells.withLock { $0 }
    var output = ""
    var lastName = ""
    for (key, cell) in all.sorted(by: {
      ($0.key.label, $0.key.dimensions) < ($1.key.label, $1.key.dimensions)
    }) {
      let name = Self.name(key.label)
      if name != lastName { output += "# TYPE \(name) \(cell.type)\n" }
      lastName = name
      output += cell.lines(name, key.dimensions)
    }
    return output
  }

  func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
    let cell = find(label, dimensions) { .counter(CounterCell()) }
    if case .counter(let cell) = cell { return cell }
    return CounterCell()
  }

  func makeRecorder(
    label: String, dimensions: [(String, String)], aggregate: Bool
  ) -> any RecorderHandler {
    let cell = find(label, dimensions) {
      aggregate ? .histogram(HistogramCell()) : .gauge(GaugeCell())
    }
    switch cell {
    case .gauge(let cell): return cell
    case .histogram(let cell): return cell
    case .counter: return GaugeCell()
    }
  }

  func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
    let cell = find(label, dimensions) { .histogram(HistogramCell()) }
    if case .histogram(let cell) = cell { return cell }
    return HistogramCell()
  }

  func destroyCounter(_ handler: any CounterHandler) {}
  func destroyRecorder(_ handler: any RecorderHandler) {}
  func destroyTimer(_ handler: any TimerHandler) {}

  private func find(
    _ label: String, _ dimensions: [(String, String)], make: () -> Cell
  ) -> Cell {
    let key = Key(
      label: label,
      dimensions: dimensions.map { "\($0.0)=\"\(Self.escaped($0.1))\"" }.joined(separator: ","))
    return cells.withLock { cells in
      if let known = cells[key] { return known }
      let cell = make()
      cells[key] = cell
      return cell
    }
  }

  private static func name(_ label: String) -> String {
    String(label.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" })
  }

  private static func escaped(_ value: String) -> String {
    value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
  }

  // MARK: - Cells

  fileprivate final class CounterCell: CounterHandler {
    let value = Atomic<Int64>(0)
    func increment(by amount: Int64) { value.wrappingAdd(amount, ordering: .relaxed) }
    func reset() { value.store(0, ordering: .relaxed) }
  }

  fileprivate final class GaugeCell: RecorderHandler {
    let value = Mutex(0.0)
    func record(_ value: Int64) { record(Double(value)) }
    func record(_ value: Double) { self.value.withLock { $0 = value } }
  }

  fileprivate final class HistogramCell: RecorderHandler, TimerHandler {
    /// Upper bounds that suit seconds and counts alike.
    static let bounds: [Double] = [
      0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 250, 500,
    ]
    struct State {
      var counts = [Int](repeating: 0, count: HistogramCell.bounds.count)
      var count = 0
      var sum = 0.0
    }
    let state = Mutex(State())
    func record(_ value: Int64) { record(Double(value)) }
    func record(_ value: Double) {
      state.withLock { state in
        state.count += 1
        state.sum += value
        if let index = Self.bounds.firstIndex(where: { value <= $0 }) { state.counts[index] += 1 }
      }
    }
    func recordNanoseconds(_ duration: Int64) { record(Double(duration) / 1e9) }
  }
}

extension PrometheusRegistry.Cell {
  fileprivate var type: String {
    switch self {
    case .counter: "counter"
    case .gauge: "gauge"
    case .histogram: "histogram"
    }
  }

  fileprivate func lines(_ name: String, _ dimensions: String) -> String {
    let labels = dimensions.isEmpty ? "" : "{\(dimensions)}"
    switch self {
    case .counter(let cell): return "\(name)\(labels) \(cell.value.load(ordering: .relaxed))\n"
    case .gauge(let cell): return "\(name)\(labels) \(cell.value.withLock { $0 })\n"
    case .histogram(let cell):
      let state = cell.state.withLock { $0 }
      let prefix = dimensions.isEmpty ? "" : dimensions + ","
      var lines = ""
      var sum = 0
      for (bound, count) in zip(PrometheusRegistry.HistogramCell.bounds, state.counts) {
        sum += count
        lines += "\(name)_bucket{\(prefix)le=\"\(bound)\"} \(sum)\n"
      }
      lines += "\(name)_bucket{\(prefix)le=\"+Inf\"} \(state.count)\n"
      return lines + "\(name)_sum\(labels) \(state.sum)\n\(name)_count\(labels) \(state.count)\n"
    }
  }
}
