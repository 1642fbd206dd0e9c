import MoEBase
import MoEModel
public import MoETensor

/// Scores s_p, in nats, of texts that the rows were not fitted to.
public struct GateScores: Sendable, Equatable {
  /// Of the pack's own texts.
  public let own: [Double]
  /// Of the profile's negatives.
  public let background: [Double]
  /// Of the pack's own negatives.
  public let near: [Double]
}

/// A pack's gate: its rows and n-gram weights, fitted to everything, and its calibration, from fits to four fifths.
///
/// The score is w of what the n-grams say and 1 − w of what the rows say: a logarithmic opinion pool of two logistic
/// regressions that were fitted apart. w is the one of ``shares(hasNear:)`` with the least log loss on the texts that
/// neither was fitted to, so that n-grams say little where there are few texts to learn them from.
///
/// Reference: Genest & Zidek, *Combining Probability Distributions* (1986), Statistical Science 1(1).
public struct FittedGate: Sendable {
  /// The rows; their offsets hold that of the n-grams too.
  public let rows: FittedRows
  /// v, `[H]`; empty where they have no share in the score.
  public let ngrams: [Float]
  /// w.
  public let ngramShare: Double
  /// τ and T.
  public let calibration: GateCalibration
  /// What the calibration was made from.
  public let scores: GateScores

  /// The number of folds.
  static let foldCount = 5
  /// What w may be, ascending.
  ///
  /// The profile's texts are of other matters, in other words. What n-grams do among neighbours is seen on negatives of
  /// the pack's own alone: without any, n-grams may say little.
  package static func shares(hasNear: Bool) -> [Double] {
    hasNear ? [0, 0.1, 0.2, 0.3, 0.4, 0.5] : [0, 0.1]
  }

  /// What was fitted without the texts of a fold, or, the last one, to all texts.
  private struct Fit {
    let rows: WhitenedRows
    let ngrams: NGramRow
    /// The scores of the fold's texts, by the rows and by the n-grams.
    let scores: [(rows: Double, ngrams: Double)]
  }

  /// Fits the rows and the n-grams, weighs them and calibrates them by cross-fitting.
  ///
  /// - Parameters:
  ///   - fitter: Prepared with the backbone profile.
  ///   - groups: The pack's own texts, the profile's negatives and anchors, and the pack's own negatives; the last three
  ///     may be empty.
  ///   - labels: The class of each own text.
  ///   - classCount: C.
  ///   - recall: The share of own texts that is to come through, where the vendor says it.
  ///   - seed: Deals the texts out to the folds.
  ///   - pool: The threads that share the folds.
  public init(
    fitter: RowFitter, groups: [GateTexts], labels: [Int], classCount: Int, recall: Double? = nil,
    seed: UInt64, pool: ThreadPool
  ) {
    precondition(groups.count == 4, "own texts, negatives, anchors, own negatives")
    let samples = GateSamples(
      groups, labels: labels, classCount: classCount, fitter: fitter, pool: pool)
    var generator = SeededGenerator(seed: seed)
    let folds = groups.flatMap { group -> [Int] in
      var fold = (0..<group.bags.count).map { $0 % Self.foldCount }
      generator.shuffle(&fold)
      return fold
    }
    let fits = pool.map(count: Self.foldCount + 1) { fold in
      let texts = folds.indices.filter { folds[$0] != fold }
      let rows = GateFit(samples, texts: texts, kernels: fitter.kernels).rows()
      let ngrams = NGramFit(samples, texts: texts).row()
      let heldOut = folds.indices.filter { folds[$0] == fold }
      let scores = zip(
        rows.scores(samples, heldOut, kernels: fitter.kernels), ngrams.scores(samples, heldOut))
      return Fit(rows: rows, ngrams: ngrams, scores: scores.map { (rows: $0, ngrams: $1) })
    }
    var places = [Int](repeating: 0, count: Self.foldCount)
    let heldOut = folds.map { fold in
      defer { places[fold] += 1 }
      return fits[fold].scores[places[fold]]
    }
    let share = Self.share(heldOut, samples)
    var scores: [[Double]] = groups.map { _ in [] }
    for fold in 0..<Self.foldCount {
      for text in folds.indices where folds[text] == fold {
        let (rows, ngrams) = heldOut[text]
        scores[samples.group[text]].append((1 - share) * rows + share * ngrams)
      }
    }
    let whole = fits[Self.foldCount]
    ngramShare = share
    ngrams = share > 0 ? whole.ngrams.weight : []
    rows = fitter.rows(whole.rows).shifted(by: share / (1 - share) * whole.ngrams.offset)
    calibration = GateCalibration(own: scores[0], negatives: scores[1], recall: recall)
    self.scores = GateScores(own: scores[0], background: scores[1], near: scores[3])
  }

  /// The share of the n-grams with the least log loss on held-out texts; of equal ones the least.
  private static func share(
    _ heldOut: [(rows: Double, ngrams: Double)], _ samples: GateSamples
  ) -> Double {
    let weights = samples.weights(Array(heldOut.indices))
    var best = (share: 0.0, loss: Double.infinity)
    for share in shares(hasNear: samples.group.contains(3)) {
      var loss = 0.0
      for (text, score) in heldOut.enumerated() {
        let logit = (1 - share) * score.rows + share * score.ngrams
        loss +=
          weights[text] * Elementary.logSumExp([0, samples.group[text] == 0 ? -logit : logit])
      }
      if loss < best.loss { best = (share, loss) }
    }
    return best.share
  }
}
