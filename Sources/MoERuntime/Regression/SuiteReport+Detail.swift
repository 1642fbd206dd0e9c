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
        JSONMember("labels", .array(result.confusion.scores.map(\.json))),
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

extension ConfusionMatrix.LabelScore {
  fileprivate var json: JSONValue {
    [
      "label": .string(label), "examples": .integer(support), "predicted": .integer(predicted),
      "precision": precision.map(JSONValue.number) ?? .null,
      "recall": recall.map(JSONValue.number) ?? .null, "f1": f1.map(JSONValue.number) ?? .null,
    ]
  }
}
