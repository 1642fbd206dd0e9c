/// τ and T of a pack, with what they do to texts that the rows were not fitted to.
public struct GateCalibration: Sendable, Equatable {
  /// τ, in nats.
  public let threshold: Double
  /// T.
  public let temperature: Double
  /// The share of the pack's own held-out texts whose margin is positive.
  public let ownRecall: Double
  /// The share of the profile's held-out negatives whose margin is positive.
  public let falseActivation: Double
  /// How many own texts were held out, each once.
  public let ownExamples: Int
  /// How many of the profile's negatives were held out.
  public let negativeExamples: Int

  /// The share of own held-out texts that the threshold is to let through, where the vendor does not say it.
  package static let targetRecall = 0.92
  /// How far the threshold may go for it, in nats: thresholds that differ more make strangers' margins
  /// incomparable, and cost more right routes than they save false ones.
  package static let thresholds = 0.5...1.0
  /// The same for a vendor who says what share is to come through.
  package static let chosenThresholds = -0.25...1.0

  /// Calibrates from scores of texts that the rows were not fitted to.
  ///
  /// A score is the logit of a logistic regression, own texts and negatives weighing the same, so it is a posterior in
  /// nats as it stands: T is 1, and τ is chosen in ``thresholds`` as the largest that lets ``targetRecall`` of the own
  /// texts through, or in ``chosenThresholds`` as the largest that lets through what the vendor wants.
  ///
  /// - Parameters:
  ///   - own: s_p of own texts.
  ///   - negatives: s_p of the profile's negatives, which are background texts.
  ///   - recall: The share of own texts that is to come through, where the vendor says it.
  public init(own: [Double], negatives: [Double], recall: Double? = nil) {
    let target = recall ?? Self.targetRecall
    let bounds = recall == nil ? Self.thresholds : Self.chosenThresholds
    // A text whose score is no number never comes through.
    let sorted = own.map { $0.isNaN ? -.infinity : $0 }.sorted()
    let index = min(sorted.count - 1, max(0, Int(Double(sorted.count) * (1 - target))))
    // A text comes through when its score is over τ.
    let quantile = sorted.isEmpty ? 0 : sorted[index].nextDown
    let threshold = min(max(quantile, bounds.lowerBound), bounds.upperBound)
    self.threshold = threshold
    temperature = 1
    func share(_ scores: [Double]) -> Double {
      Double(scores.count { $0 > threshold }) / Double(max(1, scores.count))
    }
    ownRecall = share(own)
    falseActivation = share(negatives)
    ownExamples = own.count
    negativeExamples = negatives.count
  }
}
