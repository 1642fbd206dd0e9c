import Foundation
import MoEBase
import MoETensor
import Testing

@Suite struct ElementaryTests {
  private func units(_ got: Double, _ expected: Double) -> Double {
    got == expected ? 0 : abs(got - expected) / max(expected.ulp, .leastNonzeroMagnitude)
  }

  @Test func `exp of Double is within one unit of the C library`() {
    var generator = SeededGenerator(seed: 1)
    var worst = 0.0
    for _ in 0..<200_000 {
      let x = (generator.uniform() - 0.5) * 1490
      worst = max(worst, units(Elementary.exp(x), Foundation.exp(x)))
      let small = generator.normal() * 3
      worst = max(worst, units(Elementary.exp(small), Foundation.exp(small)))
    }
    #expect(worst <= 1, "\(worst) units")
    #expect(Elementary.exp(0) == 1)
    #expect(Elementary.exp(-.infinity) == 0)
    #expect(Elementary.exp(.infinity) == .infinity)
    #expect(Elementary.exp(710) == .infinity)
    #expect(Elementary.exp(-746) == 0)
    #expect(Elementary.exp(.nan).isNaN)
  }

  @Test func `log of Double is within one unit of the C library`() {
    var generator = SeededGenerator(seed: 2)
    var worst = 0.0
    for _ in 0..<200_000 {
      let x = Double(bitPattern: generator.next() >> 1)
      if x.isFinite, x > 0 { worst = max(worst, units(Elementary.log(x), Foundation.log(x))) }
      let near = 1 + (generator.uniform() - 0.5) * 0.8
      worst = max(worst, units(Elementary.log(near), Foundation.log(near)))
    }
    #expect(worst <= 1, "\(worst) units")
    #expect(Elementary.log(1) == 0)
    #expect(Elementary.log(0) == -.infinity)
    #expect(Elementary.log(.infinity) == .infinity)
    #expect(Elementary.log(-1).isNaN)
    #expect(Elementary.log(.nan).isNaN)
    #expect(units(Elementary.log(.leastNonzeroMagnitude), -744.4400719213812) <= 1)
  }

  @Test func `the logistic function is symmetric and does not overflow`() {
    #expect(Elementary.sigmoid(0) == 0.5)
    #expect(Elementary.sigmoid(-800) == 0)
    #expect(Elementary.sigmoid(800) == 1)
    #expect(abs(Elementary.sigmoid(2) - 0.8807970779778823) < 1e-15)
    #expect(abs(Elementary.sigmoid(2) + Elementary.sigmoid(-2) - 1) < 1e-15)
    #expect(Elementary.sigmoid(.nan).isNaN)
  }

  @Test func `the logarithm of a sum of exponentials keeps great and absent terms`() {
    #expect(Elementary.logSumExp([]) == -.infinity)
    #expect(Elementary.logSumExp([-.infinity, -.infinity]) == -.infinity)
    #expect(Elementary.logSumExp([3]) == 3)
    #expect(abs(Elementary.logSumExp([1000, 1000]) - (1000 + Foundation.log(2.0))) < 1e-12)
    #expect(Elementary.logSumExp([1, .infinity]) == .infinity)
    #expect(Elementary.logSumExp([1, .nan]).isNaN)
    #expect(Elementary.logSumExp([.nan, 1]).isNaN)
  }
}
