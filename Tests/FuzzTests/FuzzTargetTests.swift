import FuzzBodies
import MoEBase
import Testing

/// A sample of what `tools/fuzz/run` does for minutes: the seeds, and seeds with a few bytes changed.
@Suite(.serialized) struct FuzzTargetTests {
  @Test(arguments: FuzzTarget.all.map(\.name))
  func `seeds and what is near them break nothing`(name: String) throws {
    let target = try #require(FuzzTarget.all.first { $0.name == name })
    let seeds = try target.seeds()
    #expect(seeds.count >= 4)
    var generator = SeededGenerator(seed: 1)
    let rounds = name == "store" ? 60 : 600
    for seed in seeds { target.run(seed) }
    for _ in 0..<rounds {
      var input = seeds[generator.below(seeds.count)]
      for _ in 0...generator.below(4) where !input.isEmpty {
        let place = generator.below(input.count)
        switch generator.below(3) {
        case 0: input[place] ^= 1 << UInt8(generator.below(8))
        case 1: input.remove(at: place)
        default: input.insert(UInt8(generator.below(256)), at: place)
        }
      }
      target.run(input)
    }
  }
}
