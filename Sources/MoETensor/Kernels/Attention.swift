import CKernels

/// Which keys a query sees.
public enum AttentionMask: Sendable, Equatable {
  /// Every key.
  case bidirectional
  /// Query t sees the keys `0...offset + t`.
  case causal(offset: Int)
}

extension Kernels {
  /// The floats of workspace that ``attention(queries:keys:values:stride:tokens:heads:headWidth:scale:mask:into:outputStride:workspace:)`` needs.
  public static func attentionWorkspaceCount(tokens: Int, headWidth: Int) -> Int {
    moe_attention_workspace(tokens, headWidth)
  }

  /// Computes the scaled dot-product attention of one sequence, H heads side by side in each row.
  ///
  /// ```
  /// score[t, s] = (chain of fma over d of q[t, d] · k[s, d]) · scale
  /// e[t, s]     = exp(score[t, s] − max over s)
  /// y[t, d]     = (chain of fma over s of e[t, s] · v[s, d]) · (1 / Σ over s of e[t, s])
  /// ```
  ///
  /// Shapes: `queries`, `keys`, `values` and `y` are `[T, H · headWidth]`.
  ///
  /// Reference: Vaswani et al., *Attention Is All You Need* (2017), arXiv:1706.03762. Differs from the
  /// paper: the weights are divided by their sum after they have multiplied the values.
  ///
  /// - Parameters:
  ///   - queries: The first row of the queries.
  ///   - keys: The first row of the keys.
  ///   - values: The first row of the values.
  ///   - stride: Between rows of all three; `3 · H · headWidth` when they lie side by side in one buffer.
  ///   - tokens: T.
  ///   - heads: H.
  ///   - headWidth: The dimensions of one head.
  ///   - scale: What scores are multiplied with, positive; `1 / sqrt(headWidth)` when absent.
  ///   - mask: Which keys a query sees.
  ///   - y: The context.
  ///   - outputStride: Between rows of `y`; `H · headWidth` when absent.
  ///   - workspace: ``attentionWorkspaceCount(tokens:headWidth:)`` floats.
  public func attention(
    queries: UnsafePointer<Float>, keys: UnsafePointer<Float>, values: UnsafePointer<Float>,
    stride: Int, tokens: Int, heads: Int, headWidth: Int, scale: Float? = nil,
    mask: AttentionMask = .bidirectional, into y: UnsafeMutablePointer<Float>,
    outputStride: Int? = nil, workspace: UnsafeMutablePointer<Float>
  ) {
    precondition(tokens >= 0 && heads >= 0 && headWidth >= 1, "attention over nothing")
    let scale = scale ?? 1 / Float(headWidth).squareRoot()
    precondition(scale > 0, "attention scaled by \(scale)")
    var offset = -1
    if case .causal(let first) = mask {
      precondition(first >= 0, "a causal mask that starts \(first) keys from the first")
      offset = first
    }
    var arguments = moe_attention_arguments(
      queries: queries, query_stride: stride, keys: keys, key_stride: stride, values: values,
      value_stride: stride, tokens: tokens, query_count: tokens, heads: heads,
      head_width: headWidth, scale: scale,
      causal_offset: offset, context: y, context_stride: outputStride ?? heads * headWidth,
      workspace: workspace)
    call { $0.attention(&arguments) }
  }
}
