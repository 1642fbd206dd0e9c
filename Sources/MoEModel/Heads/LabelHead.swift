public import MoETensor

/// The output layer of a task with labels: one logit a label over the features.
///
/// ```
/// probability = softmax(W f + b)      of `classify`: one label is right
/// probability = sigmoid(W f + b)      of `tag`: each label applies or not, by itself
/// ```
///
/// Shapes: `f` is `[G]`, the features as the pack's own pass gives them; W is `[L, G]`, b is `[L]`.
public struct LabelHead: Sendable {
  /// How labels come from logits.
  public enum Decision: Sendable, Equatable {
    /// One label is right: the most probable is given.
    case one
    /// Each label with a probability over its threshold is given, `[L]`, 0 … 1; it may be none.
    case each(thresholds: [Float])
  }

  /// The name of the task.
  public let task: String
  /// The stable ids of the labels, `[L]`.
  public let labels: [String]
  /// W, `[L, G]`.
  public let weight: PackedMatrix
  /// b, `[L]`.
  public let bias: [Float]
  /// How labels come from logits.
  public let decision: Decision

  /// Makes a head; W has a row, b an entry, and thresholds have one for each label.
  public init(
    task: String, labels: [String], weight: PackedMatrix, bias: [Float], decision: Decision = .one
  ) {
    precondition(weight.rows == labels.count && bias.count == labels.count, "one row a label")
    if case .each(let thresholds) = decision {
      precondition(thresholds.count == labels.count, "one threshold a label")
    }
    self.task = task
    self.labels = labels
    self.weight = weight
    self.bias = bias
    self.decision = decision
  }

  /// What each label's probability has to exceed, `[L]`; `nil` where one label is right.
  public var thresholds: [Float]? {
    guard case .each(let thresholds) = decision else { return nil }
    return thresholds
  }

  /// The label probabilities of each text.
  ///
  /// - Parameters:
  ///   - features: f, `[count, G]`.
  ///   - count: How many there are.
  ///   - kernels: The kernels to run on.
  /// - Returns: `[count, L]`, row-major, NaN where an input is not finite; where one label is right each row sums
  ///   to 1.
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
      switch decision {
      case .one: kernels.softmax(base, rows: count, columns: width)
      case .each:
        for index in 0..<count * width {
          base[index] = Float(Elementary.sigmoid(Double(base[index])))
        }
      }
      initialized = count * width
    }
  }

  /// One prediction a label, in their order.
  ///
  /// - Parameters:
  ///   - probabilities: `[L]`.
  ///   - pack: Whose head it is.
  ///   - weight: The pack's weight in the answer.
  /// - Returns: L predictions.
  func predictions(
    _ probabilities: some Collection<Float>, pack: PackIdentity, weight: Double
  ) -> [Answer.Prediction] {
    let thresholds = thresholds
    return zip(labels, probabilities).enumerated().map { label, entry in
      Answer.Prediction(
        pack: pack, task: task, label: entry.0, probability: entry.1, weight: weight,
        threshold: thresholds?[label])
    }
  }
}
