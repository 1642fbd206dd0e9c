import MoEBase
import MoEModel
import MoETensor
import Testing

@Suite struct ContinuationBatchTests {
  /// Runs `body` with a decoder, packs for it, and requests of different lengths and ways to choose.
  private func withRequests(
    _ body: (Decoder, LanguagePacks, [ContinuationRequest]) throws -> Void
  ) throws {
    let checkpoint = try #require(ReferenceCheckpoint.all.first { $0.name == "olmoe" })
    try checkpoint.withDecoder { decoder in
      let packs = try LanguagePacks(decoder, promptCount: 7)
      let requests = try packs.prompts.enumerated().map { index, prompt in
        ContinuationRequest(
          prompt: prompt.ids,
          sampling: SamplingOptions(
            temperature: index % 3 == 0 ? 0 : 1.2, topP: index % 2 == 0 ? 0.9 : nil,
            seed: UInt64(index)),
          maximumTokens: 6 + 3 * index, endTokens: [0],
          experts: index % 3 == 1 ? try packs.pack(index).gatedExperts : nil)
      }
      try body(decoder, packs, requests)
    }
  }

  private func alone(_ request: ContinuationRequest, _ decoder: Decoder) throws -> [Int32] {
    var tokens: [Int32] = []
    _ = try Continuer(decoder: decoder, pool: ThreadPool(threads: 1)).run([request]) {
      tokens.append($1)
      return true
    }
    return tokens
  }

  @Test(arguments: [0, 1, 4])
  func `a prompt that joins others on their way gets the tokens it would have had alone`(
    passes: Int
  ) throws {
    try withRequests { decoder, _, requests in
      let expected = try requests.map { try alone($0, decoder) }
      var batch = ContinuationBatch(decoder: decoder, pool: ThreadPool(threads: 2))
      var tokens = requests.map { _ in [Int32]() }
      var ended: Set<Int> = []
      var sharedPasses = 0
      for (index, request) in requests.enumerated() {
        #expect(batch.join(request) == index)
        for _ in 0..<passes {
          sharedPasses += batch.count > 1 ? 1 : 0
          for (id, ending) in batch.step(receive: {
            tokens[$0].append($1)
            return true
          }) {
            _ = try ending.get()
            #expect(ended.insert(id).inserted)
          }
        }
      }
      while batch.count > 0 {
        sharedPasses += batch.count > 1 ? 1 : 0
        for (id, _) in batch.step(receive: {
          tokens[$0].append($1)
          return true
        }) { #expect(ended.insert(id).inserted) }
      }
      #expect(tokens == expected)
      #expect(ended == Set(requests.indices))
      #expect(sharedPasses > 3, "they did run together")
    }
  }

  @Test func `one whose numbers are not finite fails alone`() throws {
    try withRequests { decoder, packs, requests in
      var requests = requests
      requests[2].experts = try packs.pack(2, isPoisoned: true).gatedExperts
      var batch = ContinuationBatch(decoder: decoder, pool: ThreadPool(threads: 2))
      for request in requests { _ = batch.join(request) }
      var tokens = requests.map { _ in [Int32]() }
      var failures: [Int: GenerationError] = [:]
      while batch.count > 0 {
        for (id, ending) in batch.step(receive: {
          tokens[$0].append($1)
          return true
        }) {
          if case .failure(let error) = ending { failures[id] = error }
        }
      }
      #expect(failures.mapValues(\.code) == [2: "numerical-error"])
      #expect(tokens[2].isEmpty)
      for index in requests.indices where index != 2 {
        #expect(tokens[index] == (try alone(requests[index], decoder)))
      }
      #expect(throws: GenerationError.self) { try alone(requests[2], decoder) }
    }
  }

  @Test func `one that leaves, or has had enough, changes nothing for the others`() throws {
    try withRequests { decoder, _, requests in
      var batch = ContinuationBatch(decoder: decoder, pool: ThreadPool(threads: 1))
      for request in requests { _ = batch.join(request) }
      var tokens = requests.map { _ in [Int32]() }
      var ends: [Int: ContinuationEnd] = [:]
      while batch.count > 0 {
        for (id, ending) in batch.step(receive: {
          tokens[$0].append($1)
          return $0 != 5 || tokens[5].count < 3
        }) { ends[id] = try ending.get() }
        if tokens[6].count == 2 { batch.leave(6) }
      }
      let expected = try requests.map { try alone($0, decoder) }
      #expect(ends[5] == .stop)
      #expect(ends[6] == nil)
      for index in requests.indices {
        let most = [5: 3, 6: 2][index] ?? .max
        #expect(tokens[index] == Array(expected[index].prefix(most)))
      }
    }
  }
}
