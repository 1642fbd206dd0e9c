import MoEBase
import MoEModel
import MoETensor
import MoETraining
import Testing

@Suite struct GateCalibrationTests {
  private func normals(_ count: Int, mean: Double, deviation: Double, seed: UInt64) -> [Double] {
    var generator = SeededGenerator(seed: seed)
    return (0..<count).map { _ in mean + deviation * generator.normal() }
  }

  @Test func `the threshold lets the wanted share of own texts through where it may`() {
    let own = (0..<1_000).map { 0.6 + Double($0) / 1_000 }
    let gate = GateCalibration(own: own, negatives: [-3, -2, 0.7])
    #expect(GateCalibration.thresholds.contains(gate.threshold))
    #expect(gate.ownRecall >= GateCalibration.targetRecall)
    #expect(gate.ownRecall < GateCalibration.targetRecall + 0.002, "no lower than it must be")
    #expect(gate.falseActivation == 1.0 / 3)
    #expect(gate.ownExamples == 1_000 && gate.negativeExamples == 3)
  }

  @Test(arguments: [-2.0, 0, 0.5, 1, 2, 3, 4, 6])
  func `the threshold keeps within its bounds, and the shares are what it does`(
    _ distance: Double
  ) {
    for seed in UInt64(0)..<20 {
      let own = normals(97, mean: distance, deviation: 1, seed: seed)
      let negatives = normals(331, mean: 0, deviation: 1, seed: seed + 100)
      let gate = GateCalibration(own: own, negatives: negatives)
      #expect((0.5...1).contains(gate.threshold) && gate.temperature == 1)
      #expect(gate.ownRecall == Double(own.count { $0 > gate.threshold }) / 97)
      #expect(gate.falseActivation == Double(negatives.count { $0 > gate.threshold }) / 331)
      // Below the target only where the least threshold holds texts back, far above it only at the greatest.
      if gate.ownRecall < GateCalibration.targetRecall { #expect(gate.threshold == 0.5) }
      if gate.ownRecall > GateCalibration.targetRecall + 2.0 / 97 { #expect(gate.threshold == 1) }
    }
  }

  @Test func `negatives move no threshold`() {
    let own = normals(200, mean: 2, deviation: 1, seed: 4)
    let thresholds = [[], [-5, -6], own].map {
      GateCalibration(own: own, negatives: $0).threshold
    }
    #expect(Set(thresholds).count == 1)
  }

  @Test func `few scores, none, and scores that are no numbers do no harm`() {
    let none = GateCalibration(own: [], negatives: [])
    #expect(none.threshold == 0.5 && none.temperature == 1)
    #expect(none.ownRecall == 0 && none.falseActivation == 0)
    #expect(none.ownExamples == 0 && none.negativeExamples == 0)
    let one = GateCalibration(own: [0.75], negatives: [])
    #expect(one.threshold == 0.75.nextDown && one.ownRecall == 1)
    for own in [[Double.nan, 1, .infinity], [1, .nan, 1], [.nan], [-.infinity]] {
      let broken = GateCalibration(own: own, negatives: [.nan, -.infinity])
      #expect((0.5...1).contains(broken.threshold), "\(own)")
      #expect(broken.falseActivation == 0 && broken.negativeExamples == 2)
    }
  }

  @Test func `a gate is calibrated on texts it was not fitted to, each once`() throws {
    let texts = GaussianTexts()
    let fitter = try RowFitter(profile: texts.profile, kernels: Kernels())
    let groups = [texts.own, texts.profile.negatives, texts.profile.anchors, texts.near].map {
      GateTexts(features: $0)
    }
    func gate(seed: UInt64, threads: Int) -> FittedGate {
      FittedGate(
        fitter: fitter, groups: groups, labels: texts.labels, classCount: 3, seed: seed,
        pool: ThreadPool(threads: threads))
    }
    let one = gate(seed: 1, threads: 1)
    #expect(one.calibration.ownExamples == texts.labels.count)
    #expect(one.calibration.negativeExamples == 300)
    #expect(one.calibration.temperature == 1)
    #expect(one.calibration.ownRecall > 0.8 && one.calibration.falseActivation < 0.2)
    let two = gate(seed: 1, threads: 2)
    #expect(one.calibration == two.calibration)
    #expect(one.rows.weight.map(\.bitPattern) == two.rows.weight.map(\.bitPattern))
    // The seed deals out the folds and nothing else.
    let other = gate(seed: 2, threads: 1)
    #expect(one.rows.weight == other.rows.weight && one.rows.bias == other.rows.bias)
    #expect((2...8).contains { gate(seed: $0, threads: 1).calibration != one.calibration })
    #expect(one.rows.prior == [Double](repeating: 1.0 / 3, count: 3))
    // One fold after the other.
    let samples = GateSamples(
      groups, labels: texts.labels, classCount: 3, fitter: fitter, pool: ThreadPool(threads: 1))
    func rows(_ chosen: [Int]) -> WhitenedRows {
      GateFit(samples, texts: chosen, kernels: Kernels()).rows()
    }
    let all = Array(samples.group.indices)
    let whole = fitter.rows(rows(all))
    #expect(one.rows.weight == whole.weight && one.rows.bias == whole.bias)
    var generator = SeededGenerator(seed: 1)
    var fold: [Int] = []
    for group in groups {
      var dealt = (0..<group.bags.count).map { $0 % 5 }
      generator.shuffle(&dealt)
      fold += dealt
    }
    let fits = (0..<5).map { held in rows(all.filter { fold[$0] != held }) }
    let scores = fits.map { $0.scores(samples, all, kernels: Kernels()) }
    func scored(_ group: Int) -> [Double] {
      all.filter { samples.group[$0] == group }.map { scores[fold[$0]][$0] }
    }
    #expect(one.calibration == GateCalibration(own: scored(0), negatives: scored(1)))
    // Texts without tokens: n-grams know nothing, and have no say.
    #expect(one.ngramShare == 0 && one.ngrams.isEmpty)
  }

  @Test func `a vendor may want more of the own texts`() {
    let own = (0..<1_000).map { Double($0) / 500 - 0.2 }
    let gate = GateCalibration(own: own, negatives: [-3, 0.1], recall: 0.99)
    #expect(gate.ownRecall >= 0.99 && gate.ownRecall < 0.992)
    #expect(gate.threshold < 0 && gate.falseActivation == 0.5)
    #expect(GateCalibration(own: own, negatives: [], recall: 0.5).threshold > 0.5)
    #expect(GateCalibration(own: own.map { $0 - 9 }, negatives: [], recall: 0.9).threshold == -0.25)
    #expect(GateCalibration(own: own.map { $0 + 9 }, negatives: [], recall: 0.9).threshold == 1)
  }
}
