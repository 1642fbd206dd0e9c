import MoETensor

/// How the router of one expert layer spread tokens over the experts.
public struct ExpertUtilization: Sendable, Equatable {
  /// The layer, from 0.
  public let layer: Int
  /// By expert, the share of all tokens' K places that it took; they sum to 1.
  public let shares: [Double]
  /// The mean entropy of a token's router probabilities, in nats: 0 … log E.
  public let entropy: Double
}

/// What a router did, counted: parts of the texts are counted apart and added in order.
struct RouterTally: Sendable {
  /// By expert, how many of the tokens' K places it took.
  private var taken: [Int]
  /// The summed entropy of the tokens' probabilities, in nats.
  private var entropy = 0.0
  /// N.
  private var tokens = 0

  /// Nothing yet.
  init(expertCount: Int) {
    taken = [Int](repeating: 0, count: expertCount)
  }

  /// What one shard's tape holds.
  init(_ tape: ExpertTape) {
    taken = tape.shares.map(\.rows.count)
    tokens = tape.rows
    for probability in tape.probabilities where probability > 0 {
      entropy -= Double(probability) * Elementary.log(Double(probability))
    }
  }

  /// Both together.
  static func + (left: RouterTally, right: RouterTally) -> RouterTally {
    var sum = left
    for index in sum.taken.indices { sum.taken[index] += right.taken[index] }
    sum.entropy += right.entropy
    sum.tokens += right.tokens
    return sum
  }

  /// The shares and the mean.
  func utilization(layer: Int) -> ExpertUtilization {
    let places = Double(max(1, taken.reduce(0, +)))
    return ExpertUtilization(
      layer: layer, shares: taken.map { Double($0) / places },
      entropy: entropy / Double(max(1, tokens)))
  }
}
