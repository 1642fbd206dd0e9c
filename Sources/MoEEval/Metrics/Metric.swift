/// What an evaluation counts; the raw value is the word in JSON.
///
/// Every one lies in 0 … 1.
public enum Metric: String, CaseIterable, Sendable {
  /// The share of examples whose label is right: ``ConfusionMatrix/accuracy``.
  case accuracy
  /// The mean over labels of F1: ``ConfusionMatrix/macroF1``.
  case macroF1
  /// The mean over labels of recall: ``ConfusionMatrix/balancedAccuracy``.
  case balancedAccuracy
  /// The area under the ROC curve: `areaUnderROC(positive:negative:)`.
  case auroc
  /// The expected calibration error: ``Reliability/expectedCalibrationError``.
  case calibrationError

  /// Whether a greater value is the better one.
  public var isHigherBetter: Bool {
    switch self {
    case .accuracy, .macroF1, .balancedAccuracy, .auroc: true
    case .calibrationError: false
    }
  }

  /// How the value of the set comes from its examples; the raw value is the word in JSON.
  public enum Aggregation: String, Sendable {
    /// The mean over examples.
    case mean
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
    case .accuracy: .mean
    case .macroF1, .balancedAccuracy: .labelMean
    case .auroc: .pairs
    case .calibrationError: .bins
    }
  }

  /// Its name for people, one line, in lower case but for abbreviations.
  public var title: String {
    switch self {
    case .accuracy: "accuracy"
    case .macroF1: "macro-averaged F1"
    case .balancedAccuracy: "balanced accuracy"
    case .auroc: "area under the ROC curve"
    case .calibrationError: "expected calibration error"
    }
  }
}
