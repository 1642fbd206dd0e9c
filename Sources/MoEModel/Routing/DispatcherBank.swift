public import MoETensor

/// The rows of many packs in one matrix, so that scoring costs by the row and not by the pack.
///
/// A row's score is a chain of its own (SPEC, arithmetic), so each pack's margins have the bits they would have alone: a
/// row of NaN spoils the scores of its own pack only.
public struct DispatcherBank: Sendable {
  /// The rows, pack by pack.
  private let packs: [DispatcherRows]
  /// w of all packs, `[ΣC, G]`.
  private let weight: PackedMatrix
  /// b of all packs, `[ΣC]`.
  private let bias: [Float]

  /// Stacks the rows of packs.
  public init(_ packs: [DispatcherRows]) {
    self.packs = packs
    weight = PackedMatrix(
      rows: packs.reduce(0) { $0 + $1.count }, columns: packs.first?.weight.columns ?? 0,
      values: packs.flatMap(\.weight.values))
    bias = packs.flatMap(\.bias)
  }

  /// The margins of every pack.
  ///
  /// - Parameters:
  ///   - features: f, `[bags.count, G]`.
  ///   - bags: The n-grams of each text.
  ///   - kernels: The kernels to run on.
  ///   - chosen: The packs to score, by index; every one where absent. The rows of the others are not read.
  /// - Returns: By pack scored, δ for each text; not finite where a row of the pack is not.
  public func margins(
    _ features: [Float], _ bags: [NGramBag], kernels: Kernels, of chosen: [Int]? = nil
  ) -> [[Double]] {
    let count = bags.count
    if let chosen {
      return chosen.map { packs[$0].margins(features, bags, kernels: kernels) }
    }
    guard count > 0, !packs.isEmpty else { return packs.map { _ in [] } }
    let stride = bias.count
    var scores = [Float](repeating: 0, count: count * stride)
    kernels.linear(features, rows: count, weight: weight, bias: bias, into: &scores)
    var first = 0
    return packs.map { rows in
      defer { first += rows.count }
      return (0..<count).map { text in
        let start = text * stride + first
        return rows.margin(scores[start..<start + rows.count], bags[text])
      }
    }
  }
}
