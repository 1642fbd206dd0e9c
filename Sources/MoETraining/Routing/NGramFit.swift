import MoEModel
import MoETensor

/// The logistic regression that gives a pack's n-grams their weights.
///
/// ```
/// logit(x) = v · n(x) + b          n(x) the text's bag of n-grams, of length 1
/// minimise  Σ ω log(1 + e^∓logit) + ½ penalty ‖v / scale‖²        ω as in ``GateFit``
/// ```
package struct NGramFit {
  /// What stands between v and the variables that are penalised: one n-gram weighs little in a text of many.
  package static let scale = 3.0
  /// How strongly the weights are held down.
  ///
  /// So little that a text's n-grams are nearly learnt by heart: what the fit makes of other texts decides how much it
  /// may say (``FittedGate``).
  package static let penalty = 1e-5
  /// An n-gram that fewer own texts have, and fewer negatives, has no weight: it is noise, and may be somebody's name.
  package static let leastTexts = 3
  /// The most iterations of the fit.
  static let iterations = 60

  /// The buckets of all texts that enough texts have, one text after the other.
  private let buckets: [UInt16]
  /// Where each text begins in ``buckets``, and where the last one ends.
  private let offsets: [Int]
  /// What the sum over a text's buckets is multiplied with.
  private let factors: [Double]
  private let isOwn: [Bool]
  private let weights: [Double]

  /// Prepares the fit to some of the samples.
  package init(_ samples: GateSamples, texts: [Int]) {
    var buckets: [UInt16] = []
    var offsets = [0]
    let isFrequent = Self.frequent(samples, texts)
    factors = texts.map { text in
      let own = samples.bags[text].buckets
      buckets += own.filter { isFrequent[Int($0)] }
      offsets.append(buckets.count)
      return own.isEmpty ? 0 : Self.scale / Double(own.count).squareRoot()
    }
    self.buckets = buckets
    self.offsets = offsets
    isOwn = texts.map { samples.group[$0] == 0 }
    weights = samples.weights(texts)
  }

  /// Which buckets have enough own texts, or enough negatives.
  private static func frequent(_ samples: GateSamples, _ texts: [Int]) -> [Bool] {
    var own = [Int](repeating: 0, count: NGramBag.bucketCount)
    var others = own
    for text in texts {
      for bucket in samples.bags[text].buckets {
        if samples.group[text] == 0 { own[Int(bucket)] += 1 } else { others[Int(bucket)] += 1 }
      }
    }
    return own.indices.map { own[$0] >= leastTexts || others[$0] >= leastTexts }
  }

  /// Fits; without negatives nothing is known of any n-gram.
  package func row() -> NGramRow {
    let width = NGramBag.bucketCount
    let zero = [Double](repeating: 0, count: width + 1)
    guard isOwn.contains(true), isOwn.contains(false) else {
      return NGramRow(weight: [Float](repeating: 0, count: width), offset: 0)
    }
    var minimizer = LBFGS()
    minimizer.iterations = Self.iterations
    let fitted = minimizer.minimize(from: zero) { loss($0, gradient: &$1) }
    return NGramRow(
      weight: fitted[..<width].map { Float(Self.scale * $0) }, offset: fitted[width])
  }

  /// The penalised log loss at v / scale and b, and its gradient.
  package func loss(_ parameters: [Double], gradient: inout [Double]) -> Double {
    let width = NGramBag.bucketCount
    var loss = 0.0
    for bucket in 0..<width {
      loss += 0.5 * Self.penalty * parameters[bucket] * parameters[bucket]
      gradient[bucket] = Self.penalty * parameters[bucket]
    }
    gradient[width] = 0
    for text in isOwn.indices {
      let own = buckets[offsets[text]..<offsets[text + 1]]
      var logit = 0.0
      for bucket in own { logit += parameters[Int(bucket)] }
      logit = logit * factors[text] + parameters[width]
      loss += weights[text] * Elementary.logSumExp([0, isOwn[text] ? -logit : logit])
      let slope = (Elementary.sigmoid(logit) - (isOwn[text] ? 1 : 0)) * weights[text]
      for bucket in own { gradient[Int(bucket)] += slope * factors[text] }
      gradient[width] += slope
    }
    return loss
  }
}

/// The weights of n-grams as they are fitted, before they are stored.
package struct NGramRow: Sendable {
  /// v, `[H]`.
  package let weight: [Float]
  /// b.
  package let offset: Double

  /// The logits of some of the samples.
  package func scores(_ samples: GateSamples, _ texts: [Int]) -> [Double] {
    texts.map { samples.bags[$0].score(weight) + offset }
  }
}
