extension BackwardKernels {
  /// The floats of workspace that the gradient of attention needs.
  public static func attentionWorkspaceCount(tokens: Int) -> Int { 2 * tokens * tokens }

  /// Makes the gradients of bidirectional attention over one sequence, head by head.
  ///
  /// ```
  /// P = softmax(Q Kᵀ · scale)      dV = Pᵀ dY      dP = dY Vᵀ
  /// dS = P · (dP − Σ over s of P · dP) · scale      dQ = dS K      dK = dSᵀ Q
  /// ```
  ///
  /// The probabilities are computed anew.
  ///
  /// Shapes: all are `[T, H · headWidth]`.
  ///
  /// - Parameters:
  ///   - queries: The first row of the queries.
  ///   - keys: The first row of the keys.
  ///   - values: The first row of the values.
  ///   - stride: Between rows of those three.
  ///   - tokens: T.
  ///   - heads: H.
  ///   - headWidth: The dimensions of one head.
  ///   - scale: What scores are multiplied with; `1 / sqrt(headWidth)` when absent.
  ///   - dy: The gradient of the context, rows `H · headWidth` apart.
  ///   - dQueries: Receives the gradient of the queries.
  ///   - dKeys: Receives the gradient of the keys.
  ///   - dValues: Receives the gradient of the values.
  ///   - gradientStride: Between rows of those three; `stride` when absent.
  ///   - workspace: ``attentionWorkspaceCount(tokens:)`` floats.
  public func attentionBackward(
    queries: UnsafePointer<Float>, keys: UnsafePointer<Float>, values: UnsafePointer<Float>,
    stride: Int, tokens: Int, heads: Int, headWidth: Int, scale: Float? = nil,
    dy: UnsafePointer<Float>, dQueries: UnsafeMutablePointer<Float>,
    dKeys: UnsafeMutablePointer<Float>, dValues: UnsafeMutablePointer<Float>,
    gradientStride: Int? = nil, workspace: UnsafeMutablePointer<Float>
  ) {
    let scale = scale ?? 1 / Float(headWidth).squareRoot()
    let row = heads * headWidth
    let gradientStride = gradientStride ?? stride
    let probabilities = workspace
    let slopes = workspace + tokens * tokens
    for head in 0..<heads {
      let offset = head * headWidth
      blas.sgemm(
        transposeB: true, m: tokens, n: tokens, k: headWidth, alpha: scale, a: queries + offset,
        lda: stride, b: keys + offset, ldb: stride, c: probabilities, ldc: tokens)
      kernels.softmax(probabilities, rows: tokens, columns: tokens)
      blas.sgemm(
        transposeA: true, m: tokens, n: headWidth, k: tokens, a: probabilities, lda: tokens,
        b: dy + offset, ldb: row, c: dValues + offset, ldc: gradientStride)
      blas.sgemm(
        transposeB: true, m: tokens, n: tokens, k: headWidth, a: dy + offset, lda: row,
        b: values + offset, ldb: stride, c: slopes, ldc: tokens)
      softmaxBackward(
        probabilities: probabilities, dy: slopes, rows: tokens, columns: tokens, scale: scale,
        dx: slopes)
      blas.sgemm(
        m: tokens, n: headWidth, k: tokens, a: slopes, lda: tokens, b: keys + offset, ldb: stride,
        c: dQueries + offset, ldc: gradientStride)
      blas.sgemm(
        transposeA: true, m: tokens, n: headWidth, k: tokens, a: slopes, lda: tokens,
        b: queries + offset, ldb: stride, c: dKeys + offset, ldc: gradientStride)
    }
  }
}
