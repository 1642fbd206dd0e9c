import MoEBase
import MoEModel
import MoETensor
import Testing

/// Packs' experts among the backbone's own, beside transformers with the same rows and experts.
@Suite struct FlatModeTests {
  @Test(arguments: InterchangeCase.all)
  func `logits and routes are those of transformers`(_ example: InterchangeCase) throws {
    let reference = try example.reference()
    try #require(reference.count("prompt") > 0)
    try example.base.withDecoder { base in
      let flat = try base.flattened(with: example.packs(width: base.architecture.width))
      var worst: (logits: Float, probabilities: Float) = (0, 0)
      var chosenOfPacks = 0
      for prompt in 0..<reference.count("prompt") {
        let output = flat.output(try reference.ids("prompt.\(prompt).ids"))
        worst.logits = max(
          worst.logits, distance(output.logits, try reference.floats("prompt.\(prompt).logits")))
        for layer in flat.architecture.sparseLayers {
          let probabilities = try reference.floats(
            "prompt.\(prompt).router.\(layer).probabilities")
          worst.probabilities = max(
            worst.probabilities, distance(output.probabilities[layer] ?? [], probabilities))
          let experts = try reference.ids("prompt.\(prompt).router.\(layer).experts")
          #expect(Set(output.experts[layer] ?? []) == Set(experts))
          guard case .sparse(let gate) = base.architecture.feedForwards[layer] else { continue }
          chosenOfPacks += experts.count { Int($0) >= gate.expertCount }
        }
      }
      #expect(worst.logits <= 1e-4)
      #expect(worst.probabilities <= 1e-5)
      #expect(chosenOfPacks > 0)
    }
  }

  @Test(arguments: InterchangeCase.all)
  func `bits depend on nothing but the tokens before`(_ example: InterchangeCase) throws {
    let ids = try example.reference().ids("prompt.1.ids")
    try example.base.withDecoder { base in
      let packs = try example.packs(width: base.architecture.width)
      let flat = try base.flattened(with: packs)
      let whole = flat.output(ids)
      #expect(flat.output(ids, passes: ids.map { _ in 1 }) == whole)
      for threads in [1, 3] {
        #expect(flat.output(ids, pool: ThreadPool(threads: threads)) == whole)
      }
      #expect(try base.flattened(with: []).output(ids) == base.output(ids))
      #expect(whole.logits != base.output(ids).logits)
      #expect(try base.flattened(with: packs.reversed()).output(ids).experts != whole.experts)
    }
  }

  @Test func `packs that cannot stand among the backbone's own are refused`() throws {
    let example = try #require(InterchangeCase.all.first { $0.testDescription == "olmoe" })
    try example.base.withDecoder { base in
      var packs = try example.packs(width: base.architecture.width)
      packs[1].experts[1] = nil
      #expect {
        try base.flattened(with: packs)
      } throws: { error in
        guard case .missingLayer("wide", 1)? = error as? FlatModeError else { return false }
        return "\(error)".contains("in layer 1, expected some in every layer")
      }
    }
    for name in ["llama-llama3", "qwen2_moe-step2"] {
      let dense = try #require(ReferenceCheckpoint.all.first { $0.name == name })
      try dense.withDecoder { base in
        let packs = try example.packs(width: base.architecture.width)
        #expect {
          try base.flattened(with: packs)
        } throws: { error in
          guard case .denseLayer("narrow", 0)? = error as? FlatModeError else { return false }
          return true
        }
      }
    }
  }

  private func distance(_ left: [Float], _ right: [Float]) -> Float {
    guard left.count == right.count else { return .infinity }
    return zip(left, right).map { abs($0 - $1) }.max() ?? 0
  }
}
