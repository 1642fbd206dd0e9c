public import MoETensor

extension PackModel {
  /// How loud the pack's experts are: over texts, layers and tokens the greatest ratio of what they add to
  /// the hidden state that they add it to.
  ///
  /// ```
  /// max_{l, t}  ‖Σ_e w_e(t) · E_e(h_t)‖₂ / ‖x_t‖₂        x_t: the FFN slot of layer l before the experts
  /// ```
  ///
  /// A layer norm follows, so that experts whose output is enormous, or overflows, may still leave finite
  /// answers: ones that say nothing any more.
  ///
  /// - Parameters:
  ///   - encodings: The tokenized texts.
  ///   - backbone: The backbone of the pack.
  ///   - pool: The threads that share the work.
  /// - Returns: The ratio; infinite where a number is not finite, 0 without experts.
  /// - Throws: Whatever reading the mapped weights throws.
  public func expertGrowth(
    on encodings: [Encoding], backbone: Backbone, pool: ThreadPool
  ) throws -> Double {
    guard case .encoder(let encoder) = backbone.transformer else {
      return try gatedGrowth(on: encodings, backbone: backbone, pool: pool)
    }
    guard let last = experts.keys.max() else { return 0 }
    return try pool.mapShards(encodings) { range, workspace in
      let batch = RaggedBatch(encodings[range].map(\.ids))
      let count = batch.tokenCount * encoder.width
      var greatest = 0.0
      try encoder.embed(batch, workspace: workspace)
      for layer in 0...last {
        encoder.slot(layer, offsets: batch.offsets, workspace: workspace)
        if let experts = experts[layer] {
          let hidden = UnsafeBufferPointer(start: workspace.hidden.reserve(count), count: count)
          var sums = Array(hidden)
          sums.withUnsafeMutableBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return }
            experts.add(
              workspace.attended.reserve(count), to: base, rows: batch.tokenCount,
              kernels: encoder.kernels, workspace: workspace)
          }
          greatest = max(
            greatest, Self.growth(from: Array(hidden), to: sums, width: encoder.width))
        }
        encoder.finish(
          layer, offsets: batch.offsets,
          experts: experts[layer].map { [($0, 0..<batch.tokenCount)] } ?? [], workspace: workspace)
      }
      return greatest
    }.max() ?? 0
  }

  /// On a language model: infinite where a logit that follows a text is not finite, else 0.
  ///
  /// Every layer's states go on as a residual there, so that what overflows reaches the logits.
  private func gatedGrowth(
    on encodings: [Encoding], backbone: Backbone, pool: ThreadPool
  ) throws -> Double {
    let mixture = MixtureModel(backbone: backbone, packs: [self])
    let answers = try mixture.answer(
      encodings, options: AnswerOptions(pack: identity), pool: pool)
    let logits = try mixture.nextLogits(encodings, answers: answers, pool: pool)
    return logits.allSatisfy { $0.allSatisfy(\.isFinite) } ? 0 : .infinity
  }

  /// The greatest ‖after − before‖ / ‖before‖ of a row.
  private static func growth(from before: [Float], to after: [Float], width: Int) -> Double {
    var greatest = 0.0
    for start in stride(from: 0, to: before.count, by: width) {
      var (added, base) = (0.0, 0.0)
      for index in start..<start + width {
        let change = Double(after[index]) - Double(before[index])
        added += change * change
        base += Double(before[index]) * Double(before[index])
      }
      let ratio = (added / max(base, .leastNormalMagnitude)).squareRoot()
      greatest = ratio.isFinite ? max(greatest, ratio) : .infinity
    }
    return greatest
  }
}
