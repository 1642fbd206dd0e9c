public import MoEBase

/// What the mixture says about one text, with its provenance.
public struct Answer: Sendable, Equatable {
  /// A selected pack.
  public struct Route: Sendable, Equatable {
    /// Which pack.
    public let pack: PackIdentity
    /// δ, in nats.
    public let margin: Double
    /// The posterior over the selected packs and "none".
    public let weight: Double
  }

  /// One label of one task of one selected pack.
  public struct Prediction: Sendable, Equatable {
    /// Which pack.
    public let pack: PackIdentity
    /// Which of its tasks.
    public let task: String
    /// The label's stable id.
    public let label: String
    /// The head's probability, 0 … 1.
    public let probability: Float
    /// The weight of the pack.
    public let weight: Double
    /// What the probability has to exceed for the label to be given; `nil` where a task gives one label.
    public let threshold: Float?

    /// Makes a prediction.
    public init(
      pack: PackIdentity, task: String, label: String, probability: Float, weight: Double,
      threshold: Float? = nil
    ) {
      self.pack = pack
      self.task = task
      self.label = label
      self.probability = probability
      self.weight = weight
      self.threshold = threshold
    }

    /// Whether the label is given: of a `tag` task only over its threshold.
    public var isGiven: Bool { threshold.map { probability > $0 } ?? true }

    /// What predictions are ranked by.
    public var rank: Double { Double(probability) * weight }

    /// Whether it is told before `other`: by rank, ties by pack digest, then by probability (a weight may
    /// underflow to 0).
    func precedes(_ other: Prediction) -> Bool {
      if rank != other.rank { return rank > other.rank }
      if pack.digest != other.pack.digest { return pack.digest < other.pack.digest }
      return probability > other.probability
    }
  }

  /// The pack nearest to the text, selected or not.
  public struct Nearest: Sendable, Equatable {
    /// Which pack.
    public let pack: PackIdentity
    /// δ, in nats.
    public let margin: Double
  }

  /// The selected packs, greatest margin first; empty when no pack is responsible.
  public let route: [Route]
  /// The weight of "no pack is responsible".
  public let none: Double
  /// A diagnosis, outside invariant I1: absent only when no pack is permitted.
  public let nearest: Nearest?
  /// Every label of every selected pack, greatest rank first.
  public let predictions: [Prediction]
  /// How many tokens the text has, special tokens included, before truncation.
  public let tokenCount: Int
  /// Whether tokens were cut off.
  public let isTruncated: Bool
  /// Whether a pack was made to answer whatever the dispatcher says.
  public let isForced: Bool

  /// The best `count` predictions of each pack and task, and of a `tag` task all that it gives; in order of rank.
  public func best(_ count: Int) -> [Prediction] {
    var seen: [[String]: Int] = [:]
    return predictions.filter { prediction in
      guard prediction.threshold == nil else { return prediction.isGiven }
      let key = [prediction.pack.digest.description, prediction.task]
      seen[key, default: 0] += 1
      return seen[key, default: 0] <= count
    }
  }
}

/// How a request wants to be answered.
public struct AnswerOptions: Sendable, Hashable {
  /// The one pack that answers whatever the dispatcher says; `nil` for the automatic route.
  public var pack: PackIdentity?
  /// Answers with the nearest pack even under its threshold.
  public var isForced: Bool
  /// The packs that may be scored at all, or `nil` for every mounted one.
  ///
  /// What is masked is as good as not mounted.
  public var permitted: Set<Digest>?
  /// K, the most packs that answer, in place of the dispatcher's; at least 1.
  public var topK: Int?
  /// What is added to every margin, in nats, in place of the operator's ``Dispatcher/shift``.
  public var shift: Double?
  /// Δ, how far under the greatest margin a selected pack may lie, in nats, in place of the dispatcher's.
  public var gap: Double?

  /// Whether the dispatcher's threshold is passed over.
  var forcesRoute: Bool { isForced || pack != nil }

  /// Makes options; the default is the automatic route over every mounted pack.
  public init(
    pack: PackIdentity? = nil, isForced: Bool = false, permitted: Set<Digest>? = nil,
    topK: Int? = nil, shift: Double? = nil, gap: Double? = nil
  ) {
    precondition((topK ?? 1) >= 1, "at least one pack must be able to answer")
    self.pack = pack
    self.isForced = isForced
    self.permitted = permitted
    self.topK = topK
    self.shift = shift
    self.gap = gap
  }
}

/// One text on its way through a mixture, with how it wants to be answered.
public struct MixtureRequest: Sendable {
  /// The tokenized text.
  public let encoding: Encoding
  /// Which packs may answer.
  public let options: AnswerOptions

  /// Makes a request.
  public init(_ encoding: Encoding, options: AnswerOptions = AnswerOptions()) {
    self.encoding = encoding
    self.options = options
  }
}
