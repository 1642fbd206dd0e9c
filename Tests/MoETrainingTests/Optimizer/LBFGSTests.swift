import MoETraining
import Testing

@Suite struct LBFGSTests {
  @Test func `a quadratic of twenty variables is minimised`() {
    let fitted = LBFGS().minimize(from: [Double](repeating: 3, count: 20)) { point, gradient in
      var value = 0.0
      for index in point.indices {
        let curvature = Double(1 + index * index)
        let distance = point[index] - Double(index)
        gradient[index] = curvature * distance
        value += 0.5 * curvature * distance * distance
      }
      return value
    }
    // It stops where no element of the gradient is above 1e-7; the least curvature is 1.
    for (index, value) in fitted.enumerated() { #expect(abs(value - Double(index)) < 1e-6) }
  }

  @Test(arguments: [[-1.2, 1], [0, 0], [2, -3]])
  func `the valley of Rosenbrock is followed to its end`(_ start: [Double]) {
    let fitted = LBFGS().minimize(from: start) { point, gradient in
      let (x, y) = (point[0], point[1])
      let rise = y - x * x
      gradient = [-400 * x * rise - 2 * (1 - x), 200 * rise]
      return 100 * rise * rise + (1 - x) * (1 - x)
    }
    #expect(abs(fitted[0] - 1) < 1e-5 && abs(fitted[1] - 1) < 1e-5, "\(fitted)")
  }

  @Test func `a step into where there is no value is taken back`() {
    let fitted = LBFGS().minimize(from: [30]) { point, gradient in
      guard point[0] > 0 else { return .nan }
      gradient[0] = 1 - 1 / point[0]
      return point[0] - naturalLogarithm(point[0])
    }
    #expect(abs(fitted[0] - 1) < 1e-5)
  }

  @Test func `the start is returned where it is the least, and where nothing helps`() {
    #expect(
      LBFGS().minimize(from: [0, 0]) { _, gradient in
        gradient = [0, 0]
        return 1
      } == [0, 0])
    #expect(
      LBFGS().minimize(from: [5]) { _, gradient in
        gradient = [1]
        return .nan
      } == [5])
  }

  @Test func `it stops at its limit of iterations`() {
    var minimizer = LBFGS()
    minimizer.iterations = 3
    var count = 0
    _ = minimizer.minimize(from: [-1.2, 1]) { point, gradient in
      count += 1
      let rise = point[1] - point[0] * point[0]
      gradient = [-400 * point[0] * rise - 2 * (1 - point[0]), 200 * rise]
      return 100 * rise * rise + (1 - point[0]) * (1 - point[0])
    }
    #expect(count <= 1 + 3 * 40)
  }
}
