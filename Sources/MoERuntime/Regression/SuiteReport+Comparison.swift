public import MoEBase
public import MoEEval
public import MoEModel

extension SuiteReport {
  /// One eval set between the active and the candidate generation: what users got, and would get.
  public struct Comparison: Sendable, Equatable {
    /// Whose examples they are.
    public enum Origin: String, Sendable {
      /// Of the pack itself.
      case own
      /// Of the release, or the pack, whose place it takes.
      case earlier
      /// Of the operator.
      case registered
    }

    /// Name and version of the pack; `nil` for texts that none may answer.
    public let pack: String?
    /// The set.
    public let eval: String
    /// Whose examples they are.
    public let origin: Origin
    /// How many examples were answered right before.
    public let rightBefore: Int
    /// How many would be.
    public let rightAfter: Int
    /// Right and wrong, text by text, declared overlaps and lost labels left as they were.
    public let paired: PairedComparison
    /// The right answers that would turn wrong, in the order of the set.
    public let flips: [Flip]
    /// How many changed by an overlap that both packs declare.
    public let declaredCount: Int
    /// How many expect a label that the pack no longer has.
    public let lostCount: Int

    /// The set for sentences.
    var label: String {
      switch origin {
      case .own: eval
      case .earlier: "\(eval) of the release before"
      case .registered: "\(eval) of the operator"
      }
    }
  }

  /// A task whose version rose, so that results before and after are not compared.
  public struct Incomparable: Sendable, Equatable {
    /// Name and version of the pack.
    public let pack: String
    /// The task.
    public let task: String
    /// Its version in the active generation.
    public let before: Int
    /// Its version in the candidate.
    public let after: Int

    /// Makes one.
    public init(pack: String, task: String, before: Int, after: Int) {
      self.pack = pack
      self.task = task
      self.before = before
      self.after = after
    }

    var json: JSONValue {
      [
        "pack": .string(pack), "task": .string(task), "before": .integer(before),
        "after": .integer(after),
      ]
    }
  }

  /// A right answer that would turn wrong.
  public struct Flip: Sendable, Equatable {
    /// The place of the text in its set, from 0.
    public let index: Int
    /// The text.
    public let text: String
    /// What users were told before everything else; `nil` for nothing.
    public let before: Answer.Lead?
    /// What they would be told.
    public let after: Answer.Lead?

    /// The flip for sentences; the text is cut to 80 characters.
    public var sentence: String {
      let shown = text.count > 80 ? text.prefix(79) + "…" : text[...]
      return "“\(shown)”, line \(index + 1): \(Self.words(before)), then \(Self.words(after))"
    }

    private static func words(_ lead: Answer.Lead?) -> String {
      guard let lead else { return "no answer" }
      guard let told = lead.toldFirst else {
        let labels = lead.tags.map { "`\($0.label)`" }.joined(separator: ", ")
        return "\(labels.isEmpty ? "no label" : labels) of `\(lead.pack.name)`"
      }
      return "`\(told.label)` of `\(told.pack.name)`"
    }
  }

  /// What users get on one of the operator's eval sets.
  public struct Registered: Sendable, Equatable {
    /// The set.
    public let eval: String
    /// The pack it is about; `nil` for texts that none may answer.
    public let pack: String?
    /// How many are answered right.
    public let right: Int
    /// How many there are.
    public let examples: Int

    /// The figures as JSON.
    public var json: JSONValue {
      [
        "eval": .string(eval), "pack": pack.map(JSONValue.string) ?? .null,
        "right": .integer(right), "examples": .integer(examples),
      ]
    }
  }

  /// Two packs on the texts of one of them.
  public struct Overlap: Sendable, Equatable {
    /// Whose texts they are.
    public let pack: String
    /// The other pack.
    public let other: String
    /// The eval set.
    public let eval: String
    /// On how many of its labelled texts both fire.
    public let shared: Int
    /// How many there are.
    public let examples: Int
    /// Whether one of the two declares it.
    public let isDeclared: Bool

    /// The share of the texts on which both fire, 0 … 1.
    public var share: Double { Double(shared) / Double(max(1, examples)) }
  }
}

extension SuiteReport.Comparison {
  /// The comparison as JSON.
  public var json: JSONValue {
    [
      "pack": pack.map(JSONValue.string) ?? .null, "eval": .string(eval),
      "origin": .string(origin.rawValue), "examples": .integer(paired.count),
      "rightBefore": .integer(rightBefore), "rightAfter": .integer(rightAfter),
      "negativeFlips": .integer(paired.negativeFlips.count),
      "positiveFlips": .integer(paired.positiveFlips.count),
      "pValueOfFall": .number(paired.pValueOfFall), "declared": .integer(declaredCount),
      "labelsLost": .integer(lostCount), "flips": .array(flips.map(\.json)),
    ]
  }
}

extension SuiteReport.Flip {
  /// The flip as JSON.
  public var json: JSONValue {
    func told(_ lead: Answer.Lead?) -> JSONValue {
      guard let lead else { return .null }
      guard let first = lead.toldFirst else {
        return [
          "pack": .string(lead.pack.name),
          "labels": .array(lead.tags.map { .string($0.label) }),
        ]
      }
      return [
        "pack": .string(first.pack.name), "label": .string(first.label),
        "probability": .float(first.probability),
      ]
    }
    return [
      "index": .integer(index), "text": .string(text), "before": told(before),
      "after": told(after),
    ]
  }
}

extension SuiteReport.Overlap {
  /// The overlap as JSON.
  public var json: JSONValue {
    [
      "pack": .string(pack), "other": .string(other), "eval": .string(eval),
      "shared": .integer(shared), "examples": .integer(examples),
      "declared": .boolean(isDeclared),
    ]
  }
}

extension Answer.Lead {
  /// The one label that is told first; `nil` where the pack gives any number of them, or none.
  fileprivate var toldFirst: Answer.Prediction? {
    guard tags.isEmpty, let first, first.threshold == nil else { return nil }
    return first
  }
}
