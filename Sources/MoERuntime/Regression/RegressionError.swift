public import MoEBase

/// Why the regression suite refuses a change.
public enum RegressionError: ActionableError, Equatable {
  /// A pack does not reach the least result its vendor signed for.
  case belowFloor(
    pack: String, eval: String, metric: String, value: Double, floor: Double, baseline: Double,
    tolerance: Double, examples: Int)
  /// A new pack does not reach the result its vendor recorded.
  case belowClaim(
    pack: String, eval: String, metric: String, value: Double, baseline: Double, tolerance: Double,
    examples: Int)
  /// A new pack is not selected for its own texts.
  case ownTextsMissed(pack: String, eval: String, share: Double, least: Double, examples: Int)
  /// A pack takes texts that are nobody's.
  case routerCapture(pack: String, selected: Int, probes: Int, most: Double)
  /// A new pack puts wrong answers in the place of another pack's right ones.
  case answersDisplaced(
    pack: String, other: String, eval: String, displaced: Int, gained: Int, examples: Int,
    most: Double, example: String)
  /// A new pack and another one fire together, and neither says so.
  case overlapUndeclared(
    pack: String, other: String, eval: String, shared: Int, examples: Int, most: Double)
  /// More right answers of a pack turned wrong than chance explains.
  case resultsFell(
    pack: String, eval: String, negative: Int, positive: Int, examples: Int, probability: Double,
    least: Double, example: String)
  /// Too many right answers of a pack turned wrong, whatever was gained.
  case negativeFlips(
    pack: String, eval: String, negative: Int, positive: Int, examples: Int, most: Double,
    example: String)
  /// The change alters answers that it must not touch.
  case answersChanged(change: String, changed: Int, compared: Int)
  /// The backbone's profile has too few probes to show anything.
  case tooFewProbes(got: Int, least: Int)
  /// A new pack has the dispatcher rows of another one.
  case copied(pack: String, original: String)
  /// A new pack repeats dispatcher rows.
  case rowsRepeated(pack: String, repeated: Int, rows: Int)
  /// Texts of a new pack's eval set stand in it twice, or are texts it learned from or another pack's.
  case evalsContaminated(
    pack: String, eval: String, contamination: EvalContamination, texts: Int, examples: Int,
    most: Double)
  /// A new pack's experts drown what they add to.
  case expertExplodes(pack: String, growth: Double, most: Double)
  /// A pack gives a number that is not finite.
  case outputNotFinite(pack: String, task: String)
  /// A new pack costs more than the operator allows.
  case overBudget(pack: String, flops: Double, most: Double)

  /// A stable word for machines.
  public var code: String {
    switch self {
    case .belowFloor: "below-floor"
    case .belowClaim: "below-claim"
    case .ownTextsMissed: "own-texts-missed"
    case .routerCapture: "router-capture"
    case .answersDisplaced: "answers-displaced"
    case .overlapUndeclared: "overlap-undeclared"
    case .resultsFell: "results-fell"
    case .negativeFlips: "negative-flips"
    case .answersChanged: "answers-changed"
    case .tooFewProbes: "too-few-probes"
    case .copied: "pack-copied"
    case .rowsRepeated: "rows-repeated"
    case .evalsContaminated: "evals-contaminated"
    case .expertExplodes: "expert-explodes"
    case .outputNotFinite: "output-not-finite"
    case .overBudget: "over-budget"
    }
  }

  /// The status the process exits with.
  public var exitCode: ExitCode { .regression }
}

/// Why examples of an eval set prove less than their number says.
public enum EvalContamination: Sendable, Equatable {
  /// They stand in the set before, in the same words.
  case repeated
  /// They stand in another pack's eval set with a label, and neither pack declares an overlap.
  case shared(with: String)
  /// The set is, byte for byte, another file of the pack's own data.
  case learned(file: String)
}
