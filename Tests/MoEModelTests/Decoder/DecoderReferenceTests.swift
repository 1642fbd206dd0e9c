import MoEModel
import MoETensor
import Testing

/// The decoder beside transformers on checkpoints with random weights.
@Suite struct DecoderReferenceTests {
  /// The greatest differences that are allowed, absolute.
  private static let logitTolerance: Float = 1e-4
  private static let probabilityTolerance: Float = 1e-5

  @Test(arguments: ReferenceCheckpoint.all)
  func `logits, states and routes are those of transformers`(
    _ checkpoint: ReferenceCheckpoint
  ) throws {
    let reference = try checkpoint.reference()
    let count = reference.count("prompt")
    try #require(count > 0)
    try checkpoint.withDecoder { decoder in
      var worst: (logits: Float, states: Float, probabilities: Float) = (0, 0, 0)
      for prompt in 0..<count {
        let output = decoder.output(try reference.ids("prompt.\(prompt).ids"))
        worst.logits = max(
          worst.logits,
          greatestDifference(output.logits, try reference.floats("prompt.\(prompt).logits")))
        let hidden = try reference.floats("prompt.\(prompt).hidden")
        let scale = max(hidden.map(abs).max() ?? 1, 1)
        worst.states = max(worst.states, greatestDifference(output.states, hidden) / scale)
        for layer in decoder.architecture.sparseLayers {
          guard case .sparse(let gate) = decoder.architecture.feedForwards[layer] else { continue }
          let name = "prompt.\(prompt).router.\(layer)."
          worst.probabilities = max(
            worst.probabilities,
            greatestDifference(
              output.probabilities[layer] ?? [], try reference.floats(name + "probabilities")))
          let (experts, weights) = ascending(
            try reference.ids(name + "experts"), try reference.floats(name + "weights"),
            topK: gate.topK)
          #expect(output.experts[layer] == experts)
          worst.probabilities = max(
            worst.probabilities, greatestDifference(output.weights[layer] ?? [], weights))
        }
      }
      #expect(worst.logits <= Self.logitTolerance)
      #expect(worst.states <= Self.logitTolerance)
      #expect(worst.probabilities <= Self.probabilityTolerance)
    }
  }

  @Test(arguments: ReferenceCheckpoint.all)
  func `greedy continuations are those of transformers`(_ checkpoint: ReferenceCheckpoint) throws {
    let reference = try checkpoint.reference()
    let count = reference.count("greedy")
    try #require(count > 0)
    try checkpoint.withDecoder { decoder in
      for prompt in 0..<count {
        let wanted = try reference.ids("greedy.\(prompt).ids")
        let workspace = DecoderWorkspace()
        let cache = decoder.makeCache()
        var next = try reference.ids("prompt.\(prompt).ids")
        var ids: [Int32] = []
        while ids.count < wanted.count {
          let states = decoder.forward(
            [DecoderSequence(cache: cache, ids: next)], pool: .shared, workspace: workspace)
          let logits = decoder.logits(
            states, rows: [next.count - 1], pool: .shared, workspace: workspace)
          let best = (0..<decoder.architecture.vocabularySize).max { logits[$0] < logits[$1] } ?? 0
          ids.append(Int32(best))
          next = [Int32(best)]
        }
        #expect(ids == wanted)
      }
    }
  }

  @Test(arguments: ReferenceCheckpoint.all)
  func `bits depend on nothing but the tokens before`(_ checkpoint: ReferenceCheckpoint) throws {
    let reference = try checkpoint.reference()
    let prompts = try (0..<min(reference.count("prompt"), 8)).map {
      try reference.ids("prompt.\($0).ids")
    }
    try checkpoint.withDecoder { decoder in
      let alone = prompts.map { decoder.output($0) }
      // In passes: one by one, in uneven parts, with one thread and with three.
      let first = prompts[0]
      #expect(decoder.output(first, passes: first.map { _ in 1 }) == alone[0])
      #expect(decoder.output(first, passes: [2, first.count - 2]) == alone[0])
      for threads in [1, 3] {
        #expect(decoder.output(first, pool: ThreadPool(threads: threads)) == alone[0])
      }
      // In batches of 3 and all, some sequences ahead of others.
      for size in [3, prompts.count] {
        try batched(decoder, Array(prompts.prefix(size)), alone: Array(alone.prefix(size)))
      }
      for path in KernelPath.supported where path != decoder.kernels.path {
        try checkpoint.withDecoder(kernels: Kernels(path: path)) { other in
          #expect(other.output(first) == alone[0], "\(path)")
        }
      }
    }
  }

  /// Two passes over all prompts: their first tokens, then the rest.
  private func batched(
    _ decoder: Decoder, _ prompts: [[Int32]], alone: [DecoderOutput]
  ) throws {
    let workspace = DecoderWorkspace()
    let caches = prompts.map { _ in decoder.makeCache() }
    let width = decoder.architecture.width
    let starts = prompts.enumerated().map { min(1 + $0.offset, $0.element.count - 1) }
    var states: [[Float]] = prompts.map { _ in [] }
    for pass in 0..<2 {
      let sequences = prompts.indices.map { index in
        DecoderSequence(
          cache: caches[index],
          ids: Array(
            pass == 0 ? prompts[index][..<starts[index]] : prompts[index][starts[index]...]))
      }
      var next = decoder.forward(sequences, pool: .shared, workspace: workspace)
      for (index, sequence) in sequences.enumerated() {
        states[index] += UnsafeBufferPointer(start: next, count: sequence.ids.count * width)
        next += sequence.ids.count * width
      }
    }
    for index in prompts.indices { #expect(states[index] == alone[index].states) }
  }

  private func greatestDifference(_ left: [Float], _ right: [Float]) -> Float {
    guard left.count == right.count else { return .infinity }
    return zip(left, right).map { abs($0 - $1) }.max() ?? 0
  }

  /// Brings each row's experts into ascending order.
  private func ascending(
    _ experts: [Int32], _ weights: [Float], topK: Int
  ) -> ([Int32], [Float]) {
    var sorted: ([Int32], [Float]) = ([], [])
    for start in stride(from: 0, to: experts.count, by: topK) {
      for index in (start..<start + topK).sorted(by: { experts[$0] < experts[$1] }) {
        sorted.0.append(experts[index])
        sorted.1.append(weights[index])
      }
    }
    return sorted
  }
}
