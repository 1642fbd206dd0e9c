public import MoEBase
public import MoEEval
import MoEModel

/// One eval set under two generations: what users got, and what they get.
public struct EvalComparison: Sendable, Equatable {
  /// Name and version of the pack, as it is now.
  public let pack: String
  /// The set.
  public let eval: String
  /// Right and wrong before and after.
  public let paired: PairedComparison
  /// The texts that were answered right and are not any more, in the order of the set.
  public let fallen: [String]

  /// The comparison as JSON.
  public var json: JSONValue {
    [
      "pack": .string(pack), "eval": .string(eval), "examples": .integer(paired.count),
      "negativeFlips": .integer(paired.negativeFlips.count),
      "positiveFlips": .integer(paired.positiveFlips.count),
      "pValueOfFall": .number(paired.pValueOfFall), "pValue": .number(paired.pValue),
      "fallen": .array(fallen.map(JSONValue.string)),
    ]
  }
}

extension RegressionSuite {
  /// Compares what the active generation gives with what was measured on the candidate.
  ///
  /// - Parameter measured: What ``measure(only:)`` returned.
  /// - Returns: A comparison for each eval set of each pack whose name both generations have.
  /// - Throws: Whatever answering throws.
  public func compare(_ measured: [SuiteReport.Pack]) throws -> [EvalComparison] {
    try measured.flatMap { pack -> [EvalComparison] in
      guard let entry = entries.first(where: { $0.identity.digest == pack.digest }),
        let earlier = active.packs.first(where: {
          $0.identity.name.utf8.elementsEqual(pack.name.utf8)
        })
      else { return [] }
      return try zip(entry.evals, pack.evals).map { source, eval in
        let set = source.set
        let before: [Bool]
        if set.kind.hasLabels {
          let survey = try evidence.survey(active, source.texts)
          before = set.examples.enumerated().map { text, example in
            survey.isRight(example, of: set.task, earlier.identity, at: text)
          }
        } else {
          let meter = WorkMeter(
            "`\(set.name)` of \(pack.label), before", total: set.examples.count, progress)
          before = try set.run(
            on: active.mixture, pack: earlier.identity, pool: pool, progress: meter.add
          ).isAnsweredRight
        }
        let paired = PairedComparison(
          before: before, after: eval.result.isAnsweredRight)
        return EvalComparison(
          pack: pack.label, eval: set.name, paired: paired,
          fallen: paired.negativeFlips.map { set.examples[$0].text })
      }
    }
  }
}
