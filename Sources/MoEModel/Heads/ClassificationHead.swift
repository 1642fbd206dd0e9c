public import MoETensor

/// The output layer of a `classify` task: one logit a label over the features.
///
/// ```
/// probability = softmax(W f + b)
/// ```
///
/// Shapes: `f` is `[G]`, the features as the pack's own pass gives them; W is `[L, G]`, b is `[L]`.
public struct ClassificationHead: Sendable {
  /// The name of the task.
  public let task: String
  /// The stable ids of the labels, `[L]`.
  public let labels: [String]
  /// W, `[L, G]`.
  public let weight: PackedMatrix
  /// b, `[L]`.
  public let bias: [Float]

  /// Makes a head; W has a row and b an entry for each label.
  public init(task: String, labels: [String], weight: PackedMatrix, bias: [Float]) {
    precondition(weight.rows == labels.count && bias.count == labels.count, "one row a label")
    self.task = task
    self.labels = labels
    self.weight = weight
    self.bias = bias
  }

  /// The label probabilities of each text.
  ///
  /// - Parameters:
  ///   - features: f, `[count, G]`.
  ///   - count: How many there are.
  ///   - kernels: The kernels to run on.
  /// - Returns: `[count, L]`, row-major; each row sums to 1, or holds NaN where an input is not finite.
  public func probabilities(
    _ features: UnsafePointer<Float>, count: Int, kernels: Kernels
  ) -> [Float] {
    let width = labels.count
    return [Float](unsafeUninitializedCapacity: count * width) { buffer, initialized in
      guard let base = buffer.baseAddress, count > 0 else { return }
      bias.withUnsafeBufferPointer { bias in
        kernels.linear(
          features, rows: count, weight: weight, bias: bias.baseAddress, epilogue: .none, into: base
        )
      }
      kernels.softmax(base, rows: count, columns: width)
      initialized = count * width
    }
  }
}
