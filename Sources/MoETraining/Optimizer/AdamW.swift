/// Adam with decoupled weight decay, over one flat vector of parameters.
///
/// ```
/// m ← β₁ m + (1 − β₁) g        v ← β₂ v + (1 − β₂) g²
/// θ ← θ − η · (m / (1 − β₁ᵗ) / (√(v / (1 − β₂ᵗ)) + ε) + λ θ)
/// ```
///
/// Reference: Loshchilov & Hutter, *Decoupled Weight Decay Regularization* (2019), arXiv:1711.05101.
public struct AdamW: Sendable {
  /// λ.
  public let weightDecay: Float
  private var first: [Float]
  private var second: [Float]
  private var firstPower: Double = 1
  private var secondPower: Double = 1
  private static let betas: (Float, Float) = (0.9, 0.999)
  private static let epsilon: Float = 1e-8

  /// Starts with moments of zero.
  public init(count: Int, weightDecay: Float = 0.01) {
    self.weightDecay = weightDecay
    first = [Float](repeating: 0, count: count)
    second = [Float](repeating: 0, count: count)
  }

  /// Takes one step.
  ///
  /// - Parameters:
  ///   - parameters: θ, changed in place.
  ///   - gradients: g, one a parameter.
  ///   - rates: η, one a parameter group: the range of parameters it is for, and the rate.
  public mutating func step(
    _ parameters: inout [Float], gradients: [Float], rates: [(range: Range<Int>, rate: Float)]
  ) {
    precondition(parameters.count == first.count && gradients.count == first.count, "one each")
    let (beta1, beta2) = Self.betas
    firstPower *= Double(beta1)
    secondPower *= Double(beta2)
    let firstScale = Float(1 / (1 - firstPower))
    let secondScale = Float(1 / (1 - secondPower))
    for (range, rate) in rates {
      for index in range {
        let gradient = gradients[index]
        first[index] = beta1 * first[index] + (1 - beta1) * gradient
        second[index] = beta2 * second[index] + (1 - beta2) * gradient * gradient
        let direction =
          first[index] * firstScale / ((second[index] * secondScale).squareRoot() + Self.epsilon)
        parameters[index] -= rate * (direction + weightDecay * parameters[index])
      }
    }
  }
}

/// A learning rate that rises linearly over the first steps and falls linearly to zero at the last.
public struct LearningRate: Sendable {
  /// The greatest rate.
  public let peak: Float
  /// How many steps it takes to get there.
  public let warmUpSteps: Int
  /// How many steps there are.
  public let stepCount: Int

  /// Makes a schedule; the warm-up is a tenth of the steps.
  public init(peak: Float, stepCount: Int) {
    self.peak = peak
    self.stepCount = max(1, stepCount)
    warmUpSteps = max(1, stepCount / 10)
  }

  /// The rate of a step, counted from 0.
  public func rate(at step: Int) -> Float {
    if step < warmUpSteps { return peak * Float(step + 1) / Float(warmUpSteps) }
    return peak * Float(max(0, stepCount - step)) / Float(max(1, stepCount - warmUpSteps))
  }
}
