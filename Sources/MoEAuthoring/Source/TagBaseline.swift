/// What always giving the same labels, whatever the text, would come to: what a floor has to be above to say something.
struct TagBaseline {
  /// The greatest micro-averaged F1 of any such answer, 0 … 1.
  let microF1: Double
  /// The greatest macro-averaged F1, which is that of giving every label, 0 … 1.
  let macroF1: Double

  /// Counts.
  ///
  /// - Parameter labels: The right labels of each text.
  init(_ labels: [[String]]) {
    var counts: [String: Int] = [:]
    for label in labels.joined() { counts[label, default: 0] += 1 }
    let supports = counts.values.sorted(by: >)
    let total = supports.reduce(0, +)
    var found = 0
    var best = 0.0
    // The most frequent labels first: to give a rarer one in place of a more frequent one finds less.
    for (index, support) in supports.enumerated() {
      found += support
      best = max(best, 2 * Double(found) / Double(total + (index + 1) * labels.count))
    }
    microF1 = best
    macroF1 =
      supports.isEmpty
      ? 0
      : supports.reduce(0) { $0 + 2 * Double($1) / Double($1 + labels.count) }
        / Double(supports.count)
  }

  /// The greatest result of a metric, by its name in `pack.yaml`.
  func value(of metric: String) -> Double { metric == "macroF1" ? macroF1 : microF1 }
}
