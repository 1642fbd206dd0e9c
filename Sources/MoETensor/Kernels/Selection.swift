import CKernels

extension Kernels {
  /// Finds the K greatest elements, greatest first; equal ones by index, NaN after every number.
  ///
  /// - Parameters:
  ///   - x: The row.
  ///   - count: Its elements, at most `Int32.max`.
  ///   - k: K; all elements when there are fewer.
  ///   - indices: Receives `min(k, count)` indices.
  public func topK(
    _ x: UnsafePointer<Float>, count: Int, k: Int, into indices: UnsafeMutablePointer<Int32>
  ) {
    precondition(count >= 0 && count <= Int(Int32.max) && k >= 0, "top \(k) of \(count)")
    moe_top_k(x, count, k, indices)
  }

  /// Copies rows together: `y[i] = x[indices[i]]`.
  ///
  /// Shapes: `x` is `[N, columns]`, `y` `[indices.count, columns]`.
  public func gather(
    _ x: UnsafePointer<Float>, columns: Int, stride: Int? = nil, indices: [Int],
    into y: UnsafeMutablePointer<Float>
  ) {
    for (place, index) in indices.enumerated() {
      (y + place * columns).update(from: x + index * (stride ?? columns), count: columns)
    }
  }

  /// Copies rows apart: `y[indices[i]] = x[i]`.
  ///
  /// Shapes: `x` is `[indices.count, columns]`, `y` `[N, columns]`.
  public func scatter(
    _ x: UnsafePointer<Float>, columns: Int, indices: [Int],
    into y: UnsafeMutablePointer<Float>, outputStride: Int? = nil
  ) {
    for (place, index) in indices.enumerated() {
      (y + index * (outputStride ?? columns)).update(from: x + place * columns, count: columns)
    }
  }
}
