import MoEModel
import MoETensor

/// How much the losses of a layer's router weigh in one shard.
///
/// ```
/// balance · E Σ_e f_e P_e  +  z · 1/N Σ_t (log Σ_e exp logit_e(t))²
/// ```
///
/// `f_e` is the share of the tokens' K places that expert e took, `P_e` its mean probability, N the tokens.
///
/// Reference: Fedus et al., *Switch Transformers* (2021), arXiv:2101.03961, eq. 4–6; Zoph et al., *ST-MoE*
/// (2022), arXiv:2202.08906, eq. 5. Differs from the papers: f is divided by K.
struct RouterLosses {
  /// The weight of the load-balancing loss.
  var balance: Float
  /// The weight of the z-loss, which keeps logits small.
  var z: Float
}

/// What the experts of one layer did to one shard, kept for the way back.
struct ExpertTape {
  /// One expert's share: the tokens it took, and its activations for them.
  struct Share {
    let rows: [(row: Int, weight: Float)]
    /// a, gathered: `[n, D]`.
    let input: [Float]
    /// `W_up a + b_up`, `[n, F]`.
    let preactivation: [Float]
    /// gelu of it, `[n, F]`.
    let inner: [Float]
    /// E(a), unweighted, `[n, D]`.
    let output: [Float]
  }

  /// By expert.
  let shares: [Share]
  /// Router probabilities `[N, E]`; empty where there is one expert.
  let probabilities: [Float]
  /// `log Σ exp` of each token's router logits, `[N]`; empty where there is one expert.
  let logSums: [Float]
  /// N.
  let rows: Int

  /// Runs the experts over `a`, adds their weighted outputs to `y`, and keeps what the way back needs.
  ///
  /// Shapes: `a` and `y` are `[N, D]`.
  init(_ layer: ExpertLayer, _ a: [Float], to y: inout [Float], width: Int, kernels: Kernels) {
    let rows = a.count / width
    self.rows = rows
    var probabilities: [Float] = []
    var logSums: [Float] = []
    var assigned: [[(row: Int, weight: Float)]] = [(0..<rows).map { ($0, 1) }]
    if let router = layer.router {
      let workspace = EncoderWorkspace()
      let assignment = router.route(a, rows: rows, kernels: kernels, workspace: workspace)
      let count = rows * layer.experts.count
      probabilities = Array(
        UnsafeBufferPointer(start: workspace.router.reserve(count), count: count))
      logSums = Self.logSums(router, a, rows: rows, kernels: kernels)
      assigned = layer.experts.indices.map { assignment.rows(of: $0) }
    }
    self.probabilities = probabilities
    self.logSums = logSums
    shares = zip(layer.experts, assigned).map { expert, taken in
      Share(expert, rows: taken, a, width: width, kernels: kernels)
    }
    for share in shares {
      for (position, entry) in share.rows.enumerated() {
        for column in 0..<width {
          y[entry.row * width + column] += entry.weight * share.output[position * width + column]
        }
      }
    }
  }

  private static func logSums(
    _ router: ExpertRouter, _ a: [Float], rows: Int, kernels: Kernels
  ) -> [Float] {
    let count = router.bias.count
    var logits = [Float](repeating: 0, count: rows * count)
    kernels.linear(a, rows: rows, weight: router.weight, bias: router.bias, into: &logits)
    return (0..<rows).map { row in
      Float(Elementary.logSumExp((0..<count).map { Double(logits[row * count + $0]) }))
    }
  }
}

extension ExpertTape.Share {
  /// Runs one expert over the tokens it took.
  fileprivate init(
    _ expert: Expert, rows: [(row: Int, weight: Float)], _ a: [Float], width: Int, kernels: Kernels
  ) {
    self.rows = rows
    var input = [Float](repeating: 0, count: rows.count * width)
    for (position, entry) in rows.enumerated() {
      let from = entry.row * width
      for column in 0..<width { input[position * width + column] = a[from + column] }
    }
    let preactivation = [Float](count: rows.count * expert.width) { preactivation in
      kernels.linear(
        input, rows: rows.count, weight: expert.up, bias: expert.upBias,
        into: preactivation)
    }
    let inner = [Float](count: preactivation.count) { inner in
      kernels.gelu(preactivation, count: preactivation.count, into: inner)
    }
    output = [Float](count: input.count) { output in
      kernels.linear(
        inner, rows: rows.count, weight: expert.down, bias: expert.downBias, into: output)
    }
    self.input = input
    self.preactivation = preactivation
    self.inner = inner
  }
}

extension ExpertTape {
  /// Goes back through the experts.
  ///
  /// - Parameters:
  ///   - dy: The gradient of the slot's output, `[N, D]`.
  ///   - da: The gradient of what entered the slot, added to, `[N, D]`.
  ///   - layer: The experts that ran forward.
  ///   - position: The layer's place in the plan.
  ///   - layout: Where the gradients of the parameters go.
  ///   - gradients: All gradients, added to.
  ///   - losses: The weights of the router's losses.
  ///   - backward: The kernels.
  func backward(
    dy: [Float], da: inout [Float], layer: ExpertLayer, position: Int, layout: ExpertLayout,
    gradients: inout [Float], losses: RouterLosses, backward: BackwardKernels
  ) {
    let width = layout.width
    var dWeights: [[Float]] = []
    for (index, share) in shares.enumerated() {
      let expert = layer.experts[index]
      let count = share.rows.count
      dWeights.append([Float](repeating: 0, count: count))
      guard count > 0 else { continue }
      var dOutput = [Float](repeating: 0, count: count * width)
      for (place, entry) in share.rows.enumerated() {
        var dot: Float = 0
        for column in 0..<width {
          let slope = dy[entry.row * width + column]
          dot += slope * share.output[place * width + column]
          dOutput[place * width + column] = entry.weight * slope
        }
        dWeights[index][place] = dot
      }
      let ranges = layout.experts[position][index]
      var dInner = [Float](repeating: 0, count: count * expert.width)
      var dInput = [Float](repeating: 0, count: count * width)
      backward.kernels.linear(
        dOutput, rows: count, weight: expert.down.transposed(), into: &dInner)
      gradients.withUnsafeMutableBufferPointer { gradients in
        guard let base = gradients.baseAddress else { return }
        backward.addWeightGradient(
          x: share.inner, inputs: expert.width, dy: dOutput, outputs: width, rows: count,
          dWeight: base + ranges.downWeight.lowerBound, dBias: base + ranges.downBias.lowerBound)
        backward.geluBackward(
          x: share.preactivation, dy: dInner, count: dInner.count, dx: &dInner)
        backward.addWeightGradient(
          x: share.input, inputs: width, dy: dInner, outputs: expert.width, rows: count,
          dWeight: base + ranges.upWeight.lowerBound, dBias: base + ranges.upBias.lowerBound)
      }
      backward.kernels.linear(
        dInner, rows: count, weight: expert.up.transposed(), into: &dInput)
      for (place, entry) in share.rows.enumerated() {
        for column in 0..<width {
          da[entry.row * width + column] += dInput[place * width + column]
        }
      }
    }
    guard let router = layer.router else { return }
    let dLogits = routerGradient(dWeights: dWeights, topK: router.topK, losses: losses)
    routerBackward(
      dLogits: dLogits, router: router, position: position, layout: layout, da: &da,
      gradients: &gradients, backward: backward)
  }

  /// The gradient of the router logits, `[N, E]`.
  private func routerGradient(
    dWeights: [[Float]], topK: Int, losses: RouterLosses
  ) -> [Float] {
    let expertCount = shares.count
    var dProbabilities = [Float](repeating: 0, count: rows * expertCount)
    var chosenSum = [Float](repeating: 0, count: rows)
    var slopeSum = [Float](repeating: 0, count: rows)
    for (expert, share) in shares.enumerated() {
      for (place, entry) in share.rows.enumerated() {
        chosenSum[entry.row] += probabilities[entry.row * expertCount + expert]
        slopeSum[entry.row] += entry.weight * dWeights[expert][place]
      }
    }
    for (expert, share) in shares.enumerated() {
      let share = share.rows
      let fraction = Float(share.count) / Float(max(1, rows * topK))
      for row in 0..<rows {
        dProbabilities[row * expertCount + expert] +=
          losses.balance * Float(expertCount) * fraction / Float(max(1, rows))
      }
      for (place, entry) in share.enumerated() {
        let slope = dWeights[expert][place]
        dProbabilities[entry.row * expertCount + expert] +=
          topK == 1 ? slope : (slope - slopeSum[entry.row]) / chosenSum[entry.row]
      }
    }
    var dLogits = [Float](repeating: 0, count: rows * expertCount)
    for row in 0..<rows {
      let range = row * expertCount..<(row + 1) * expertCount
      var mean: Float = 0
      for index in range { mean += probabilities[index] * dProbabilities[index] }
      let zSlope = 2 * losses.z * logSums[row] / Float(max(1, rows))
      for index in range {
        dLogits[index] = probabilities[index] * (dProbabilities[index] - mean + zSlope)
      }
    }
    return dLogits
  }

  private func routerBackward(
    dLogits: [Float], router: ExpertRouter, position: Int, layout: ExpertLayout,
    da: inout [Float], gradients: inout [Float], backward: BackwardKernels
  ) {
    let width = layout.width
    let expertCount = shares.count
    var input = [Float](repeating: 0, count: rows * width)
    for share in shares {
      for (place, entry) in share.rows.enumerated() {
        for column in 0..<width {
          input[entry.row * width + column] = share.input[place * width + column]
        }
      }
    }
    let ranges = layout.routers[position]
    gradients.withUnsafeMutableBufferPointer { gradients in
      guard let base = gradients.baseAddress else { return }
      backward.addWeightGradient(
        x: input, inputs: width, dy: dLogits, outputs: expertCount, rows: rows,
        dWeight: base + ranges.weight.lowerBound, dBias: base + ranges.bias.lowerBound)
    }
    var dInput = [Float](repeating: 0, count: rows * width)
    backward.kernels.linear(
      dLogits, rows: rows, weight: router.weight.transposed(), into: &dInput)
    for index in da.indices { da[index] += dInput[index] }
  }
}
