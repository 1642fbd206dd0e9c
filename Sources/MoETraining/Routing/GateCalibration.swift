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

  /// The share of own held-out texts that the threshold lets through when the background allows it.
  package static let targetRecall = 0.95
  /// The share of own held-out texts that it lets through in any case.
  package static let leastRecall = 0.92
  /// The share of the background's negatives it may let through above the least recall.
  package static let falseActivationLimit = 0.01

  /// Calibrates from scores of texts that the rows were not fitted to.
  ///
  /// T is the temperature of a logistic regression of own texts against all negatives, both sides of equal
  /// weight (Platt 1999). τ lets ``targetRecall`` of own texts through, and is raised as far as
  /// ``leastRecall`` while more than ``falseActivationLimit`` of the background's negatives come through.
  ///
  /// - Parameters:
  ///   - own: s_p of own texts.
  ///   - negatives: s_p of the profile's negatives, which are background texts.
  ///   - near: s_p of the profile's anchors and of the pack's own negatives; may be empty.
  public init(own: [Double], negatives: [Double], near: [Double]) {
    let sorted = own.sorted()
    func quantile(_ recall: Double) -> Double {
      let index = min(sorted.count - 1, max(0, Int(Double(sorted.count) * (1 - recall))))
      return sorted.isEmpty ? 0 : sorted[index]
    }
    // A text comes through when its score is over τ: just under an own text's score, just at a negative's.
    var threshold = quantile(Self.targetRecall).nextDown
    let ranked = negatives.sorted(by: >)
    let allowed = Int(Double(ranked.count) * Self.falseActivationLimit)
    if allowed < ranked.count { threshold = max(threshold, ranked[allowed]) }
    threshold = min(threshold, quantile(Self.leastRecall).nextDown)
    self.threshold = threshold
    temperature = Self.temperature(own: own, negatives: negatives + near)
    func share(_ scores: [Double]) -> Double {
      Double(scores.count { $0 > threshold }) / Double(max(1, scores.count))
    }
    ownRecall = share(own)
    falseActivation = share(negatives)
    ownExamples = own.count
    negativeExamples = negatives.count
  }

  private static func temperature(own: [Double], negatives: [Double]) -> Double {
    guard !own.isEmpty, !negatives.isEmpty else { return 1 }
    let fitted = LBFGS().minimize(from: [0, 0]) { point, gradient in
      let slope = Elementary.exp(point[0])
      var loss = 0.0
      gradient = [0, 0]
      for (scores, sign) in [(own, 1.0), (negatives, -1.0)] {
        let weight = 0.5 / Double(scores.count)
        for score in scores {
          let logit = slope * score + point[1]
          loss += weight * Elementary.logSumExp([0, -sign * logit])
          let error = (Elementary.sigmoid(logit) - (sign > 0 ? 1 : 0)) * weight
          gradient[0] += error * slope * score
          gradient[1] += error
        }
      }
      return loss
    }
    return min(20, max(0.25, 1 / Elementary.exp(fitted[0])))
  }
}

/// A pack's gate: its rows, fitted to everything, and its calibration, from rows fitted to four fifths.
public struct FittedGate: Sendable {
  /// The rows.
  public let rows: FittedRows
  /// τ and T.
  public let calibration: GateCalibration

  /// The number of folds.
  static let foldCount = 5

  /// Fits the rows and calibrates them by cross-fitting.
  ///
  /// - Parameters:
  ///   - fitter: Prepared with the backbone profile.
  ///   - own: z of the pack's texts, `[N, D]`.
  ///   - labels: The class of each.
  ///   - classCount: C.
  ///   - profile: Whose negatives and anchors the rows are fitted and held against.
  ///   - near: z of the pack's own negatives; may be empty.
  ///   - seed: Deals the texts out to the folds.
  ///   - pool: The threads that share the folds.
  public init(
    fitter: RowFitter, own: [Float], labels: [Int], classCount: Int, profile: BackboneProfile,
    near: [Float], seed: UInt64, pool: ThreadPool
  ) {
    var generator = SeededGenerator(seed: seed)
    let width = profile.width
    let groups = [own, profile.negatives, profile.anchors, near]
    let folds = groups.map { group -> [Int] in
      var fold = (0..<group.count / width).map { $0 % Self.foldCount }
      generator.shuffle(&fold)
      return fold
    }
    @Sendable func part(_ group: Int, fold: Int, isHeldOut: Bool) -> [Float] {
      folds[group].indices.filter { (folds[group][$0] == fold) == isHeldOut }
        .flatMap { groups[group][$0 * width..<($0 + 1) * width] }
    }
    let fits = pool.map(count: Self.foldCount + 1) {
      fold -> (rows: FittedRows, scores: [[Double]]) in
      let kept = folds[0].indices.filter { folds[0][$0] != fold }
      let rows = fitter.fit(
        part(0, fold: fold, isHeldOut: false), labels: kept.map { labels[$0] },
        classCount: classCount,
        negatives: groups.indices.dropFirst().map { part($0, fold: fold, isHeldOut: false) })
      return (rows, groups.indices.map { rows.scores(part($0, fold: fold, isHeldOut: true)) })
    }
    let heldOut = groups.indices.map { group in
      fits.prefix(Self.foldCount).flatMap { $0.scores[group] }
    }
    rows = fits[Self.foldCount].rows
    calibration = GateCalibration(
      own: heldOut[0], negatives: heldOut[1], near: heldOut[2] + heldOut[3])
  }
}
