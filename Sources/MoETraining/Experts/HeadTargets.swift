import MoETensor

/// The right labels of texts, and the loss of a head's logits against them.
public enum HeadTargets: Sendable, Equatable {
  /// One label a text, by its index: softmax and cross-entropy.
  case one([Int])
  /// Any number of labels a text, by their indices: sigmoids and binary cross-entropy, each label against the rest.
  case each([[Int]])

  /// How many texts there are.
  public var count: Int {
    switch self {
    case .one(let labels): labels.count
    case .each(let labels): labels.count
    }
  }

  /// The targets of some of the texts, in the order given.
  public func subset(_ texts: some Sequence<Int>) -> HeadTargets {
    switch self {
    case .one(let labels): .one(texts.map { labels[$0] })
    case .each(let labels): .each(texts.map { labels[$0] })
    }
  }

  /// The loss summed over texts, in nats, and the gradient of the logits times `scale`.
  ///
  /// ```
  /// t = (1 − s) · y + s / L                              y: 1 for a right label, else 0
  /// one    −Σ_c t_c log softmax(z)_c                     gradient softmax(z)_c − t_c
  /// each   Σ_c log(1 + exp z_c) − t_c z_c                gradient sigmoid(z_c) − t_c
  /// ```
  ///
  /// - Parameters:
  ///   - logits: z, `[count, L]`.
  ///   - labelCount: L.
  ///   - smoothing: s, how much of the target all labels share.
  ///   - scale: The factor of the gradient.
  /// - Returns: The loss, and the gradient, `[count, L]`.
  package func loss(
    _ logits: [Float], labelCount: Int, smoothing: Float = 0, scale: Float = 1
  ) -> (loss: Double, dLogits: [Float]) {
    var dLogits = logits
    var loss = 0.0
    let share = Double(smoothing) / Double(max(1, labelCount))
    var terms = [Double](repeating: 0, count: labelCount)
    var targets = terms
    for text in 0..<count {
      for label in 0..<labelCount {
        terms[label] = Double(logits[text * labelCount + label])
        targets[label] = share + (isRight(label, of: text) ? 1 - Double(smoothing) : 0)
      }
      switch self {
      case .one:
        let total = Elementary.logSumExp(terms)
        for (label, target) in targets.enumerated() {
          loss += target * (total - terms[label])
          dLogits[text * labelCount + label] =
            Float(Elementary.exp(terms[label] - total) - target) * scale
        }
      case .each:
        for (label, target) in targets.enumerated() {
          loss += Elementary.logSumExp([0, terms[label]]) - target * terms[label]
          dLogits[text * labelCount + label] =
            Float(Elementary.sigmoid(terms[label]) - target) * scale
        }
      }
    }
    return (loss, dLogits)
  }

  private func isRight(_ label: Int, of text: Int) -> Bool {
    switch self {
    case .one(let labels): labels[text] == label
    case .each(let labels): labels[text].contains(label)
    }
  }

  /// How good logits are, 0 … 1: the share of texts whose greatest is the right label's; of several labels the
  /// micro-averaged F1 at the thresholds that are best for these very texts.
  package func score(_ logits: [Float], labelCount: Int) -> Double {
    switch self {
    case .one(let labels):
      let correct = labels.enumerated().count { text, label in
        let row = logits[text * labelCount..<(text + 1) * labelCount]
        return row.max().flatMap { row.firstIndex(of: $0) } == row.startIndex + label
      }
      return Double(correct) / Double(max(1, labels.count))
    case .each(let labels):
      return TagThresholds(logits: logits, labels: labels, labelCount: labelCount).microF1
    }
  }
}
