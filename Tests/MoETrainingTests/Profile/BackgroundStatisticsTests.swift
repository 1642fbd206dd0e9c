import MoEBase
import MoETensor
import MoETraining
import Testing

@Suite struct BackgroundStatisticsTests {
  private func embeddings(_ count: Int, width: Int) -> [Float] {
    var generator = SeededGenerator(seed: UInt64(count * 1_000 + width))
    return (0..<count * width).map { Float(0.1 * Double($0 % width) + generator.normal()) }
  }

  @Test(arguments: [(2, 1), (2, 3), (7, 2), (40, 17), (200, 32)])
  func `mean and covariance are those of the definition`(_ count: Int, _ width: Int) {
    let z = embeddings(count, width: width)
    let statistics = BackgroundStatistics(z, width: width, pool: ThreadPool(threads: 1))
    func column(_ index: Int) -> [Double] { (0..<count).map { Double(z[$0 * width + index]) } }
    func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }
    #expect(statistics.mean == (0..<width).map { mean(column($0)) })
    for row in 0..<width {
      for other in 0..<width {
        let (a, b) = (column(row), column(other))
        let (meanA, meanB) = (mean(a), mean(b))
        let expected =
          zip(a, b).reduce(0) { $0 + ($1.0 - meanA) * ($1.1 - meanB) } / Double(count - 1)
        // The same terms in the same order: equal but for a fused operation here or there.
        #expect(abs(statistics.covariance[row * width + other] - expected) < 1e-12)
      }
    }
  }

  @Test func `the bits do not depend on the threads, and the covariance is symmetric in its bits`()
  {
    let z = embeddings(150, width: 24)
    let one = BackgroundStatistics(z, width: 24, pool: ThreadPool(threads: 1))
    let two = BackgroundStatistics(z, width: 24, pool: ThreadPool(threads: 2))
    #expect(one.mean.map(\.bitPattern) == two.mean.map(\.bitPattern))
    #expect(one.covariance.map(\.bitPattern) == two.covariance.map(\.bitPattern))
    for row in 0..<24 {
      for column in 0..<row {
        #expect(one.covariance[row * 24 + column] == one.covariance[column * 24 + row])
      }
    }
  }

  @Test func `a covariance of one text is a mistake of the caller`() async {
    await #expect(processExitsWith: .failure) {
      _ = BackgroundStatistics([1, 2], width: 2, pool: ThreadPool(threads: 1))
    }
  }
}
