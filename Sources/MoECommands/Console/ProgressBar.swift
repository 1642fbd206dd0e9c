import Foundation
import MoERuntime
import Synchronization

/// A line on stderr that says how far the work is, drawn over itself; only on a terminal.
///
/// It may be updated from any thread, as often as one likes: it draws ten times a second at most.
final class ProgressBar: Sendable {
  private struct State {
    var drawnAt: ContinuousClock.Instant?
    var stage = ""
    var width = 0
  }

  private let console: Console
  private let state = Mutex(State())
  private static let interval = Duration.milliseconds(100)
  private static let barWidth = 24

  /// Makes a bar; nothing is drawn yet.
  init(_ console: Console) {
    self.console = console
  }

  /// Shows how far a stage is.
  ///
  /// - Parameters:
  ///   - stage: What is being done.
  ///   - done: How much of it is done.
  ///   - total: How much there is; 0 where nobody knows.
  ///   - note: What else belongs on the line: a loss, an accuracy.
  func update(_ stage: String, done: Int, total: Int, note: String = "") {
    guard console.showsProgress else { return }
    state.withLock { state in
      let now = ContinuousClock.now
      let isDue = state.drawnAt.map { now - $0 >= Self.interval } ?? true
      guard isDue || state.stage != stage || (total > 0 && done >= total) else { return }
      let line = Self.line(stage, done: done, total: total, note: note)
      console.draw("\r" + line.padded(to: state.width))
      state = State(drawnAt: now, stage: stage, width: line.columnCount)
    }
  }

  /// Takes the line away.
  func clear() {
    state.withLock { state in
      guard state.drawnAt != nil else { return }
      console.draw("\r" + String(repeating: " ", count: state.width) + "\r")
      state = State()
    }
  }

  /// What the runtime reports to.
  var handler: ProgressHandler {
    { self.update($0.stage, done: $0.done, total: $0.total) }
  }

  /// One drawing of the line, at most 79 columns.
  static func line(_ stage: String, done: Int, total: Int, note: String) -> String {
    var parts = [String(stage.shown().prefix(40))]
    if total > 0 {
      let share = min(1, max(0, Double(done) / Double(total)))
      parts.append(Bar(share: share, width: barWidth).text)
      parts.append("\(Int((share * 100).rounded(.down))) %")
    } else {
      parts.append("…")
    }
    if !note.isEmpty { parts.append(note.shown()) }
    return String(parts.joined(separator: " ").prefix(79))
  }
}

/// A share drawn in eighths of a column.
struct Bar: Sendable {
  let share: Double
  let width: Int

  /// The bar, as wide as it is long: no spaces follow.
  var blocks: String {
    let eighths = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"]
    let units = Int((min(1, max(0, share)) * Double(width * 8)).rounded())
    return String(repeating: "█", count: units / 8) + eighths[units % 8]
  }

  /// The bar filled up with spaces to its full width.
  var text: String { blocks.padded(to: width) }
}
