public import MoEBase
import MoEEval

extension SuiteReport.Pack {
  /// The figures with every metric's interval and every label's, as `eval --json` tells them.
  public var detailJSON: JSONValue {
    [
      "pack": .string(name), "version": .string(version), "digest": .digest(digest),
      "evals": .array(evals.map(\.detailJSON)), "probesSelected": .integer(probesSelected),
    ]
  }
}

extension SuiteReport.Eval {
  fileprivate var detailJSON: JSONValue {
    guard case .object(let members) = json else { return json }
    return .object(
      members + [
        JSONMember(
          "metrics",
          .array(
            Metric.allCases.compactMap { metric in
              result.value(metric).map { self.json(of: metric, value: $0) }
            })),
        JSONMember(
          "labels",
          .array(
            result.labelScores.enumerated().map { label, score in
              score.json(f1Interval: result.f1Interval(of: label))
            })),
      ])
  }

  private func json(of metric: Metric, value: Double) -> JSONValue {
    var members = [
      JSONMember("metric", .string(metric.rawValue)), JSONMember("value", .number(value)),
      JSONMember("higherIsBetter", .boolean(metric.isHigherBetter)),
      JSONMember("aggregation", .string(metric.aggregation.rawValue)),
    ]
    if let interval = result.interval(metric) {
      members.append(
        JSONMember("interval", .array([.number(interval.low), .number(interval.high)])))
    }
    return .object(members)
  }
}

extension LabelScore {
  fileprivate func json(f1Interval: BootstrapInterval?) -> JSONValue {
    let members: JSONValue = [
      "label": .string(label), "examples": .integer(support), "predicted": .integer(predicted),
      "precision": precision.map(JSONValue.number) ?? .null,
      "recall": recall.map(JSONValue.number) ?? .null, "f1": f1.map(JSONValue.number) ?? .null,
    ]
    guard let f1Interval, case .object(let all) = members else { return members }
    return .object(
      all + [
        JSONMember(
          "f1Interval", .array([.number(f1Interval.low), .number(f1Interval.high)]))
      ])
  }
}
