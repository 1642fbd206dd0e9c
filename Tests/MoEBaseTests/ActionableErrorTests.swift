import MoEBase
import Testing

@Suite struct ActionableErrorTests {
  private struct Refusal: ActionableError {
    let code = "refusal"
    let message = "`a.txt` is empty, expected a line"
    let hint = "nothing was changed; write a line"
    let exitCode = ExitCode.badData
  }

  @Test func `an error is shown as two paragraphs`() {
    #expect(
      Refusal().description
        == "error: `a.txt` is empty, expected a line\n\nhint: nothing was changed; write a line")
  }

  @Test func `exit codes keep their numbers`() {
    let numbers = Dictionary(uniqueKeysWithValues: ExitCode.allCases.map { ("\($0)", $0.rawValue) })
    #expect(
      numbers == [
        "done": 0, "refused": 1, "regression": 10, "corruption": 11, "usage": 64, "badData": 65,
        "notFound": 66, "inputOutput": 74, "locked": 75, "trust": 77, "configuration": 78,
        "interrupted": 130,
      ])
  }
}
