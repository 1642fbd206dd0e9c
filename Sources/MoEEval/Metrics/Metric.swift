/// What an evaluation counts; the raw value is the word in JSON.
///
/// All but ``natsPerByte`` and ``routedNatsPerByte`` lie in 0 … 1.
public enum Metric: String, CaseIterable, Sendable {
  /// The share of examples whose label is right, ``ConfusionMatrix/accuracy``; of tags, whose set of labels is exactly right.
  case accuracy
  /// The F1 of all decisions together, one a label and example: ``TagCounts/microF1``.
  case microF1
  /// The mean over labels of F1: ``ConfusionMatrix/macroF1``, ``TagCounts/macroF1``.
  case macroF1
  /// The mean over labels of recall: ``ConfusionMatrix/balancedAccuracy``.
  case balancedAccuracy
  /// The share of examples whose likeliest continuation, each divided by its length in characters, is the right one.
  case normalizedAccuracy
  /// The share of examples continued with exactly an expected text, by ``AnswerText``.
  case exactMatch
  /// The mean F1 of the words of what was said and what was expected, by ``AnswerText``.
  case tokenF1
  /// −log p of the texts over their UTF-8 bytes, with the pack's experts.
  case natsPerByte
  /// The same as the dispatcher routes the texts: the backbone, or another pack, where it says so.
  case routedNatsPerByte
  /// The area under the ROC curve: `areaUnderROC(positive:negative:)`.
  case auroc
  /// The expected calibration error: ``Reliability/expectedCalibrationError``.
  case calibrationError

  /// Whether a greater value is the better one.
  public var isHigherBetter: Bool {
    switch self {
    case .accuracy, .microF1, .macroF1, .balancedAccuracy, .auroc, .normalizedAccuracy,
      .exactMatch, .tokenF1:
      true
    case .calibrationError, .natsPerByte, .routedNatsPerByte: false
    }
  }

  /// How the value of the set comes from its examples; the raw value is the word in JSON.
  public enum Aggregation: String, Sendable {
    /// The mean over examples.
    case mean
    /// The sum over examples, over the bytes of their texts.
    case bytes
    /// Over all decisions, one a label and example.
    case decisions
    /// The mean over labels.
    case labelMean
    /// The share of pairs, one example of each side, that are in the right order.
    case pairs
    /// The mean over bins of confidence, weighted by their examples.
    case bins
  }

  /// How the value of the set comes from its examples.
  public var aggregation: Aggregation {
    switch self {
    case .accuracy, .normalizedAccuracy, .exactMatch, .tokenF1: .mean
    case .natsPerByte, .routedNatsPerByte: .bytes
    case .microF1: .decisions
    case .macroF1, .balancedAccuracy: .labelMean
    case .auroc: .pairs
    case .calibrationError: .bins
    }
  }

  /// Its name for people, one line, in lower case but for abbreviations.
  public var title: String {
    switch self {
    case .accuracy: "accuracy"
    case .microF1: "micro-averaged F1"
    case .macroF1: "macro-averaged F1"
    case .balancedAccuracy: "balanced accuracy"
    case .normalizedAccuracy: "length-normalised accuracy"
    case .exactMatch: "exact match"
    case .tokenF1: "token F1"
    case .natsPerByte: "nats per byte"
    case .routedNatsPerByte: "nats per byte as routed"
    case .auroc: "area under the ROC curve"
    case .calibrationError: "expected calibration error"
    }
  }
}
