import CKernels

extension Kernels {
  /// Replaces each row by its softmax: `exp(x − max) · (1 / Σ exp(x − max))`.
  ///
  /// A row with a NaN, with `+∞` or of nothing but `−∞` becomes NaN.
  ///
  /// Shapes: `x` is `[N, columns]`, in place.
  public func softmax(
    _ x: UnsafeMutablePointer<Float>, rows: Int, columns: Int, stride: Int? = nil
  ) {
    precondition(rows >= 0 && columns >= 0, "a softmax of [\(rows), \(columns)]")
    call { $0.softmax(x, stride ?? columns, rows, columns) }
  }

  /// Normalises each row of `x + residual` to mean 0 and variance 1, then applies gain and bias.
  ///
  /// ```
  /// y[n, d] = fma((r[n, d] − mean) · (1 / sqrt(variance + epsilon)), gain[d], bias[d]),  r = x + residual
  /// ```
  ///
  /// The variance is the mean square of the centred values.
  ///
  /// Shapes: `x`, `residual` and `y` are `[N, D]`, `gain` and `bias` `[D]`. `y` may be `x` or `residual`.
  ///
  /// Reference: Ba, Kiros & Hinton, *Layer Normalization* (2016), arXiv:1607.06450.
  public func layerNorm(
    _ x: UnsafePointer<Float>, rows: Int, columns: Int, stride: Int? = nil,
    residual: UnsafePointer<Float>? = nil, residualStride: Int? = nil,
    gain: UnsafePointer<Float>, bias: UnsafePointer<Float>, epsilon: Float,
    into y: UnsafeMutablePointer<Float>, outputStride: Int? = nil
  ) {
    precondition(rows >= 0 && columns >= 1, "a layer norm of [\(rows), \(columns)]")
    call {
      $0.layer_norm(
        x, stride ?? columns, residual, residualStride ?? columns, rows, columns, gain, bias,
        epsilon, y, outputStride ?? columns)
    }
  }

  /// Scales each row by the reciprocal of its root mean square, then by the gain.
  ///
  /// ```
  /// y[n, d] = x[n, d] · (1 / sqrt(mean over d of x[n, d]² + epsilon)) · gain[d]
  /// ```
  ///
  /// Shapes: `x` and `y` are `[N, D]`, `gain` `[D]`; `y` may be `x`.
  ///
  /// Reference: Zhang & Sennrich, *Root Mean Square Layer Normalization* (2019), arXiv:1910.07467.
  /// Differs from the paper: `epsilon` is added under the root.
  public func rmsNorm(
    _ x: UnsafePointer<Float>, rows: Int, columns: Int, stride: Int? = nil,
    gain: UnsafePointer<Float>, epsilon: Float, into y: UnsafeMutablePointer<Float>,
    outputStride: Int? = nil
  ) {
    precondition(rows >= 0 && columns >= 1, "an RMS norm of [\(rows), \(columns)]")
    call {
      $0.rms_norm(
        x, stride ?? columns, rows, columns, gain, epsilon, y, outputStride ?? columns)
    }
  }

  /// Divides each row by its Euclidean norm, or by `epsilon` where the norm is less.
  ///
  /// Shapes: `x` and `y` are `[N, D]`; `y` may be `x`.
  public func l2Normalize(
    _ x: UnsafePointer<Float>, rows: Int = 1, columns: Int, stride: Int? = nil,
    epsilon: Float = 1e-12, into y: UnsafeMutablePointer<Float>, outputStride: Int? = nil
  ) {
    precondition(rows >= 0 && columns >= 0, "an L2 normalisation of [\(rows), \(columns)]")
    call {
      $0.l2_normalize(x, stride ?? columns, rows, columns, epsilon, y, outputStride ?? columns)
    }
  }

  /// Averages the rows: `y[d] = (x[0, d] + x[1, d] + …) / N`, summed in that order.
  ///
  /// Shapes: `x` is `[N, D]`, `y` `[D]`.
  ///
  /// - Precondition: there is at least one row.
  public func meanPool(
    _ x: UnsafePointer<Float>, rows: Int, columns: Int, stride: Int? = nil,
    into y: UnsafeMutablePointer<Float>
  ) {
    precondition(rows >= 1 && columns >= 0, "a mean over \(rows) rows")
    call { $0.mean_pool(x, stride ?? columns, rows, columns, y) }
  }
}
