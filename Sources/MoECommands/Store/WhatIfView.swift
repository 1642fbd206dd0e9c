import MoEBase
import MoEPackFormat
import MoERuntime
import MoEStore

/// What a change would do to answers, laid out for a person or a machine.
struct WhatIfView {
  let whatIf: WhatIf
  let arriving: [InstalledPack]
  let leaving: [InstalledPack]
  let generation: Int

  init(_ whatIf: WhatIf, _ preview: Installer.Preview) {
    self.whatIf = whatIf
    arriving = preview.arriving
    leaving = preview.leaving
    generation = preview.active.generation
  }

  var json: JSONValue {
    .object(
      [
        JSONMember("generation", .integer(generation)),
        JSONMember("with", .array(arriving.map(\.summaryJSON))),
        JSONMember("without", .array(leaving.map(\.summaryJSON))),
      ] + whatIf.members)
  }

  /// The change in words: `with example/x 1.0.0, without example/y 2.0.0`.
  var sentence: String {
    (arriving.map { "with \($0.name) \($0.version)" }
      + leaving.map { "without \($0.name) \($0.version)" }).joined(separator: ", ")
  }

  func print(to console: Console) throws {
    for change in whatIf.changes {
      let kinds = [change.kind.title, change.flip?.title].compactMap(\.self)
      try console.print(
        console.styled(kinds.joined(separator: ", "), .bold) + ": "
          + change.question.origin.label.shown())
      try console.print("  " + change.question.text.shown())
      try console.print("  before  " + change.before.summary.shown())
      try console.print("  after   " + change.after.summary.shown())
      try console.print()
    }
    var table = Table([.text("what changes"), .number("answers")])
    for kind in AnswerChange.Kind.allCases where whatIf.count(kind) > 0 {
      table.add(kind.title, "\(whatIf.count(kind))")
    }
    for flip in AnswerChange.Flip.allCases where whatIf.count(flip) > 0 {
      table.add(flip.title, "\(whatIf.count(flip))")
    }
    if !whatIf.changes.isEmpty { try table.print(to: console) }
    try console.print(
      "\(whatIf.changes.count) of \(whatIf.questions.count.counted("answer")) would change "
        + "\(sentence).")
    try console.print("Nothing was changed: this is a question.")
  }
}
