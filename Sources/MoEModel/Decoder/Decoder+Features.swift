import MoETensor

extension Decoder {
  /// The features of prompts, `[count, D]`: the L2-normalised mean over the prompt's tokens of the final
  /// normalised states.
  ///
  /// Prompts are read together in passes of at most ``Continuer/passTokens`` tokens; a prompt's features do
  /// not depend on what else is in its pass.
  ///
  /// - Parameters:
  ///   - prompts: Token ids, at least one each, at most the context.
  ///   - pool: The threads that share the work; the bits do not depend on them.
  ///   - progress: Told how many prompts are done.
  /// - Returns: f, `[count, D]`.
  func features(
    _ prompts: [[Int32]], pool: ThreadPool, progress: ((Int) -> Void)? = nil
  ) -> [Float] {
    let width = architecture.width
    let workspace = DecoderWorkspace()
    var features = [Float](repeating: 0, count: prompts.count * width)
    features.withUnsafeMutableBufferPointer { features in
      guard let base = features.baseAddress else { return }
      for range in Shards(lengths: prompts.map(\.count), tokenLimit: Continuer.passTokens).ranges {
        if range.count == 1 {
          let states = states(of: prompts[range.lowerBound], pool: pool, workspace: workspace)
          states.withUnsafeBufferPointer { states in
            guard let states = states.baseAddress else { return }
            pooled(
              states, rows: prompts[range.lowerBound].count,
              into: base + range.lowerBound * width)
          }
        } else {
          let sequences = range.map { DecoderSequence(cache: makeCache(), ids: prompts[$0]) }
          var states = forward(sequences, pool: pool, workspace: workspace)
          for index in range {
            pooled(states, rows: prompts[index].count, into: base + index * width)
            states += prompts[index].count * width
          }
        }
        progress?(range.count)
      }
    }
    return features
  }

  /// The final normalised states of one prompt, `[N, D]`, read in passes where it is long.
  private func states(
    of prompt: [Int32], pool: ThreadPool, workspace: DecoderWorkspace
  ) -> [Float] {
    let cache = makeCache()
    var states: [Float] = []
    states.reserveCapacity(prompt.count * architecture.width)
    for start in stride(from: 0, to: prompt.count, by: Continuer.passTokens) {
      let part = Array(prompt[start..<min(start + Continuer.passTokens, prompt.count)])
      let own = forward(
        [DecoderSequence(cache: cache, ids: part)], pool: pool, workspace: workspace)
      states.append(
        contentsOf: UnsafeBufferPointer(start: own, count: part.count * architecture.width))
    }
    return states
  }

  private func pooled(
    _ states: UnsafePointer<Float>, rows: Int, into features: UnsafeMutablePointer<Float>
  ) {
    kernels.meanPool(states, rows: rows, columns: architecture.width, into: features)
    kernels.l2Normalize(features, columns: architecture.width, into: features)
  }
}
