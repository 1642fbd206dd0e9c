import MoEAuthoring
import MoEBase
import MoETensor
import Testing

@Suite struct MeaningPairTests {
  @Test(arguments: [1, 3])
  func `rows that lie close together are found, across blocks and threads`(_ threads: Int) {
    let (width, count) = (32, 700)
    var generator = SeededGenerator(seed: 5)
    var rows = (0..<count).map { _ in
      (0..<width).map { _ in Float(generator.uniform() * 2 - 1) }
    }
    // One row copied within a block, one into the last block, one nearly.
    rows[10] = rows[3]
    rows[699] = rows[3]
    rows[600] = rows[500].map { $0 * 2 }
    rows[600][0] += 0.01
    let unit = rows.map { row in
      let norm = row.reduce(0) { $0 + $1 * $1 }.squareRoot()
      return row.map { $0 / norm }
    }
    let pairs = MeaningPairs.find(
      in: unit.flatMap(\.self), width: width, kernels: Kernels(), pool: ThreadPool(threads: threads)
    )
    #expect(pairs.map { [$0.0, $0.1] } == [[3, 10], [3, 699], [10, 699], [500, 600]])
  }

  @Test func `one row, or none, has no pair`() {
    let pool = ThreadPool(threads: 1)
    #expect(MeaningPairs.find(in: [], width: 4, kernels: Kernels(), pool: pool).isEmpty)
    #expect(MeaningPairs.find(in: [1, 0, 0, 0], width: 4, kernels: Kernels(), pool: pool).isEmpty)
  }
}
