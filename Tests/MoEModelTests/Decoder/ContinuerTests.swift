import Foundation
import MoEBase
import MoEModel
import MoETensor
import Testing

@Suite struct ContinuerTests {
  @Test func `a continuation does not depend on what else runs`() throws {
    let checkpoint = try #require(ReferenceCheckpoint.all.first { $0.name.hasPrefix("olmoe") })
    let reference = try checkpoint.reference()
    try checkpoint.withDecoder { decoder in
      let size = decoder.architecture.vocabularySize
      let step = min((decoder.architecture.positionCount - 20) / 9, 70)
      var generator = SeededGenerator(seed: 5)
      let requests = (0..<9).map { index in
        ContinuationRequest(
          prompt: (0..<(1 + step * index)).map { _ in Int32(generator.below(size)) },
          sampling: SamplingOptions(
            temperature: index % 3 == 0 ? 0 : 1.1, topK: index % 2 == 0 ? 20 : nil,
            topP: index % 4 == 1 ? 0.9 : nil, seed: UInt64(index)),
          maximumTokens: 5 + index, endTokens: [Int32(index)])
      }
      func run(_ requests: [ContinuationRequest], threads: Int) throws -> [[Int32]] {
        var ids = requests.map { _ in [Int32]() }
        _ = try Continuer(decoder: decoder, pool: ThreadPool(threads: threads)).run(requests) {
          ids[$0].append($1)
          return true
        }
        return ids
      }
      let alone = try requests.flatMap { try run([$0], threads: 1) }
      #expect(try run(requests, threads: 2) == alone)
      #expect(try run(requests.reversed(), threads: 3) == alone.reversed())
      #expect(Set(alone.map(\.count)).count > 1)
    }
    #expect(reference.count("prompt") > 0)
  }

  @Test func `a continuation ends where it must`() throws {
    let checkpoint = try #require(ReferenceCheckpoint.all.first { $0.name.hasPrefix("mixtral") })
    let reference = try checkpoint.reference()
    let prompt = try reference.ids("prompt.0.ids")
    let greedy = try reference.ids("greedy.0.ids")
    try checkpoint.withDecoder { decoder in
      func end(
        maximum: Int, endTokens: Set<Int32> = [], stopAfter: Int = .max
      ) throws -> (ContinuationEnd, [Int32]) {
        var ids: [Int32] = []
        let ends = try Continuer(decoder: decoder, pool: .shared).run([
          ContinuationRequest(
            prompt: prompt, sampling: SamplingOptions(), maximumTokens: maximum,
            endTokens: endTokens)
        ]) { _, id in
          ids.append(id)
          return ids.count < stopAfter
        }
        return (ends[0], ids)
      }
      #expect(try end(maximum: 4) == (.length, Array(greedy[..<4])))
      #expect(try end(maximum: 0) == (.length, []))
      #expect(try end(maximum: 9, stopAfter: 3) == (.stop, Array(greedy[..<3])))
      let first = try #require(greedy.firstIndex(of: greedy[2]))
      #expect(
        try end(maximum: 9, endTokens: [greedy[2]]) == (.endToken, Array(greedy[..<first])))
    }
  }
}

@Suite struct SamplerTests {
  private func draws(_ logits: [Float], _ options: SamplingOptions, count: Int) -> [Int32] {
    var sampler = Sampler(options)
    return logits.withUnsafeBufferPointer { buffer in
      (0..<count).map { _ in sampler.next(buffer) }
    }
  }

  @Test func `draws follow the softmax, and a seed gives the same ones`() {
    let logits: [Float] = [0, 1, 2, -1]
    let options = SamplingOptions(temperature: 0.7, seed: 4)
    let drawn = draws(logits, options, count: 40_000)
    #expect(drawn == draws(logits, options, count: 40_000))
    #expect(drawn != draws(logits, SamplingOptions(temperature: 0.7, seed: 5), count: 40_000))
    let powers = logits.map { Elementary.exp(Double($0) / 0.7) }
    let total = powers.reduce(0, +)
    for (id, power) in powers.enumerated() {
      let share = Double(drawn.count { $0 == Int32(id) }) / 40_000
      // Four standard deviations of a share of 40,000 draws are at most 0.01.
      #expect(abs(share - power / total) < 0.01)
    }
  }

  @Test func `only what top-k and top-p keep is drawn; the greatest wins at 0`() {
    let logits: [Float] = [3, 1, 3, 2, -5]
    #expect(Set(draws(logits, SamplingOptions(), count: 10)) == [0])
    let two = SamplingOptions(temperature: 5, topK: 2, seed: 1)
    #expect(Set(draws(logits, two, count: 200)) == [0, 2])
    // The shares are 0.38, 0.38, 0.14, 0.05, 0.01: three reach 0.8.
    let most = SamplingOptions(temperature: 1, topP: 0.8, seed: 1)
    #expect(Set(draws(logits, most, count: 500)) == [0, 2, 3])
    let one = SamplingOptions(temperature: 1, topP: 1e-9, seed: 1)
    #expect(Set(draws(logits, one, count: 50)) == [0])
  }
}

@Suite struct StopScannerTests {
  private func read(_ pieces: [String], stops: [String]) throws -> (text: String, isStopped: Bool) {
    var scanner = try StopScanner(stops: stops)
    var text = ""
    for piece in pieces { text += scanner.append(piece) }
    return (text + scanner.finish(), scanner.isStopped)
  }

  @Test func `a stop string is found however the text comes`() throws {
    let text = "one two\n\nthree — four"
    for stops in [["\n\n"], ["two", "\n\n"], ["— f"], ["nothing"], []] {
      let cut = stops.compactMap { text.range(of: $0)?.lowerBound }.min() ?? text.endIndex
      let expected = String(text[..<cut])
      for length in 1...text.count {
        let pieces = stride(from: 0, to: text.count, by: length).map {
          String(text.dropFirst($0).prefix(length))
        }
        let got = try read(pieces, stops: stops)
        #expect(got.text == expected, "\(stops) \(length)")
        #expect(got.isStopped == (cut != text.endIndex))
      }
    }
  }

  @Test func `what cannot become a stop string is given out at once`() throws {
    var scanner = try StopScanner(stops: ["END"])
    #expect(scanner.append("the E") == "the ")
    #expect(scanner.append("ND is") == "")
    #expect(scanner.isStopped)
    #expect(throws: GenerationError.self) { try StopScanner(stops: ["a", ""]) }
  }
}
