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

  @Test func `the threshold lets the wanted share of own texts through where negatives are far`() {
    let own = (0..<1_000).map { 10 + Double($0) / 100 }
    let gate = GateCalibration(own: own, negatives: [-3, -2, -1], near: [])
    #expect(gate.ownRecall == GateCalibration.targetRecall)
    #expect(gate.falseActivation == 0)
    #expect(gate.ownExamples == 1_000 && gate.negativeExamples == 3)
  }

  @Test(arguments: [0.0, 0.5, 1, 2, 3, 4, 6])
  func `recall never falls under its least, and negatives come through only to keep it`(
    _ distance: Double
  ) {
    for seed in UInt64(0)..<20 {
      let own = normals(97, mean: distance, deviation: 1, seed: seed)
      let negatives = normals(331, mean: 0, deviation: 1, seed: seed + 100)
      let gate = GateCalibration(own: own, negatives: negatives, near: [])
      let recall = Double(own.count { $0 > gate.threshold }) / 97
      let activation = Double(negatives.count { $0 > gate.threshold }) / 331
      #expect(gate.ownRecall == recall && gate.falseActivation == activation)
      #expect(recall >= GateCalibration.leastRecall, "distance \(distance), seed \(seed)")
      if activation > GateCalibration.falseActivationLimit {
        // As high as the least recall allows: one text more held back, and it would be broken.
        #expect(
          recall - 1.5 / 97 < GateCalibration.leastRecall, "distance \(distance), seed \(seed)")
      }
      if activation == 0, recall < GateCalibration.targetRecall {
        Issue.record("own texts are held back for nothing: distance \(distance), seed \(seed)")
      }
    }
  }

  @Test func `the temperature is that of the logistic law the scores follow`() {
    // Between N(1, 4) and N(−1, 4) the log-odds are s / 2.
    let gate = GateCalibration(
      own: normals(6_000, mean: 1, deviation: 2, seed: 1),
      negatives: normals(3_000, mean: -1, deviation: 2, seed: 2),
      near: normals(3_000, mean: -1, deviation: 2, seed: 3))
    // The slope's standard error with 6,000 texts a side is about 3 %.
    #expect(abs(gate.temperature - 2) < 0.3, "\(gate.temperature)")
  }

  @Test func `the temperature keeps within its bounds`() {
    let split = GateCalibration(own: [5, 6, 7], negatives: [-5, -6, -7], near: [])
    #expect((0.25..<0.5).contains(split.temperature))
    let alike = GateCalibration(own: [1, 2, 3], negatives: [1, 2, 3], near: [])
    #expect(alike.temperature == 20)
    let wrong = GateCalibration(own: [-1, -2], negatives: [1, 2], near: [])
    #expect(wrong.temperature == 20)
  }

  @Test func `few scores, none, and scores that are no numbers do no harm`() {
    let none = GateCalibration(own: [], negatives: [], near: [])
    #expect(none.threshold.isFinite && none.temperature == 1)
    #expect(none.ownRecall == 0 && none.falseActivation == 0)
    let one = GateCalibration(own: [2], negatives: [], near: [1])
    #expect(one.threshold == 2.nextDown && one.ownRecall == 1)
    #expect((0.25...20).contains(one.temperature))
    let broken = GateCalibration(
      own: [.nan, 1, .infinity], negatives: [.nan, -.infinity], near: [.nan])
    #expect((0.25...20).contains(broken.temperature))
  }

  @Test func `a gate is calibrated on texts it was not fitted to, each once`() throws {
    let texts = GaussianTexts()
    let fitter = try RowFitter(profile: texts.profile)
    func gate(seed: UInt64, threads: Int) -> FittedGate {
      FittedGate(
        fitter: fitter, own: texts.own, labels: texts.labels, classCount: 3, profile: texts.profile,
        near: texts.near, seed: seed, pool: ThreadPool(threads: threads))
    }
    let one = gate(seed: 1, threads: 1)
    #expect(one.calibration.ownExamples == texts.labels.count)
    #expect(one.calibration.negativeExamples == 300)
    #expect(one.calibration.ownRecall >= GateCalibration.leastRecall)
    #expect(one.calibration.temperature > 0 && one.calibration.threshold.isFinite)
    let two = gate(seed: 1, threads: 2)
    #expect(one.calibration == two.calibration)
    #expect(one.rows.weight.map(\.bitPattern) == two.rows.weight.map(\.bitPattern))
    // The seed deals out the folds and nothing else.
    let other = gate(seed: 2, threads: 1)
    #expect(one.rows.weight == other.rows.weight)
    #expect(one.calibration != other.calibration)
    let whole = fitter.fit(
      texts.own, labels: texts.labels, classCount: 3,
      negatives: [texts.profile.negatives, texts.profile.anchors, texts.near])
    #expect(one.rows.weight == whole.weight && one.rows.bias == whole.bias)
  }
}
