/// Minimises a smooth function of many variables by limited-memory BFGS, in `Double`, in one fixed order.
///
/// Steps are taken along the two-loop direction of the last ten pairs, and halved until the Armijo
/// condition holds; it stops at the iteration limit, when no step helps, or when the gradient is small.
///
/// Reference: Nocedal & Wright, *Numerical Optimization* (2006), algorithms 3.1 and 7.5.
public struct LBFGS: Sendable {
  /// The most iterations.
  public var iterations = 100
  /// The gradient's greatest element at which it stops.
  public var tolerance = 1e-7
  private static let memory = 10

  /// Makes a minimiser with the default limits.
  public init() {}

  /// Minimises.
  ///
  /// - Parameters:
  ///   - start: Where to start.
  ///   - value: Gives the function's value and writes its gradient.
  /// - Returns: The best point that was found.
  public func minimize(
    from start: [Double], _ value: ([Double], inout [Double]) -> Double
  ) -> [Double] {
    var point = start
    var gradient = [Double](repeating: 0, count: start.count)
    var current = value(point, &gradient)
    var pairs: [(step: [Double], change: [Double], inverse: Double)] = []
    for _ in 0..<iterations {
      guard (gradient.map(\.magnitude).max() ?? 0) > tolerance else { break }
      var direction = Self.direction(gradient, pairs)
      var slope = Self.dot(direction, gradient)
      if slope >= 0 {
        pairs = []
        direction = gradient.map { -$0 }
        slope = -Self.dot(gradient, gradient)
      }
      var length = pairs.isEmpty ? min(1, 1 / (gradient.map(\.magnitude).max() ?? 1)) : 1.0
      var next = point
      var nextGradient = gradient
      var nextValue = current
      var isAccepted = false
      for _ in 0..<40 {
        for index in next.indices { next[index] = point[index] + length * direction[index] }
        nextValue = value(next, &nextGradient)
        if nextValue <= current + 1e-4 * length * slope {
          isAccepted = true
          break
        }
        length *= 0.5
      }
      guard isAccepted else { break }
      let step = zip(next, point).map { $0 - $1 }
      let change = zip(nextGradient, gradient).map { $0 - $1 }
      let curvature = Self.dot(step, change)
      if curvature > 1e-14 {
        pairs.append((step, change, 1 / curvature))
        if pairs.count > Self.memory { pairs.removeFirst() }
      }
      (point, gradient, current) = (next, nextGradient, nextValue)
    }
    return point
  }

  private static func direction(
    _ gradient: [Double], _ pairs: [(step: [Double], change: [Double], inverse: Double)]
  ) -> [Double] {
    var direction = gradient.map { -$0 }
    var factors: [Double] = []
    for pair in pairs.reversed() {
      let factor = pair.inverse * dot(pair.step, direction)
      factors.append(factor)
      for index in direction.indices { direction[index] -= factor * pair.change[index] }
    }
    if let last = pairs.last {
      let scale = 1 / (last.inverse * dot(last.change, last.change))
      for index in direction.indices { direction[index] *= scale }
    }
    for (pair, factor) in zip(pairs, factors.reversed()) {
      let correction = factor - pair.inverse * dot(pair.change, direction)
      for index in direction.indices { direction[index] += correction * pair.step[index] }
    }
    return direction
  }

  private static func dot(_ left: [Double], _ right: [Double]) -> Double {
    var sum = 0.0
    for index in left.indices { sum += left[index] * right[index] }
    return sum
  }
}
