public import MoEBase
public import MoEEval
import MoEModel
public import MoEPackFormat

/// What the regression suite measured on a candidate generation.
public struct SuiteReport: Sendable, Equatable {
  /// One pack's figures.
  public struct Pack: Sendable, Equatable {
    /// `namespace/name`.
    public let name: String
    /// The version, for people.
    public let version: String
    /// The pack digest.
    public let digest: Digest
    /// Whether the change brings it in.
    public let isNew: Bool
    /// Its eval sets.
    public let evals: [Eval]
    /// How many of the neutral probes it was selected for.
    public let probesSelected: Int

    /// Name and version.
    public var label: String { "\(name) \(version)" }
  }

  /// One eval set's figures beside the vendor's claim.
  public struct Eval: Sendable, Equatable {
    /// What was measured.
    public let result: EvalResult
    /// What the manifest claims.
    public let claim: Manifest.Evaluation

    /// Makes a pair.
    public init(result: EvalResult, claim: Manifest.Evaluation) {
      self.result = result
      self.claim = claim
    }

    /// Its name, with the metric where that is not the usual one.
    public var title: String {
      claim.metric == Metric.accuracy.rawValue ? claim.name : "\(claim.name) \(claim.metric)"
    }
    /// Where ``value`` lies for 95 of 100 such sets.
    public var interval: BootstrapInterval? {
      Metric(rawValue: claim.metric).flatMap(result.interval)
    }
    /// What was measured of the metric that the claim is about.
    public var value: Double { Metric(rawValue: claim.metric).flatMap(result.value) ?? 0 }
    private var kind: TaskKind {
      TaskKind.allCases.first { $0.metrics.contains(claim.metric) } ?? .classify
    }
    /// Whether the vendor's floor is met.
    public var meetsFloor: Bool { kind.reaches(claim.floor, value: value) }
    /// Whether the recorded result is reproduced, within its tolerance.
    public var meetsClaim: Bool {
      kind.reaches(
        kind.isHigherBetter ? claim.value - claim.tolerance : claim.value + claim.tolerance,
        value: value)
    }
  }

  /// The packs, ordered by the bytes of their names.
  public let packs: [Pack]
  /// How many neutral probes were run.
  public let probes: Int
  /// How many texts were answered by both generations and compared byte by byte.
  public internal(set) var compared: Int
  /// What was let pass.
  public let limits: GateLimits
  /// What users got and would get, on each eval set of what stays and on the operator's.
  public internal(set) var comparisons: [Comparison] = []
  /// The tasks that were not compared, for their versions rose.
  public internal(set) var incomparable: [Incomparable] = []
  /// Which packs fire together, on each pack's own texts.
  public internal(set) var overlaps: [Overlap] = []
  /// The gate version `flat` beside the one that answers; `nil` where there is nothing to compare.
  public internal(set) var flat: Flat?

  /// Makes a report; comparisons and overlaps come later.
  init(packs: [Pack], probes: Int, compared: Int, limits: GateLimits = GateLimits()) {
    self.packs = packs
    self.probes = probes
    self.compared = compared
    self.limits = limits
  }

  /// The report as it is kept with the generation.
  public var json: JSONValue {
    .object(
      [
        JSONMember("packs", .array(packs.map(\.json))),
        JSONMember("probes", .integer(probes)),
        JSONMember("compared", .integer(compared)),
        JSONMember("comparisons", .array(comparisons.map(\.json))),
        JSONMember("incomparable", .array(incomparable.map(\.json))),
        JSONMember("overlaps", .array(overlaps.map(\.json))),
        JSONMember("limits", limits.json),
      ] + (flat.map { [JSONMember("flat", $0.json)] } ?? []))
  }
}

extension SuiteReport.Pack {
  /// The figures as JSON.
  public var json: JSONValue {
    [
      "pack": .string(name), "version": .string(version), "digest": .digest(digest),
      "evals": .array(evals.map(\.json)), "probesSelected": .integer(probesSelected),
    ]
  }
}

extension SuiteReport.Eval {
  /// The figures as JSON.
  public var json: JSONValue {
    var members = [
      JSONMember("eval", .string(claim.name)), JSONMember("task", .string(claim.task)),
      JSONMember("metric", .string(claim.metric)),
      JSONMember("value", .number(value)),
      JSONMember("baseline", .number(claim.value)), JSONMember("floor", .number(claim.floor)),
      JSONMember("tolerance", .number(claim.tolerance)),
      JSONMember("examples", .integer(result.labelled)),
      JSONMember("ownSelected", .number(result.ownSelectedShare)),
      JSONMember("none", .integer(result.none)),
    ]
    if let share = result.noneSelectedShare {
      members.append(JSONMember("noneSelected", .number(share)))
    }
    for metric in Metric.allCases where metric.rawValue != claim.metric {
      if let value = result.value(metric) {
        members.append(JSONMember(metric.rawValue, .number(value)))
      }
    }
    if let interval {
      members.append(
        JSONMember("interval", .array([.number(interval.low), .number(interval.high)])))
    }
    return .object(members)
  }
}
