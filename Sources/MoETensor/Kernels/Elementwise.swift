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
