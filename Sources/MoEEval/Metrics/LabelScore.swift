/// One label's share in an eval set; precision, recall and F1 lie in 0 … 1, higher is better.
public struct LabelScore: Sendable, Equatable {
  /// The label.
  public let label: String
  /// Examples that expect the label.
  public let support: Int
  /// Examples for which the label was predicted.
  public let predicted: Int
  /// Examples that expect the label and for which it was predicted.
  public let truePositives: Int

  /// The share of its predictions that are right; `nil` if it was not predicted.
  public var precision: Double? { share(truePositives, of: predicted) }
  /// The share of its examples that were found; `nil` if it does not occur.
  public var recall: Double? { share(truePositives, of: support) }
  /// The harmonic mean of precision and recall, `2 · TP / (support + predicted)`.
  ///
  /// It is 0 without true positives, also where precision or recall is not defined; `nil` if the label
  /// neither occurs nor was predicted.
  public var f1: Double? { share(2 * truePositives, of: support + predicted) }
}

/// `part / whole`; `nil` of nothing.
func share(_ part: Int, of whole: Int) -> Double? {
  whole == 0 ? nil : Double(part) / Double(whole)
}

/// The mean, summed in the order given; `nil` of nothing.
func mean(_ values: [Double]) -> Double? {
  values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
}
