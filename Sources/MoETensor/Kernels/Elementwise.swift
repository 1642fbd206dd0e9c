import CKernels

extension Kernels {
  /// Computes `y = exp(x)`, within 1.1 units in the last place; 0 under −104.
  ///
  /// `y` may be `x`.
  public func exp(_ x: UnsafePointer<Float>, count: Int, into y: UnsafeMutablePointer<Float>) {
    precondition(count >= 0, "\(count) elements")
    call { $0.exp(x, count, y) }
  }

  /// Computes `y = x · Φ(x)`, the GELU with erf, within 2e-7 · max(|y|, 1).
  ///
  /// `y` may be `x`.
  ///
  /// Reference: Hendrycks & Gimpel, *Gaussian Error Linear Units* (2016), arXiv:1606.08415.
  public func gelu(_ x: UnsafePointer<Float>, count: Int, into y: UnsafeMutablePointer<Float>) {
    precondition(count >= 0, "\(count) elements")
    call { $0.gelu(x, count, y) }
  }

  /// Computes `y = silu(gate) · up`, with `silu(x) = x / (1 + exp(−x))`.
  ///
  /// Shapes: `gate` and `up` are `[N, F]` with one stride, `y` `[N, F]`; `y` may be either.
  ///
  /// Reference: Shazeer, *GLU Variants Improve Transformer* (2020), arXiv:2002.05202.
  public func siluProduct(
    gate: UnsafePointer<Float>, up: UnsafePointer<Float>, rows: Int, columns: Int, stride: Int,
    into y: UnsafeMutablePointer<Float>, outputStride: Int? = nil
  ) {
    precondition(rows >= 0 && columns >= 0, "[\(rows), \(columns)]")
    call { $0.silu_product(gate, up, stride, rows, columns, y, outputStride ?? columns) }
  }

  /// Rotates the pairs (i, i + headWidth / 2) of every head by the row's angles, in place.
  ///
  /// ```
  /// x[i]                 = x[i] · cos − x[i + headWidth/2] · sin
  /// x[i + headWidth/2]   = x[i + headWidth/2] · cos + x[i] · sin
  /// ```
  ///
  /// Shapes: `x` is `[N, heads · headWidth]`, `cosines` and `sines` `[N, headWidth / 2]`.
  ///
  /// Reference: Su et al., *RoFormer* (2021), arXiv:2104.09864. Differs from the paper: the two
  /// numbers of a pair lie half a head apart, as in GPT-NeoX.
  public func rotary(
    _ x: UnsafeMutablePointer<Float>, rows: Int, stride: Int, heads: Int, headWidth: Int,
    cosines: UnsafePointer<Float>, sines: UnsafePointer<Float>
  ) {
    precondition(rows >= 0 && heads >= 0 && headWidth % 2 == 0, "a rotation of odd heads")
    call { $0.rotary(x, stride, rows, heads, headWidth, cosines, sines) }
  }

  /// Computes `y = fma(a, x, y)`.
  public func addScaled(
    _ a: Float, _ x: UnsafePointer<Float>, count: Int, into y: UnsafeMutablePointer<Float>
  ) {
    precondition(count >= 0, "\(count) elements")
    call { $0.add_scaled(a, x, count, y) }
  }

  /// Returns the sum of the elements.
  public func sum(_ x: UnsafePointer<Float>, count: Int) -> Float {
    precondition(count >= 0, "\(count) elements")
    return call { $0.sum(x, count) }
  }

  /// Returns the inner product of two rows.
  public func dot(_ x: UnsafePointer<Float>, _ y: UnsafePointer<Float>, count: Int) -> Float {
    precondition(count >= 0, "\(count) elements")
    return call { $0.dot(x, y, count) }
  }

  /// Returns the Euclidean norm of a row.
  public func l2Norm(_ x: UnsafePointer<Float>, count: Int) -> Float {
    dot(x, x, count: count).squareRoot()
  }
}
