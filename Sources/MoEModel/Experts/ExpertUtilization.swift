import MoETensor

/// How the router of one expert layer spread tokens over the experts.
public struct ExpertUtilization: Sendable, Equatable {
  /// The layer, from 0.
  public let layer: Int
  /// By expert, the share of all tokens' K places that it took; they sum to 1.
  public let shares: [Double]
  /// The mean entropy of a token's router probabilities, in nats: 0 … log E.
  public let entropy: Double

  /// The greatest share over the mean share: 1 is even.
  public var loadImbalance: Double { (shares.max() ?? 0) * Double(shares.count) }
  /// How many experts took a place.
  public var usedCount: Int { shares.count { $0 > 0 } }
}

/// What a router did, counted: parts of the texts are counted apart and added in order.
public struct RouterTally: Sendable {
  /// By expert, how many of the tokens' K places it took.
  private var taken: [Int]
  /// The summed entropy of the tokens' probabilities, in nats.
  private var entropy = 0.0
  /// N.
  private var tokens = 0

  /// Nothing yet.
  public init(expertCount: Int) {
    taken = [Int](repeating: 0, count: expertCount)
  }

  /// What is known of some tokens.
  ///
  /// - Parameters:
  ///   - taken: By expert, how many places it took.
  ///   - probabilities: The tokens' router probabilities, `[N, E]`.
  ///   - tokens: N.
  public init(taken: [Int], probabilities: some Sequence<Float>, tokens: Int) {
    self.taken = taken
    self.tokens = tokens
    for probability in probabilities where probability > 0 {
      entropy -= Double(probability) * Elementary.log(Double(probability))
    }
  }

  /// What a router of the backbone did with the rows of one pass.
  public init(_ rows: RoutedRows) {
    var taken = [Int](repeating: 0, count: rows.gate.expertCount)
    for expert in rows.experts { taken[Int(expert)] += 1 }
    self.init(
      taken: taken, probabilities: rows.probabilities,
      tokens: rows.scores.count / rows.gate.expertCount)
  }

  /// Both together.
  public static func + (left: RouterTally, right: RouterTally) -> RouterTally {
    var sum = left
    for index in sum.taken.indices { sum.taken[index] += right.taken[index] }
    sum.entropy += right.entropy
    sum.tokens += right.tokens
    return sum
  }

  /// The shares and the mean.
  public func utilization(layer: Int) -> ExpertUtilization {
    let places = Double(max(1, taken.reduce(0, +)))
    return ExpertUtilization(
      layer: layer, shares: taken.map { Double($0) / places },
      entropy: entropy / Double(max(1, tokens)))
  }
}

extension RoutedRows {
  /// The softmax over all experts, whatever the gate's order is: `[N, E]`.
  public var probabilities: [Float] {
    var result = Array(scores)
    guard gate.order == .topKThenSoftmax else { return result }
    result.withUnsafeMutableBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return }
      Kernels().softmax(base, rows: scores.count / gate.expertCount, columns: gate.expertCount)
    }
    return result
  }
}
