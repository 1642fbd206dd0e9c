import MoEBase
import MoEEval
import MoEPackFormat
import MoERuntime

/// What a change does to the answers of packs that stay, for people: what fell, and which packs fire together.
struct SuiteView {
  let report: SuiteReport

  /// From which share of a pack's own texts on an overlap that nobody declares is told.
  private static let toldOverlap = 0.2
  private static let shownFlips = 20

  func print(to console: Console) throws {
    for comparison in report.comparisons where !isQuiet(comparison) {
      let paired = comparison.paired
      try console.print(
        "\(comparison.pack ?? "no pack") \(comparison.eval): of \(paired.count) texts "
          + "\(paired.negativeFlips.count) fall, \(paired.positiveFlips.count) rise "
          + "(p of a fall \(paired.pValueOfFall.fixed(3)))" + remarks(comparison))
      for flip in comparison.flips.prefix(Self.shownFlips) {
        try console.print("  falls: " + flip.sentence.shown())
      }
      if comparison.flips.count > Self.shownFlips {
        let more = comparison.flips.count - Self.shownFlips
        try console.print("  and \(more) more: `--json` has all")
      }
    }
    for sentence in report.flat?.sentences ?? [] { try console.print(sentence.shown()) }
    for task in report.incomparable {
      console.note(
        "\(task.pack) \(task.task): version \(task.before) → \(task.after), so its results before and after are "
          + "not compared; its claims are")
    }
    for overlap in report.overlaps where !overlap.isDeclared && overlap.share > Self.toldOverlap {
      console.note(
        "\(overlap.other) fires on \(overlap.shared) of \(overlap.examples) texts of "
          + "\(overlap.pack) \(overlap.eval), and neither declares an overlap")
    }
  }

  private func isQuiet(_ comparison: SuiteReport.Comparison) -> Bool {
    comparison.paired.negativeFlips.isEmpty && comparison.paired.positiveFlips.isEmpty
      && comparison.declaredCount == 0 && comparison.lostCount == 0
  }

  private func remarks(_ comparison: SuiteReport.Comparison) -> String {
    (comparison.declaredCount > 0 ? "; \(comparison.declaredCount) by a declared overlap" : "")
      + (comparison.lostCount > 0
        ? "; \(comparison.lostCount) expect labels that are no more" : "")
  }
}
