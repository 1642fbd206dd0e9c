public import MoEBase
public import MoEModel

/// An answer that is not the same, byte for byte, after a change of the packs.
public struct AnswerChange: Sendable, Equatable {
  /// What is different, the first that applies; the raw value is the word in JSON.
  public enum Kind: String, CaseIterable, Sendable {
    /// No pack answered, and some pack does.
    case routeGained
    /// Some pack answered, and none does.
    case routeLost
    /// Other packs answer, or the same in another order.
    case routeChanged
    /// The same packs answer, with another first label, or other labels of a `tag` task.
    case labelChanged
    /// Routes and first labels stay; weights, probabilities or the version differ.
    case numbersChanged
  }

  /// What a change of right and wrong is; the raw value is the word in JSON.
  public enum Flip: String, CaseIterable, Sendable {
    /// Right before, wrong after.
    case rightToWrong
    /// Wrong before, right after.
    case wrongToRight
  }

  /// The text.
  public let question: Question
  /// What is answered now.
  public let before: Answer
  /// What would be answered.
  public let after: Answer
  /// What is different.
  public let kind: Kind
  /// Whether the answer turned right or wrong; `nil` where neither, or where the right answer is not known.
  public let flip: Flip?

  /// Compares two answers; `nil` where their bytes are equal.
  public init?(_ question: Question, before: Answer, after: Answer) {
    guard before.invariantBytes != after.invariantBytes else { return nil }
    self.question = question
    self.before = before
    self.after = after
    kind = Self.kind(before, after)
    flip =
      switch (question.isRight(before), question.isRight(after)) {
      case (true, false): .rightToWrong
      case (false, true): .wrongToRight
      default: nil
      }
  }

  private static func kind(_ before: Answer, _ after: Answer) -> Kind {
    let routes = (
      before.route.map { Array($0.pack.name.utf8) }, after.route.map { Array($0.pack.name.utf8) }
    )
    if routes.0 != routes.1 {
      return routes.0.isEmpty ? .routeGained : routes.1.isEmpty ? .routeLost : .routeChanged
    }
    return firstLabels(before) == firstLabels(after) ? .numbersChanged : .labelChanged
  }

  /// The first label of each pack and task, in order of rank, then the given ones of `tag` tasks, in order of bytes.
  private static func firstLabels(_ answer: Answer) -> [[[UInt8]]] {
    func key(_ prediction: Answer.Prediction) -> [[UInt8]] {
      [prediction.pack.name, prediction.task, prediction.label].map { Array($0.utf8) }
    }
    let best = answer.best(1)
    let tags = best.filter { $0.threshold != nil }.map(key)
    return best.filter { $0.threshold == nil }.map(key)
      + tags.sorted { $0.joined().lexicographicallyPrecedes($1.joined()) }
  }
}

extension AnswerChange.Kind {
  /// The kind for people.
  public var title: String {
    switch self {
    case .routeGained: "route gained"
    case .routeLost: "route lost"
    case .routeChanged: "route changed"
    case .labelChanged: "label changed"
    case .numbersChanged: "numbers changed"
    }
  }
}

extension AnswerChange.Flip {
  /// The flip for people.
  public var title: String {
    switch self {
    case .rightToWrong: "right → wrong"
    case .wrongToRight: "wrong → right"
    }
  }
}

extension AnswerChange {
  /// The change as JSON.
  public var json: JSONValue {
    var members = question.origin.members
    members.append(JSONMember("text", .string(question.text)))
    members.append(JSONMember("kind", .string(kind.rawValue)))
    if let flip { members.append(JSONMember("flip", .string(flip.rawValue))) }
    members.append(JSONMember("before", before.briefJSON))
    members.append(JSONMember("after", after.briefJSON))
    return .object(members)
  }
}
