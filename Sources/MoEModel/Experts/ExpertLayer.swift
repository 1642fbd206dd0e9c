public import MoETensor

/// One expert: a feed-forward network of its own width F beside the backbone's.
///
/// ```
/// E(h) = W_down gelu(W_up h + b_up) + b_down
/// ```
///
/// Shapes: `h` is `[N, D]`; `up` is `[F, D]`, `down` is `[D, F]`. In binary32, whatever the encoder's precision.
public struct Expert: Sendable {
  /// W_up, `[F, D]`.
  public let up: PackedMatrix
  /// b_up, `[F]`.
  public let upBias: [Float]
  /// W_down, `[D, F]`.
  public let down: PackedMatrix
  /// b_down, `[D]`.
  public let downBias: [Float]

  /// F, the width of the expert.
  public var width: Int { up.rows }

  /// Makes an expert; the shapes must fit each other.
  public init(up: PackedMatrix, upBias: [Float], down: PackedMatrix, downBias: [Float]) {
    precondition(up.rows == upBias.count && down.rows == downBias.count, "one bias an output")
    precondition(down.columns == up.rows && down.rows == up.columns, "down undoes up's shape")
    self.up = up
    self.upBias = upBias
    self.down = down
    self.downBias = downBias
  }
}

/// The experts a pack has in one layer, and the router that chooses among them.
///
/// ```
/// y_t ← y_t + Σ_{e ∈ topK(t)} w_e(t) · E_e(h_t),   summed over e ascending
/// ```
///
/// The backbone's own feed-forward network stays always on, as the shared expert.
///
/// Reference: Dai et al., *DeepSeekMoE* (2024), arXiv:2401.06066.
/// Differs from the paper: the routed experts belong to one pack and are added at their trained scale.
public struct ExpertLayer: Sendable {
  /// E experts.
  public let experts: [Expert]
  /// The router; absent when there is one expert, whose weight then is 1.
  public let router: ExpertRouter?

  /// Makes a layer; more than one expert needs a router.
  public init(experts: [Expert], router: ExpertRouter?) {
    precondition(!experts.isEmpty && (experts.count == 1 || router != nil), "E > 1 needs a router")
    self.experts = experts
    self.router = router
  }

  /// Adds the experts' output to `y`.
  ///
  /// Shapes: `h` and `y` are `[N, D]`, row-major.
  ///
  /// - Parameters:
  ///   - h: What enters the FFN slot.
  ///   - y: The output of the slot so far, added to in place.
  ///   - rows: N.
  ///   - kernels: The kernels to run on.
  ///   - workspace: Buffers of the caller.
  public func add(
    _ h: UnsafePointer<Float>, to y: UnsafeMutablePointer<Float>, rows: Int, kernels: Kernels,
    workspace: EncoderWorkspace
  ) {
    guard let router else {
      let inner = workspace.inner.reserve(rows * experts[0].width)
      Self.run(
        experts[0], h, rows: rows, inner: inner, kernels: kernels, workspace: workspace
      ) { bias in
        kernels.linear(
          inner, rows: rows, weight: experts[0].down, bias: bias, epilogue: .scaledAdd(nil),
          into: y, team: workspace.team)
      }
      return
    }
    let assignment = router.route(h, rows: rows, kernels: kernels, workspace: workspace)
    for (index, expert) in experts.enumerated() {
      addRouted(
        expert, rows: assignment.rows(of: index), h, to: y, kernels: kernels, workspace: workspace)
    }
  }

  /// Runs one expert over the tokens routed to it, and adds their weighted outputs.
  private func addRouted(
    _ expert: Expert, rows: [(row: Int, weight: Float)], _ h: UnsafePointer<Float>,
    to y: UnsafeMutablePointer<Float>, kernels: Kernels, workspace: EncoderWorkspace
  ) {
    guard !rows.isEmpty else { return }
    let width = expert.up.columns
    let gathered = workspace.gathered.reserve(rows.count * width)
    for (position, entry) in rows.enumerated() {
      (gathered + position * width).update(from: h + entry.row * width, count: width)
    }
    let inner = workspace.inner.reserve(rows.count * expert.width)
    let output = workspace.expertOutput.reserve(rows.count * width)
    Self.run(
      expert, gathered, rows: rows.count, inner: inner, kernels: kernels, workspace: workspace
    ) { bias in
      kernels.linear(
        inner, rows: rows.count, weight: expert.down, bias: bias, into: output,
        team: workspace.team)
    }
    for (position, entry) in rows.enumerated() {
      kernels.addScaled(
        entry.weight, output + position * width, count: width, into: y + entry.row * width)
    }
  }

  private static func run(
    _ expert: Expert, _ h: UnsafePointer<Float>, rows: Int, inner: UnsafeMutablePointer<Float>,
    kernels: Kernels, workspace: EncoderWorkspace, down: (UnsafePointer<Float>?) -> Void
  ) {
    expert.upBias.withUnsafeBufferPointer { bias in
      kernels.linear(
        h, rows: rows, weight: expert.up, bias: bias.baseAddress, epilogue: .gelu, into: inner,
        team: workspace.team)
    }
    expert.downBias.withUnsafeBufferPointer { down($0.baseAddress) }
  }
}
