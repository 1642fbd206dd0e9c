public import MoETensor

extension MixtureModel {
  /// The experts that speak for an answer: those of the pack on its route, by layer.
  ///
  /// - Parameter answer: An answer of this very mixture.
  /// - Returns: `nil` where no pack is responsible, or the pack has no experts: the backbone speaks alone.
  public func speakingExperts(of answer: Answer) -> [Int: SparseNetwork]? {
    guard let route = answer.route.first else { return nil }
    return packs.first { $0.identity == route.pack }.flatMap {
      $0.gatedExperts.isEmpty ? nil : $0.gatedExperts
    }
  }

  /// The logits that follow each prompt, with the experts of the pack that its answer names.
  ///
  /// - Parameters:
  ///   - encodings: The prompts.
  ///   - answers: Their answers.
  ///   - pool: The threads that share the work; the bits do not depend on them, nor on the other prompts.
  /// - Returns: `[V]` a prompt.
  /// - Throws: ``BackboneError/wrongKind(name:kind:)`` on an encoder.
  public func nextLogits(
    _ encodings: [Encoding], answers: [Answer], pool: ThreadPool
  ) throws -> [[Float]] {
    let decoder = try backbone.decoder
    let workspace = DecoderWorkspace()
    let size = decoder.architecture.vocabularySize
    var results: [[Float]] = []
    let lengths = encodings.map(\.ids.count)
    for range in Shards(lengths: lengths, tokenLimit: Continuer.passTokens).ranges {
      var row = 0
      let sequences = range.map {
        DecoderSequence(
          cache: decoder.makeCache(), ids: encodings[$0].ids,
          experts: speakingExperts(of: answers[$0]))
      }
      let states = decoder.forward(sequences, pool: pool, workspace: workspace)
      let rows = sequences.map { sequence in
        row += sequence.ids.count
        return row - 1
      }
      let logits = decoder.logits(states, rows: rows, pool: pool, workspace: workspace)
      for place in rows.indices {
        results.append(
          Array(UnsafeBufferPointer(start: logits + place * size, count: size)))
      }
    }
    return results
  }
}
