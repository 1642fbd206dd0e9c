public import MoEBase
public import MoEModel

/// Which labels an answer tells.
public enum LabelSelection: Sendable, Equatable {
  /// The best of each pack and task, at most so many, and of a `tag` task all that it gives.
  case best(Int)
  /// All of the selected packs.
  case all
}

extension Composition {
  /// An answer as it leaves the program: one line of `predict` (SPEC, *Answers*).
  ///
  /// - Parameters:
  ///   - answer: An answer of this very composition.
  ///   - id: What the caller named the request; left out when `nil`.
  ///   - labels: Which labels to tell.
  /// - Returns: The object of one line.
  public func json(
    of answer: Answer, id: JSONValue? = nil, labels: LabelSelection = .best(3)
  ) -> JSONValue {
    var members: [JSONMember] = []
    if let id { members.append(JSONMember("id", id)) }
    members.append(JSONMember("generation", .integer(generation)))
    members.append(JSONMember("composition", .digest(digest)))
    if answer.isForced { members.append(JSONMember("forced", true)) }
    if answer.isTruncated { members.append(JSONMember("truncated", true)) }
    members.append(contentsOf: answer.routeMembers)
    if let nearest = answer.nearest {
      members.append(
        JSONMember(
          "nearest",
          ["pack": .string(nearest.pack.name), "margin": .number(nearest.margin)]))
    }
    members.append(answer.predictionsMember(labels))
    return .object(members)
  }
}

extension Answer {
  /// The bytes that invariants I1 to I4 are about: route, weights, none and all predictions.
  public var invariantBytes: [UInt8] {
    JSONValue.object(
      routeMembers + [JSONMember("predictions", .array(predictions.map(\.json)))]
    ).bytes
  }

  /// Route, none and the best labels: what a list of changed answers tells of one.
  var briefJSON: JSONValue { .object(routeMembers + [predictionsMember(.best(3))]) }

  fileprivate func predictionsMember(_ labels: LabelSelection) -> JSONMember {
    let predictions =
      switch labels {
      case .best(let count): best(count)
      case .all: self.predictions
      }
    return JSONMember("predictions", .array(predictions.map(\.json)))
  }

  fileprivate var routeMembers: [JSONMember] {
    [
      JSONMember("route", .array(route.map(\.json))),
      JSONMember("none", .number(none)),
    ]
  }
}

extension Answer.Route {
  fileprivate var json: JSONValue {
    [
      "pack": .string(pack.name), "version": .string(pack.version),
      "digest": .digest(pack.digest), "margin": .number(margin), "weight": .number(weight),
    ]
  }
}

extension Answer.Prediction {
  fileprivate var json: JSONValue {
    let members: JSONValue = [
      "pack": .string(pack.name), "task": .string(task), "label": .string(label),
      "probability": .float(probability),
    ]
    guard let threshold, case .object(let all) = members else { return members }
    return .object(all + [JSONMember("threshold", .float(threshold))])
  }
}
