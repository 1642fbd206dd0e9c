import MoETraining
import Testing

@Suite struct AdamWTests {
  /// The update as the paper writes it, for one parameter, in `Double`.
  private struct Twin {
    var parameter: Double
    var first = 0.0
    var second = 0.0
    var step = 0

    mutating func update(gradient: Double, rate: Double, decay: Double) {
      step += 1
      first = 0.9 * first + 0.1 * gradient
      second = 0.999 * second + 0.001 * gradient * gradient
      var firstPower = 1.0
      var secondPower = 1.0
      for _ in 0..<step {
        firstPower *= 0.9
        secondPower *= 0.999
      }
      let direction = first / (1 - firstPower) / ((second / (1 - secondPower)).squareRoot() + 1e-8)
      parameter -= rate * (direction + decay * parameter)
    }
  }

  @Test func `the first step is the rate against the sign of the gradient, and the decay`() {
    var optimizer = AdamW(count: 3, weightDecay: 0.1)
    var parameters: [Float] = [1, -2, 0.5]
    optimizer.step(&parameters, gradients: [3, -0.001, 0], rates: [(0..<3, 0.01)])
    // 1 − 0.01 · (1 + 0.1),  −2 + 0.01 · (1 + 0.2),  0.5 − 0.01 · 0.05
    let expected: [Float] = [0.989, -1.988, 0.4995]
    // The bias corrections are rounded to Float before they cancel: 1e-6 of a step of 0.01.
    for (got, expected) in zip(parameters, expected) { #expect(abs(got - expected) < 1e-6) }
  }

  @Test func `many steps follow the paper`() {
    var optimizer = AdamW(count: 2, weightDecay: 0.01)
    var parameters: [Float] = [0.3, -1]
    var twins = [Twin(parameter: 0.3), Twin(parameter: -1)]
    for step in 0..<50 {
      let gradients: [Float] = [Float(step % 5) - 1.5, Float(step % 3) * 0.01]
      let rate = Float(0.02) / Float(1 + step)
      optimizer.step(&parameters, gradients: gradients, rates: [(0..<2, rate)])
      for index in 0..<2 {
        twins[index].update(gradient: Double(gradients[index]), rate: Double(rate), decay: 0.01)
      }
    }
    // Fifty steps of at most 0.02, each with a few roundings of 6e-8.
    for (got, twin) in zip(parameters, twins) { #expect(abs(Double(got) - twin.parameter) < 1e-5) }
  }

  @Test func `each range has its rate, and what is in none stays`() {
    var optimizer = AdamW(count: 4, weightDecay: 0)
    var parameters: [Float] = [1, 1, 1, 1]
    optimizer.step(&parameters, gradients: [1, 1, 1, 1], rates: [(0..<1, 0.5), (2..<3, 0.25)])
    #expect(abs(parameters[0] - 0.5) < 1e-5)
    #expect(parameters[1] == 1)
    #expect(abs(parameters[2] - 0.75) < 1e-5)
    #expect(parameters[3] == 1)
  }
}

@Suite struct LearningRateTests {
  @Test func `the rate rises to its peak over a tenth of the steps and falls evenly to nothing`() {
    let schedule = LearningRate(peak: 2, stepCount: 100)
    #expect(schedule.warmUpSteps == 10)
    #expect((0..<10).map { schedule.rate(at: $0) } == (1...10).map { 2 * Float($0) / 10 })
    #expect(schedule.rate(at: 10) == 2)
    #expect(schedule.rate(at: 55) == 1)
    #expect(abs(schedule.rate(at: 99) - 2 / 90) < 1e-6)
    #expect(schedule.rate(at: 100) == 0)
    #expect(schedule.rate(at: 1_000) == 0)
    for step in 10..<100 { #expect(schedule.rate(at: step + 1) < schedule.rate(at: step)) }
  }

  @Test func `every step of a short schedule has a rate`() {
    for count in 1...20 {
      let schedule = LearningRate(peak: 1, stepCount: count)
      for step in 0..<count {
        #expect((0...1).contains(schedule.rate(at: step)) && schedule.rate(at: step) > 0)
      }
    }
    #expect(LearningRate(peak: 1, stepCount: 0).rate(at: 0) == 1)
  }
}
