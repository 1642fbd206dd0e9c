import MoEBase
import MoEEval
import Testing

@Suite struct ReliabilityTests {
  @Test func `two bins give what torchmetrics documents`() throws {
    // The example of torchmetrics' `BinaryCalibrationError(n_bins=2, norm='l1')`: 0.2900.
    let reliability = Reliability(
      [(0.25, false), (0.25, false), (0.55, true), (0.75, true), (0.75, true)], binCount: 2)
    #expect(abs(try #require(reliability.expectedCalibrationError) - 0.29) < 1e-15)
    #expect(reliability.bins.map(\.count) == [2, 3] && reliability.count == 5)
    #expect(reliability.bins.map(\.right) == [0, 3])
    #expect(reliability.bins.map(\.accuracy) == [0, 1])
    #expect(reliability.bins[0].meanConfidence == 0.25)
    #expect(abs(try #require(reliability.bins[1].meanConfidence) - 2.05 / 3) < 1e-15)
  }

  @Test func `the bins are 15 unless told, of equal width, and the empty ones have no mean`() {
    let reliability = Reliability([(0.5, true)])
    #expect(reliability.bins.map(\.lowerBound) == (0..<15).map { Double($0) / 15 })
    #expect(reliability.bins.map(\.upperBound) == (1...15).map { Double($0) / 15 })
    #expect(reliability.bins.map(\.count) == (0..<15).map { $0 == 7 ? 1 : 0 })
    #expect(reliability.bins[6].meanConfidence == nil && reliability.bins[6].accuracy == nil)
  }

  @Test func `a bound belongs to the bin above, 1 to the last, and the number before 1 too`() {
    for binCount in 1...200 {
      for edge in 0...binCount {
        let bound = Double(edge) / Double(binCount)
        let at = Reliability([(bound, true)], binCount: binCount)
        #expect(at.bins.firstIndex { $0.count == 1 } == min(edge, binCount - 1))
        guard edge > 0 else { continue }
        let under = Reliability([(bound.nextDown, true)], binCount: binCount)
        #expect(under.bins.firstIndex { $0.count == 1 } == edge - 1, "\(edge) of \(binCount)")
      }
    }
    #expect(Reliability([(-0.0, true)]).bins[0].count == 1)
  }

  @Test func `its ends are 0 and 1, and sureness that is right half the time gives a half`() {
    #expect(Reliability([(1, true), (0, false)]).expectedCalibrationError == 0)
    #expect(Reliability([(1, false), (0, true)]).expectedCalibrationError == 1)
    #expect(Reliability([(1, false), (1, true)]).expectedCalibrationError == 0.5)
    #expect(Reliability([(0.5, false), (0.5, true)]).expectedCalibrationError == 0)
    #expect(
      Reliability([(0.75, true), (0.75, true), (0.75, true), (0.75, false)])
        .expectedCalibrationError == 0)
    #expect(Reliability([(0.75, false)]).expectedCalibrationError == 0.75)
  }

  @Test func `too much and too little confidence cancel within a bin, not across bins`() {
    let answers = [(confidence: 0.25, isRight: true), (confidence: 0.75, isRight: false)]
    #expect(Reliability(answers, binCount: 1).expectedCalibrationError == 0)
    #expect(Reliability(answers, binCount: 2).expectedCalibrationError == 0.75)
  }

  private func answers(
    _ generator: inout SeededGenerator, count: Int
  ) -> [(confidence: Double, isRight: Bool)] {
    (0..<count).map { _ in (generator.uniform(), generator.below(2) == 0) }
  }

  /// The formula as it stands in the paper, one bin after the other.
  private func naive(_ answers: [(confidence: Double, isRight: Bool)], binCount: Int) -> Double {
    (0..<binCount).reduce(0) { sum, bin in
      let inside = answers.filter { answer in
        (0..<binCount).last { Double($0) / Double(binCount) <= answer.confidence } == bin
      }
      if inside.isEmpty { return sum }
      let size = Double(inside.count)
      let accuracy = Double(inside.count { $0.isRight }) / size
      let confidence = inside.reduce(0) { $0 + $1.confidence } / size
      return sum + size / Double(answers.count) * abs(accuracy - confidence)
    }
  }

  @Test func `it is the formula of the paper, and finer bins do not lower it`() throws {
    var generator = SeededGenerator(seed: 82)
    for round in 0..<200 {
      let answers = answers(&generator, count: 1 + generator.below(60))
      let binCount = 1 + generator.below(20)
      let coarse = Reliability(answers, binCount: binCount)
      let error = try #require(coarse.expectedCalibrationError)
      // Sums of at most 60 numbers under 1, in another order.
      #expect(abs(error - naive(answers, binCount: binCount)) < 1e-13, "round \(round)")
      let finer = Reliability(answers, binCount: 2 * binCount)
      #expect(try #require(finer.expectedCalibrationError) >= error - 1e-13, "round \(round)")
      #expect(coarse.count == answers.count && (0...1).contains(error), "round \(round)")
    }
  }

  @Test func `without answers there is no error`() {
    let empty = Reliability([])
    #expect(empty.expectedCalibrationError == nil && empty.count == 0 && empty.bins.count == 15)
  }

  @Test func `a confidence that is no probability is a mistake of the caller`() async {
    await #expect(processExitsWith: .failure) { _ = Reliability([(.nan, true)]) }
    await #expect(processExitsWith: .failure) { _ = Reliability([(.infinity, true)]) }
    await #expect(processExitsWith: .failure) { _ = Reliability([(1.0.nextUp, true)]) }
    await #expect(processExitsWith: .failure) { _ = Reliability([(-1e-300, true)]) }
    await #expect(processExitsWith: .failure) { _ = Reliability([], binCount: 0) }
  }
}
