import MoEBase
public import MoEModel
public import MoETensor

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

  /// The share of own held-out texts that the threshold is to let through.
  package static let targetRecall = 0.92
  /// How far the threshold may go for it, in nats: thresholds that differ more make strangers' margins
  /// incomparable, and cost more right routes than they save false ones.
  package static let thresholds = 0.5...1.0

  /// Calibrates from scores of texts that the rows were not fitted to.
  ///
  /// A score is the logit of a logistic regression, own texts and negatives weighing the same, so it is a posterior in
  /// nats as it stands: T is 1, and τ is chosen in ``thresholds`` as the largest that lets ``targetRecall`` of the own
  /// texts through.
  ///
  /// - Parameters:
  ///   - own: s_p of own texts.
  ///   - negatives: s_p of the profile's negatives, which are background texts.
  public init(own: [Double], negatives: [Double]) {
    // A text whose score is no number never comes through.
    let sorted = own.map { $0.isNaN ? -.infinity : $0 }.sorted()
    let index = min(sorted.count - 1, max(0, Int(Double(sorted.count) * (1 - Self.targetRecall))))
    // A text comes through when its score is over τ.
    let quantile = sorted.isEmpty ? 0 : sorted[index].nextDown
    let threshold = min(max(quantile, Self.thresholds.lowerBound), Self.thresholds.upperBound)
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

/// Scores s_p, in nats, of texts that the rows were not fitted to.
public struct GateScores: Sendable, Equatable {
  /// Of the pack's own texts.
  public let own: [Double]
  /// Of the profile's negatives.
  public let background: [Double]
  /// Of the pack's own negatives.
  public let near: [Double]
}

/// A pack's gate: its rows, fitted to everything, and its calibration, from rows fitted to four fifths.
public struct FittedGate: Sendable {
  /// The rows.
  public let rows: FittedRows
  /// τ and T.
  public let calibration: GateCalibration
  /// What the calibration was made from.
  public let scores: GateScores

  /// The number of folds.
  static let foldCount = 5

  /// Fits the rows and calibrates them by cross-fitting.
  ///
  /// - Parameters:
  ///   - fitter: Prepared with the backbone profile.
  ///   - own: The features of the pack's texts, `[N, G]`.
  ///   - labels: The class of each.
  ///   - classCount: C.
  ///   - profile: Whose negatives and anchors the rows are fitted and held against.
  ///   - near: The features of the pack's own negatives; may be empty.
  ///   - seed: Deals the texts out to the folds.
  ///   - pool: The threads that share the folds.
  public init(
    fitter: RowFitter, own: [Float], labels: [Int], classCount: Int, profile: BackboneProfile,
    near: [Float], seed: UInt64, pool: ThreadPool
  ) {
    let groups = [own, profile.negatives, profile.anchors, near]
    let samples = GateSamples(
      groups, labels: labels, classCount: classCount, fitter: fitter, pool: pool)
    var generator = SeededGenerator(seed: seed)
    let folds = groups.flatMap { group -> [Int] in
      var fold = (0..<group.count / fitter.width).map { $0 % Self.foldCount }
      generator.shuffle(&fold)
      return fold
    }
    let fits = pool.map(count: Self.foldCount + 1) {
      fold -> (rows: WhitenedRows, scores: [Double]) in
      let rows = GateFit(
        samples, texts: folds.indices.filter { folds[$0] != fold }, kernels: fitter.kernels
      ).rows()
      let heldOut = folds.indices.filter { folds[$0] == fold }
      return (rows, rows.scores(samples, heldOut, kernels: fitter.kernels))
    }
    var scores: [[Double]] = groups.map { _ in [] }
    for fold in 0..<Self.foldCount {
      let heldOut = folds.indices.filter { folds[$0] == fold }
      for (text, score) in zip(heldOut, fits[fold].scores) {
        scores[samples.group[text]].append(score)
      }
    }
    rows = fitter.rows(fits[Self.foldCount].rows)
    calibration = GateCalibration(own: scores[0], negatives: scores[1])
    self.scores = GateScores(own: scores[0], background: scores[1], near: scores[3])
  }
}
