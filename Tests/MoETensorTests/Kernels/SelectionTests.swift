import MoETensor
import Testing

@Suite struct SelectionTests {
  private func topK(_ x: [Float], _ k: Int) -> [Int32] {
    var indices = [Int32](repeating: -1, count: min(k, x.count))
    Kernels().topK(x, count: x.count, k: k, into: &indices)
    return indices
  }

  @Test func `the greatest come first and equal ones by index`() {
    #expect(topK([1, 5, 3, 5, 4], 3) == [1, 3, 4])
    #expect(topK([2, 2, 2], 2) == [0, 1])
    #expect(topK([0, -0.0], 2) == [0, 1])
    #expect(topK([-.infinity, .infinity], 1) == [1])
    #expect(topK([1, 2], 5) == [1, 0])
    #expect(topK([1, 2], 0) == [])
    #expect(topK([], 2) == [])
  }

  @Test func `NaN comes after every number`() {
    #expect(topK([.nan, 1, .nan, 2], 3) == [3, 1, 0])
    #expect(topK([.nan, -.infinity], 1) == [1])
    #expect(topK([.nan, .nan], 2) == [0, 1])
  }

  @Test func `it agrees with a stable sort`() {
    for count in 1...30 {
      // Few distinct values, so that ties are common.
      let x = samples(count, seed: UInt64(count)).map { ($0 * 2).rounded() }
      let sorted = x.indices.sorted { x[$0] != x[$1] ? x[$0] > x[$1] : $0 < $1 }.map(Int32.init)
      for k in 1...count { #expect(topK(x, k) == Array(sorted.prefix(k))) }
    }
  }

  @Test func `scatter undoes gather`() {
    let (rows, columns) = (6, 5)
    let x = samples(rows * columns, seed: 1)
    let order = [3, 0, 5, 1, 4, 2]
    let kernels = Kernels()
    let gathered = output(x.count) {
      kernels.gather(x, columns: columns, indices: order, into: $0)
    }
    #expect(gathered.prefix(columns) == x[3 * columns..<4 * columns])
    let back = output(x.count) {
      kernels.scatter(gathered, columns: columns, indices: order, into: $0)
    }
    #expect(back == x)
  }
}
