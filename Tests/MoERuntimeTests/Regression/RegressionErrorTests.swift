import MoEBase
import MoERuntime
import Testing

@Suite struct RegressionErrorTests {
  static let sentences: [(RegressionError, String)] = [
    (
      .belowFloor(
        pack: "acme/x 1.0.0", eval: "issue", metric: "accuracy", value: 0.774, floor: 0.802,
        baseline: 0.812, tolerance: 0.01, examples: 500),
      "`acme/x 1.0.0` misses its floor on `issue`: accuracy 0.774, floor 0.802 (baseline 0.812, "
        + "tolerance 0.010, 500 examples)"
    ),
    (
      .belowClaim(
        pack: "acme/x 1.0.0", eval: "issue", metric: "accuracy", value: 0.9, baseline: 0.95,
        tolerance: 0.01, examples: 500),
      "`acme/x 1.0.0` does not reproduce its claim on `issue`: accuracy 0.900, baseline 0.950 "
        + "(tolerance 0.010, 500 examples)"
    ),
    (
      .ownTextsMissed(
        pack: "acme/x 1.0.0", eval: "issue", share: 0.5, least: 0.8, examples: 40),
      "`acme/x 1.0.0` is selected for 50.0 % of its own texts of `issue`, expected at least 80.0 % "
        + "(40 examples)"
    ),
    (
      .routerCapture(pack: "acme/x 1.0.0", selected: 31, probes: 1000, most: 0.02),
      "`acme/x 1.0.0` takes 31 of 1000 neutral probes (3.1 %), expected at most 2.0 %"
    ),
    (
      .answersChanged(change: "the change", changed: 2, compared: 300),
      "the change changes answers that it has no part in: 2 of 300 compared, expected 0"
    ),
    (
      .tooFewProbes(got: 12, least: 200),
      "the backbone profile has 12 probes to compare, expected at least 200"
    ),
  ]

  @Test(arguments: sentences.indices)
  func `each sentence gives the figures, and the exit code is 10`(index: Int) {
    let (error, sentence) = Self.sentences[index]
    #expect(error.message == sentence)
    #expect(error.exitCode == .regression)
    #expect(error.hint.hasPrefix("the store is unchanged"))
  }

  @Test func `numbers are written with a fixed count of digits, rounded to nearest`() {
    #expect(0.98765.fixed(3) == "0.988")
    #expect(0.0.fixed(2) == "0.00")
    #expect((-1.995).fixed(1) == "-2.0")
    #expect((-0.001).fixed(2) == "0.00")
    #expect(12.0.fixed(0) == "12")
    #expect(0.05.fixed(2) == "0.05")
    #expect(Double.nan.fixed(2) == "nan")
  }
}
