import MoEBase
import MoEModel
import MoETensor
import Testing

/// The rows of many packs in one product against each pack's rows alone, bit for bit.
@Suite struct DispatcherBankTests {
  private static let width = 50
  private static let sizes = [1, 14, 33, 2, 64, 31]

  private static func numbers(_ count: Int, _ generator: inout SeededGenerator) -> [Float] {
    (0..<count).map { _ in Float(generator.normal()) }
  }

  private static func packs(poisoned: Int? = nil) -> [DispatcherRows] {
    var generator = SeededGenerator(seed: 3)
    return sizes.enumerated().map { index, count in
      let weight = numbers(count * width, &generator)
      return DispatcherRows(
        weight: PackedMatrix(
          rows: count, columns: width, values: index == poisoned ? weight.map { _ in .nan } : weight
        ),
        bias: numbers(count, &generator),
        prior: [Float](repeating: 1 / Float(count), count: count),
        ngrams: index % 2 == 0 ? [] : numbers(NGramBag.bucketCount, &generator),
        ngramShare: index % 2 == 0 ? 0 : 0.3, threshold: Double(index) / 3,
        temperature: 1 + Double(index) / 7)
    }
  }

  @Test(arguments: KernelPath.supported, [1, 7, 40])
  func `margins have the bits that each pack's rows give alone`(path: KernelPath, count: Int) {
    let kernels = Kernels(path: path)
    var generator = SeededGenerator(seed: 4)
    let features = Self.numbers(count * Self.width, &generator)
    let bags = (0..<count).map { text in
      let ids = (0..<Int32(text % 9)).map { $0 * 7 + Int32(text) }
      return NGramBag(Encoding(ids: ids, tokenCount: ids.count))
    }
    for poisoned in [nil, 2] {
      let packs = Self.packs(poisoned: poisoned)
      let margins = DispatcherBank(packs).margins(features, bags, kernels: kernels)
      for (index, pack) in packs.enumerated() {
        let alone = pack.scores(features, bags, kernels: kernels)
          .map { ($0 - pack.threshold) / pack.temperature }
        if index == poisoned {
          #expect(margins[index].allSatisfy { !$0.isFinite })
        } else {
          #expect(margins[index].map(\.bitPattern) == alone.map(\.bitPattern))
        }
      }
    }
  }

  @Test func `no packs and no texts give no margins`() {
    #expect(
      DispatcherBank([]).margins(
        [1, 2], [NGramBag(Encoding(ids: [1], tokenCount: 1))], kernels: Kernels()
      ).isEmpty)
    let none = DispatcherBank(Self.packs()).margins([], [], kernels: Kernels())
    #expect(none.count == Self.sizes.count && none.allSatisfy(\.isEmpty))
  }
}
