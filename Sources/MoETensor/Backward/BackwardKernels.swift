import CKernels

/// The gradients of the kernels, for training; the products inside the gradient of attention are OpenBLAS's.
///
/// Gradients of activations are written, gradients of parameters are added to. `d<name>` is the gradient of
/// the loss with respect to `<name>`. All matrices are row-major without gaps unless a stride is named.
public struct BackwardKernels: Sendable {
  /// The forward kernels.
  public let kernels: Kernels
  /// The matrix products.
  public let blas: OpenBLAS

  /// Loads OpenBLAS if need be.
  ///
  /// - Throws: ``TensorError`` when OpenBLAS is not there.
  public init(kernels: Kernels = Kernels()) throws(TensorError) {
    self.kernels = kernels
    blas = try OpenBLAS.load()
  }

  /// Adds the gradients of the parameters of `y = x Wᵀ + b`.
  ///
  /// ```
  /// dW += dyᵀ · x      db += Σ over rows of dy
  /// ```
  ///
  /// The gradient of x is a linear map of its own, of `dy` by `Wᵀ`. All run on the forward kernels, so their bits are
  /// the same on every path.
  ///
  /// Shapes: `x` is `[N, inputs]`, `dy` `[N, outputs]`, `dWeight` `[outputs, inputs]`, `dBias` `[outputs]`.
  public func addWeightGradient(
    x: UnsafePointer<Float>, inputs: Int, dy: UnsafePointer<Float>, outputs: Int, rows: Int,
    dWeight: UnsafeMutablePointer<Float>, dBias: UnsafeMutablePointer<Float>
  ) {
    guard rows > 0 else { return }
    addWeightGradient(
      inputs: PackedMatrix(rows: inputs, columns: rows, transpose: x), dy: dy, outputs: outputs,
      dWeight: dWeight, dBias: dBias, pool: nil)
  }

  /// Adds the gradients of the parameters of `y = x Wᵀ + b`, from inputs that were packed once for many calls.
  ///
  /// - Parameters:
  ///   - inputs: xᵀ, `[inputs, N]`.
  ///   - dy: `[N, outputs]`.
  ///   - outputs: How many outputs there are.
  ///   - dWeight: `[outputs, inputs]`, added to.
  ///   - dBias: `[outputs]`, added to.
  ///   - pool: The threads that share the inputs; the caller's alone when absent. No bit depends on them.
  public func addWeightGradient(
    inputs: PackedMatrix, dy: UnsafePointer<Float>, outputs: Int,
    dWeight: UnsafeMutablePointer<Float>, dBias: UnsafeMutablePointer<Float>, pool: ThreadPool?
  ) {
    let rows = inputs.columns
    let columns = [Float](unsafeUninitializedCapacity: outputs * rows) { columns, initialized in
      for row in 0..<rows {
        for output in 0..<outputs { columns[output * rows + row] = dy[row * outputs + output] }
      }
      initialized = outputs * rows
    }
    columns.withUnsafeBufferPointer { columns in
      guard let columns = columns.baseAddress else { return }
      let parts = pool.map { min(inputs.panelCount, 2 * $0.threadCount) } ?? 1
      func add(_ part: Int) {
        kernels.linear(
          columns, rows: outputs, weight: inputs, epilogue: .scaledAdd(nil), into: dWeight,
          panels: inputs.panelCount * part / parts..<inputs.panelCount * (part + 1) / parts)
      }
      if let pool { pool.run(count: parts) { part, _ in add(part) } } else { add(0) }
    }
    for row in 0..<rows {
      kernels.addScaled(1, dy + row * outputs, count: outputs, into: dBias)
    }
  }

  /// Makes the gradient of GELU: `dx = dy · (Φ(x) + x φ(x))`.
  ///
  /// `dx` may be `dy`.
  public func geluBackward(
    x: UnsafePointer<Float>, dy: UnsafePointer<Float>, count: Int, dx: UnsafeMutablePointer<Float>
  ) {
    precondition(count >= 0, "\(count) elements")
    kernels.call { $0.gelu_backward(x, dy, count, dx) }
  }

  /// Makes the gradients of layer normalisation; `x` is what was normalised, residual included.
  ///
  /// ```
  /// g = dy · gain,  n = (x − mean) / sqrt(variance + epsilon)
  /// dx = (g − mean(g) − n · mean(g · n)) / sqrt(variance + epsilon)
  /// dGain += Σ over rows of dy · n      dBias += Σ over rows of dy
  /// ```
  ///
  /// `dx` may be `dy`.
  ///
  /// Shapes: `x`, `dy` and `dx` are `[N, columns]`, `gain`, `dGain` and `dBias` `[columns]`.
  public func layerNormBackward(
    x: UnsafePointer<Float>, dy: UnsafePointer<Float>, rows: Int, columns: Int,
    gain: UnsafePointer<Float>, epsilon: Float, dx: UnsafeMutablePointer<Float>,
    dGain: UnsafeMutablePointer<Float>, dBias: UnsafeMutablePointer<Float>
  ) {
    precondition(rows >= 0 && columns >= 1, "a layer norm of [\(rows), \(columns)]")
    kernels.call {
      $0.layer_norm_backward(x, dy, rows, columns, gain, epsilon, dx, dGain, dBias)
    }
  }

  /// Makes the gradient of a softmax from its result: `dx = p · (dy − Σ p · dy) · scale`.
  ///
  /// `scale` is what the logits were multiplied with before the softmax. `dx` may be `dy`.
  ///
  /// Shapes: all are `[N, columns]`.
  public func softmaxBackward(
    probabilities: UnsafePointer<Float>, dy: UnsafePointer<Float>, rows: Int, columns: Int,
    scale: Float = 1, dx: UnsafeMutablePointer<Float>
  ) {
    precondition(rows >= 0 && columns >= 0, "a softmax of [\(rows), \(columns)]")
    kernels.call { $0.softmax_backward(probabilities, dy, rows, columns, scale, dx) }
  }

  /// Makes the gradient of the mean over rows: `dx[n, d] = dy[d] / N`.
  ///
  /// Shapes: `dy` is `[columns]`, `dx` `[rows, columns]`.
  public func meanPoolBackward(
    dy: UnsafePointer<Float>, rows: Int, columns: Int, dx: UnsafeMutablePointer<Float>
  ) {
    for row in 0..<rows {
      for d in 0..<columns { dx[row * columns + d] = dy[d] / Float(rows) }
    }
  }

  /// Makes the gradient of L2 normalisation: `dx = (dy − y · Σ y · dy) / ‖x‖`.
  ///
  /// Where the norm is not above `epsilon` it is `dy / epsilon`. `dx` may be `dy`.
  ///
  /// Shapes: all are `[rows, columns]`.
  public func l2NormalizeBackward(
    x: UnsafePointer<Float>, dy: UnsafePointer<Float>, rows: Int = 1, columns: Int,
    epsilon: Float = 1e-12, dx: UnsafeMutablePointer<Float>
  ) {
    for row in 0..<rows {
      let (x, dy, dx) = (x + row * columns, dy + row * columns, dx + row * columns)
      let norm = kernels.l2Norm(x, count: columns)
      let isNormalised = norm > epsilon
      let inner = isNormalised ? kernels.dot(x, dy, count: columns) / norm : 0
      for d in 0..<columns {
        dx[d] = isNormalised ? (dy[d] - x[d] / norm * inner) / norm : dy[d] / epsilon
      }
    }
  }
}
