import MoEBase
import MoETensor

extension Trunk {
  /// The label probabilities that packs give, in full precision where a reduced one leaves the labels in doubt.
  ///
  /// A text of a pass with a near tie (``LabelHead/isNearTie(_:within:)``) in any head goes through backbone and pack
  /// once more in full precision, and all that the pack says of it is from there. That depends on the text and the pack
  /// alone, so the invariants I1 to I4 hold. Viola & Jones, *Robust real-time face detection* (2004), run a costlier
  /// classifier where a cheap one cannot decide; here both are the same network.
  ///
  /// - Parameters:
  ///   - passes: The packs, each of those that the trunk was run for, and their sequences.
  ///   - workspace: Buffers of the caller.
  /// - Returns: By pass and head, `[sequences.count, L]`.
  /// - Throws: ``MixtureError/numericalError(pack:task:)``, or what reading the weights in full precision throws.
  func probabilities(
    by passes: [ExpertPass], workspace: EncoderWorkspace
  ) throws -> [[[Float]]] {
    let features = features(by: passes, workspace: workspace)
    var results: [[[Float]]] = []
    for (pass, features) in zip(passes, features) {
      results.append(
        try pass.pack.heads.map { head in
          let probabilities = head.probabilities(
            features, count: pass.sequences.count, kernels: kernels)
          guard probabilities.allSatisfy(\.isFinite) else {
            throw MixtureError.numericalError(pack: pass.pack.identity.name, task: head.task)
          }
          return probabilities
        })
    }
    guard let ratio = encoder.precision.nearTie else { return results }
    let ties = zip(passes, results).map { pass, results in
      pass.sequences.indices.filter { place in
        zip(pass.pack.heads, results).contains { head, probabilities in
          head.isNearTie(probabilities[head.range(of: place)], within: ratio)
        }
      }
    }
    try settle(ties, of: passes, in: &results, workspace: workspace)
    return results
  }

  /// Puts the probabilities of full precision in the place of those of some of the passes' texts.
  private func settle(
    _ ties: [[Int]], of passes: [ExpertPass], in results: inout [[[Float]]],
    workspace: EncoderWorkspace
  ) throws {
    let chosen = passes.indices.filter { !ties[$0].isEmpty }
    guard !chosen.isEmpty else { return }
    let texts = Set(chosen.flatMap { pass in ties[pass].map { passes[pass].sequences[$0] } })
      .sorted()
    let packs = chosen.map { passes[$0].pack }
    let trunk = try Trunk(
      texts.map { Array(batch.ids[batch.rows($0)]) }, encoder: encoder.inFullPrecision(),
      packs: packs, workspace: workspace)
    let places = Dictionary(uniqueKeysWithValues: texts.enumerated().map { ($1, $0) })
    let settled = try trunk.probabilities(
      by: chosen.map { pass in
        ExpertPass(
          pack: passes[pass].pack,
          sequences: ties[pass].compactMap { places[passes[pass].sequences[$0]] })
      }, workspace: workspace)
    for (pass, settled) in zip(chosen, settled) {
      for (number, head) in passes[pass].pack.heads.enumerated() {
        for (new, place) in ties[pass].enumerated() {
          results[pass][number].replaceSubrange(
            head.range(of: place), with: settled[number][head.range(of: new)])
        }
      }
    }
  }
}

extension LabelHead {
  /// The label probabilities of each row of features, `[count, L]`.
  fileprivate func probabilities(_ features: [Float], count: Int, kernels: Kernels) -> [Float] {
    features.withUnsafeBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return [] }
      return probabilities(base, count: count, kernels: kernels)
    }
  }

  /// Where the probabilities of one row stand.
  func range(of row: Int) -> Range<Int> { row * labels.count..<(row + 1) * labels.count }
}
