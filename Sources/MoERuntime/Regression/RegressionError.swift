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
  /// The change alters answers that it must not touch.
  case answersChanged(change: String, changed: Int, compared: Int)
  /// The backbone's profile has too few probes to show anything.
  case tooFewProbes(got: Int, least: Int)

  /// A stable word for machines.
  public var code: String {
    switch self {
    case .belowFloor: "below-floor"
    case .belowClaim: "below-claim"
    case .ownTextsMissed: "own-texts-missed"
    case .routerCapture: "router-capture"
    case .answersChanged: "answers-changed"
    case .tooFewProbes: "too-few-probes"
    }
  }

  /// What happened, where, expected and got.
  public var message: String {
    switch self {
    case .belowFloor(
      let pack, let eval, let metric, let value, let floor, let baseline, let tolerance,
      let examples):
      "`\(pack)` misses its floor on `\(eval)`: \(metric) \(Self.rounded(value)), "
        + "floor \(Self.rounded(floor)) (baseline \(Self.rounded(baseline)), "
        + "tolerance \(Self.rounded(tolerance)), \(examples) examples)"
    case .belowClaim(
      let pack, let eval, let metric, let value, let baseline, let tolerance, let examples):
      "`\(pack)` does not reproduce its claim on `\(eval)`: \(metric) \(Self.rounded(value)), "
        + "baseline \(Self.rounded(baseline)) (tolerance \(Self.rounded(tolerance)), "
        + "\(examples) examples)"
    case .ownTextsMissed(let pack, let eval, let share, let least, let examples):
      "`\(pack)` is selected for \(Self.percent(share)) of its own texts of `\(eval)`, "
        + "expected at least \(Self.percent(least)) (\(examples) examples)"
    case .routerCapture(let pack, let selected, let probes, let most):
      "`\(pack)` takes \(selected) of \(probes) neutral probes "
        + "(\(Self.percent(Double(selected) / Double(max(1, probes))))), expected at most "
        + Self.percent(most)
    case .answersChanged(let change, let changed, let compared):
      "\(change) changes answers that it has no part in: \(changed) of \(compared) compared, expected 0"
    case .tooFewProbes(let got, let least):
      "the backbone profile has \(got) probes, expected at least \(least)"
    }
  }

  /// What to do now.
  public var hint: String {
    switch self {
    case .belowFloor(let pack, _, _, _, _, _, _, _), .belowClaim(let pack, _, _, _, _, _, _):
      "the store is unchanged; tell the publisher of `\(pack)`, or accept an unproven generation "
        + "with `--no-eval`"
    case .ownTextsMissed:
      "the store is unchanged; another installed pack may cover the same ground: see `moe-pack eval`, "
        + "or accept an unproven generation with `--no-eval`"
    case .routerCapture:
      "the store is unchanged; its threshold is too low for this backbone profile: tell the publisher"
    case .answersChanged:
      "the store is unchanged; this is a fault of moe-pack, please report it with both pack digests"
    case .tooFewProbes:
      "the store is unchanged; make the profile again with `moe-pack backbone profile`"
    }
  }

  /// The status the process exits with.
  public var exitCode: ExitCode { .regression }

  private static func rounded(_ value: Double) -> String { value.fixed(3) }

  private static func percent(_ value: Double) -> String { "\((value * 100).fixed(1)) %" }
}
