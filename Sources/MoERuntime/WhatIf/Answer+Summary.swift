import MoEBase
public import MoEModel

extension Answer {
  /// The answer in one line: each selected pack with its weight, then the first label with its probability;
  /// names as they came from outside.
  public var summary: String {
    guard !route.isEmpty else { return "no pack" }
    let packs = route.map { "\($0.pack.name) \($0.pack.version) (\($0.weight.fixed(3)))" }
    guard let first = predictions.first else { return packs.joined(separator: " + ") }
    let told =
      first.threshold == nil
      ? ["\(first.label) \(Double(first.probability).fixed(3))"]
      : predictions.filter { $0.isGiven && $0.pack == first.pack && $0.task == first.task }
        .map { "\($0.label) \(Double($0.probability).fixed(3))" }
    return packs.joined(separator: " + ") + ": "
      + (told.isEmpty ? "no label" : told.joined(separator: ", "))
  }
}
