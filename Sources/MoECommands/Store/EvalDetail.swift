import MoEBase
import MoEEval
import MoEPackFormat
import MoERuntime

/// What one pack's eval sets say beyond the table: intervals, other metrics, the weakest labels.
struct EvalDetail {
  let pack: SuiteReport.Pack

  private static let weakestCount = 5

  func print(to console: Console) throws {
    for eval in pack.evals {
      let result = eval.result
      try console.print()
      if let interval = eval.interval {
        try console.print(
          "\(eval.claim.name): \(eval.claim.metric) \(eval.value.fixed(3)), "
            + "\(interval.low.fixed(3)) to \(interval.high.fixed(3)) in 95 of 100 such sets")
      }
      for metric in Metric.allCases where metric.rawValue != eval.claim.metric {
        guard let value = result.value(metric) else { continue }
        try console.print(
          "  \(metric.title.padded(to: 28)) \(value.fixed(3))"
            + (result.interval(metric).map { ", \($0.low.fixed(3)) to \($0.high.fixed(3))" } ?? "")
            + (metric.isHigherBetter ? "" : " (lower is better)"))
      }
      try printWeakest(result, to: console)
    }
  }

  /// The labels most often missed, and what the pack says in their place.
  private func printWeakest(_ result: EvalResult, to console: Console) throws {
    guard !result.hasTags else { return try printWeakestTags(result, to: console) }
    let confusion = result.confusion
    let missed = confusion.scores.enumerated()
      .filter { $0.element.truePositives < $0.element.support }
      .sorted { left, right in
        let (recall, other) = (left.element.recall ?? 1, right.element.recall ?? 1)
        return recall == other ? left.offset < right.offset : recall < other
      }
    guard !missed.isEmpty else { return }
    try console.print("  weakest labels")
    for (index, score) in missed.prefix(Self.weakestCount) {
      let counts = confusion.counts[index]
      let others = counts.indices.filter { $0 != index && counts[$0] > 0 }
        .sorted { counts[$0] == counts[$1] ? $0 < $1 : counts[$0] > counts[$1] }
        .prefix(3).map { "\(confusion.labels[$0]) (\(counts[$0]))" }
      let sentence =
        "\(score.label): \(score.truePositives) of \(score.support); else "
        + others.joined(separator: ", ")
      try console.print("    " + sentence.shown())
    }
  }
}

extension EvalDetail {
  /// The labels of the least F1, where a text may have several.
  private func printWeakestTags(_ result: EvalResult, to console: Console) throws {
    let weak = result.labelScores.enumerated().filter { ($0.element.f1 ?? 1) < 1 }
      .sorted { left, right in
        let (f1, other) = (left.element.f1 ?? 1, right.element.f1 ?? 1)
        return f1 == other ? left.offset < right.offset : f1 < other
      }
    guard !weak.isEmpty else { return }
    try console.print("  weakest labels")
    for (index, score) in weak.prefix(Self.weakestCount) {
      let interval = result.f1Interval(of: index)
      let sentence =
        "\(score.label): F1 \((score.f1 ?? 0).fixed(3))"
        + (interval.map { " (\($0.low.fixed(3)) to \($0.high.fixed(3)))" } ?? "")
        + ", found in \(score.truePositives) of \(score.support), given to "
        + "\(score.predicted - score.truePositives) without it"
      try console.print("    " + sentence.shown())
    }
  }
}

/// What changed in a pack's answers since a generation.
struct EvalComparisonView {
  let comparison: EvalComparison
  let generation: Int

  private static let shownTexts = 20

  func print(to console: Console) throws {
    let paired = comparison.paired
    try console.print(
      "\(comparison.pack) \(comparison.eval), since generation \(generation): of "
        + "\(paired.count) texts \(paired.negativeFlips.count) fell, "
        + "\(paired.positiveFlips.count) rose (p of a fall \(paired.pValueOfFall.fixed(3)))")
    for text in comparison.fallen.prefix(Self.shownTexts) {
      try console.print("  fell: " + text.shown())
    }
    if comparison.fallen.count > Self.shownTexts {
      try console.print("  and \(comparison.fallen.count - Self.shownTexts) more: `--json` has all")
    }
  }
}
