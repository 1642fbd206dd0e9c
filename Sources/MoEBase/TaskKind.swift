/// What kind of thing a task of a pack predicts; the raw value is the word in `pack.yaml` and manifests.
public enum TaskKind: String, Sendable, CaseIterable {
  /// One label of a text, by a head; on an encoder.
  case classify
  /// Any number of labels of a text, each by itself; on an encoder.
  case tag
  /// The likeliest of some continuations; on a language model.
  case choose
  /// A continuation; on a language model.
  case generate
  /// The text itself; on a language model.
  case perplexity

  /// Whether it needs a backbone that continues prompts.
  public var needsLanguageModel: Bool { !hasLabels }

  /// Whether it predicts labels, by a head.
  public var hasLabels: Bool {
    switch self {
    case .classify, .tag: true
    case .choose, .generate, .perplexity: false
    }
  }

  /// What evals of such a task may claim, the usual one first.
  public var metrics: [String] {
    switch self {
    case .classify: ["accuracy"]
    case .tag: ["microF1", "macroF1"]
    case .choose: ["accuracy", "normalizedAccuracy"]
    case .generate: ["exactMatch", "tokenF1"]
    case .perplexity: ["natsPerByte"]
    }
  }

  /// Whether a greater result is the better one; where it is not, a floor is the greatest result.
  public var isHigherBetter: Bool { self != .perplexity }

  /// The results that can be.
  public var metricRange: ClosedRange<Double> { isHigherBetter ? 0...1 : 0...100 }

  /// Whether a result is at least as good as a limit.
  public func reaches(_ limit: Double, value: Double) -> Bool {
    isHigherBetter ? value >= limit : value <= limit
  }
}

/// How an answer of a `generate` task is asked for.
public struct CompletionSettings: Sendable, Equatable {
  /// The most tokens of an answer.
  public var maximumTokens: Int
  /// The texts before which an answer ends.
  public var stops: [String]

  /// Makes settings.
  public init(maximumTokens: Int = 32, stops: [String] = ["\n"]) {
    self.maximumTokens = maximumTokens
    self.stops = stops
  }
}
