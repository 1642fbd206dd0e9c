import MoEEval
import MoEPackFormat

extension RegressionSuite {
  /// Holds a measured pack to the floors its vendor signed for.
  ///
  /// - Throws: ``RegressionError``, the first set that misses its floor.
  public static func checkFloors(_ pack: SuiteReport.Pack) throws {
    for eval in pack.evals where !eval.meetsFloor {
      throw RegressionError.belowFloor(
        pack: pack.label, eval: eval.claim.name, metric: eval.claim.metric,
        value: eval.value, floor: eval.claim.floor, baseline: eval.claim.value,
        tolerance: eval.claim.tolerance, examples: eval.result.labelled)
    }
  }

  /// Holds one pack to its signature and to the capture limits.
  func check(_ pack: SuiteReport.Pack) throws {
    try Self.checkFloors(pack)
    for eval in pack.evals {
      let (result, claim) = (eval.result, eval.claim)
      guard !pack.isNew || eval.meetsClaim else {
        throw RegressionError.belowClaim(
          pack: pack.label, eval: claim.name, metric: claim.metric, value: eval.value,
          baseline: claim.value, tolerance: claim.tolerance, examples: result.labelled)
      }
      guard
        !pack.isNew || result.ownSelectedShare >= limits.ownShare || result.labelled == 0
      else {
        throw RegressionError.ownTextsMissed(
          pack: pack.label, eval: claim.name, share: result.ownSelectedShare,
          least: limits.ownShare, examples: result.labelled)
      }
    }
    guard Double(pack.probesSelected) <= limits.probeCapture * Double(probes.count) else {
      throw RegressionError.routerCapture(
        pack: pack.label, selected: pack.probesSelected, probes: probes.count,
        most: limits.probeCapture)
    }
  }
}
