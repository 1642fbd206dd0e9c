extension Kernels {
  /// Returns the cross-entropy of each row's softmax against its label, summed over the rows, in nats.
  ///
  /// ```
  /// loss = Σ over n of log Σ exp(logits[n]) − logits[n, label[n]]
  /// dLogits[n, c] = (softmax(logits[n])[c] − [c == label[n]]) · scale
  /// ```
  ///
  /// The loss is not scaled: `scale` is for the gradient, 1 / N for that of the mean.
  ///
  /// Shapes: `logits` and `dLogits` are `[N, columns]`; `dLogits` may be `logits`.
  ///
  /// - Parameters:
  ///   - logits: The logits.
  ///   - columns: How many classes there are.
  ///   - labels: N classes, each in `0..<columns`.
  ///   - scale: The factor of the gradient.
  ///   - dLogits: Receives the gradient, if wanted.
  /// - Returns: A sum of numbers that are not negative; NaN if a row has a NaN.
  /// - Precondition: every label is in `0..<columns`.
  public func crossEntropy(
    _ logits: UnsafePointer<Float>, columns: Int, labels: [Int], scale: Float = 1,
    dLogits: UnsafeMutablePointer<Float>? = nil
  ) -> Double {
    var loss = 0.0
    for (row, label) in labels.enumerated() {
      precondition((0..<columns).contains(label), "label \(label) of \(columns) classes")
      let logits = logits + row * columns
      let terms = (0..<columns).map { Double(logits[$0]) }
      let total = Elementary.logSumExp(terms)
      loss += total - terms[label]
      guard let dLogits = dLogits.map({ $0 + row * columns }) else { continue }
      for c in 0..<columns {
        let probability = Elementary.exp(terms[c] - total)
        dLogits[c] = Float(probability - (c == label ? 1 : 0)) * scale
      }
    }
    return loss
  }
}
