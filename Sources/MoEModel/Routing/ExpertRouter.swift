public import MoETensor

/// The learned map from a token to expert logits inside one layer of one pack.
///
/// ```
/// p(t) = softmax(W h_t + b)          over the E experts of this pack and layer, in Float
/// topK(t) = the K greatest, ties by lower index
/// w_e(t) = p_e(t) / Σ_{topK} p       for K ≥ 2;   p_e(t) for K = 1
/// ```
///
/// With `K = 1` the weight is the probability itself, or the router would get no gradient.
///
/// Reference: Shazeer et al., *Outrageously Large Neural Networks* (2017), arXiv:1701.06538; Fedus et al.,
/// *Switch Transformers* (2021), arXiv:2101.03961. Differs from the papers: no noise, no capacity (dropless).
public struct ExpertRouter: Sendable {
  /// W, `[E, D]`.
  public let weight: PackedMatrix
  /// b, `[E]`.
  public let bias: [Float]
  /// K, how many experts each token is sent to.
  public let topK: Int

  /// Makes a router; `1 ≤ topK ≤ E`.
  public init(weight: PackedMatrix, bias: [Float], topK: Int) {
    precondition(weight.rows == bias.count && (1...bias.count).contains(topK), "1 ≤ K ≤ E")
    self.weight = weight
    self.bias = bias
    self.topK = topK
  }

  /// Which tokens go to which expert, and how much each counts.
  public struct Assignment: Sendable {
    /// Expert indices, `[N, K]`.
    public let experts: [Int32]
    /// Expert weights, `[N, K]`.
    public let weights: [Float]
    /// K.
    public let topK: Int

    /// The tokens of one expert in ascending order, each with its weight.
    public func rows(of expert: Int) -> [(row: Int, weight: Float)] {
      experts.indices.compactMap { index in
        experts[index] == Int32(expert) ? (row: index / topK, weight: weights[index]) : nil
      }
    }
  }

  /// Routes every token.
  ///
  /// - Parameters:
  ///   - h: `[N, D]`.
  ///   - rows: N.
  ///   - kernels: The kernels to run on.
  ///   - workspace: Buffers of the caller.
  /// - Returns: K experts a token, greatest probability first.
  public func route(
    _ h: UnsafePointer<Float>, rows: Int, kernels: Kernels, workspace: EncoderWorkspace
  ) -> Assignment {
    let expertCount = bias.count
    let probabilities = workspace.router.reserve(rows * expertCount)
    bias.withUnsafeBufferPointer { bias in
      kernels.linear(
        h, rows: rows, weight: weight, bias: bias.baseAddress, epilogue: .none, into: probabilities)
    }
    kernels.softmax(probabilities, rows: rows, columns: expertCount)
    var experts: [Int32] = []
    var weights: [Float] = []
    experts.reserveCapacity(rows * topK)
    weights.reserveCapacity(rows * topK)
    var chosen = [Int32](repeating: 0, count: topK)
    for row in 0..<rows {
      let p = probabilities + row * expertCount
      kernels.topK(p, count: expertCount, k: topK, into: &chosen)
      var total: Float = 0
      for expert in chosen { total += p[Int(expert)] }
      for expert in chosen {
        experts.append(expert)
        weights.append(topK == 1 ? p[Int(expert)] : p[Int(expert)] / total)
      }
    }
    return Assignment(experts: experts, weights: weights, topK: topK)
  }
}
