import MoEBase
import MoETensor

/// How the next token of a continuation is chosen.
public struct SamplingOptions: Sendable, Equatable {
  /// What logits are divided by; 0 takes the greatest logit.
  public var temperature: Double
  /// Only so many tokens with the greatest logits can be chosen; all where `nil`.
  public var topK: Int?
  /// Only the fewest tokens whose probabilities reach this can be chosen; all where `nil`.
  public var topP: Double?
  /// What the draws depend on, beside the logits.
  public var seed: UInt64

  /// Makes options.
  ///
  /// - Parameters:
  ///   - temperature: Not negative.
  ///   - topK: At least 1.
  ///   - topP: Above 0, at most 1.
  ///   - seed: Any number.
  public init(temperature: Double = 0, topK: Int? = nil, topP: Double? = nil, seed: UInt64 = 0) {
    precondition(temperature >= 0 && temperature.isFinite, "a temperature of \(temperature)")
    precondition((topK ?? 1) >= 1 && (topP ?? 1) > 0 && (topP ?? 1) <= 1, "nothing to choose from")
    self.temperature = temperature
    self.topK = topK
    self.topP = topP
    self.seed = seed
  }
}

/// Draws the tokens of one continuation: the same logits, options and seed give the same tokens.
///
/// ```
/// order by logit, falling, ties by id; keep the topK first
/// p = softmax(logit / temperature) over those kept, in Double
/// keep the shortest prefix with Σ p ≥ topP; draw u from [0, Σ p); the first token whose running sum exceeds u
/// ```
///
/// Reference: Holtzman et al., *The Curious Case of Neural Text Degeneration* (2020), arXiv:1904.09751.
public struct Sampler: Sendable {
  private let options: SamplingOptions
  private var generator: SeededGenerator

  /// Starts the draws of a seed.
  public init(_ options: SamplingOptions) {
    self.options = options
    generator = SeededGenerator(seed: options.seed)
  }

  /// Chooses a token.
  ///
  /// - Parameter logits: One a token of the vocabulary, none of them NaN.
  /// - Returns: The token's id.
  public mutating func next(_ logits: UnsafeBufferPointer<Float>) -> Int32 {
    guard options.temperature > 0 else { return Self.greatest(logits) }
    var kept = candidates(logits)
    let greatest = Double(logits[Int(kept[0])])
    var powers = kept.map {
      Elementary.exp((Double(logits[Int($0)]) - greatest) / options.temperature)
    }
    if let topP = options.topP {
      let wanted = topP * powers.reduce(0, +)
      var sum = 0.0
      var count = 0
      while count < powers.count, sum < wanted {
        sum += powers[count]
        count += 1
      }
      kept.removeLast(kept.count - count)
      powers.removeLast(powers.count - count)
    }
    let draw = generator.uniform() * powers.reduce(0, +)
    var sum = 0.0
    for (id, power) in zip(kept, powers) {
      sum += power
      if draw < sum { return id }
    }
    return kept[kept.count - 1]
  }

  /// The id of the greatest logit, the first of equal ones.
  static func greatest(_ logits: UnsafeBufferPointer<Float>) -> Int32 {
    var best = 0
    for id in logits.indices where logits[id] > logits[best] { best = id }
    return Int32(best)
  }

  /// The ids that can be chosen, greatest logit first; at least one.
  private func candidates(_ logits: UnsafeBufferPointer<Float>) -> [Int32] {
    let count = min(options.topK ?? logits.count, logits.count)
    guard count < logits.count, let base = logits.baseAddress else {
      return (0..<Int32(logits.count)).sorted {
        let (a, b) = (logits[Int($0)], logits[Int($1)])
        return a != b ? a > b : $0 < $1
      }
    }
    var ids = [Int32](repeating: 0, count: count)
    Kernels().topK(base, count: logits.count, k: count, into: &ids)
    return ids
  }
}
