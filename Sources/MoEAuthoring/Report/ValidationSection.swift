import MoEBase
import MoEEval

/// The part of a build's report that is about the texts held out: what is confused, and what is hardest.
struct ValidationSection {
  private let validation: BuiltPack.Validation
  private static let hardestCount = 24
  private static let openCount = 8

  init(_ validation: BuiltPack.Validation) {
    self.validation = validation
  }

  var markup: Markup {
    let result = validation.result
    let diagram = ReliabilityDiagram(
      id: "validation-calibration", title: "How far its probabilities can be believed",
      reliability: result.reliability)
    return .paragraph(
      "\(result.correct) of \(result.labelled) texts held out are labelled right. They chose the epoch: "
        + "the evals are the measure.")
      + result.confusion.figure(
        id: "validation-confusion", title: "Expected labels (rows) against predicted ones"
      ).markup
      + hardest + diagram.figure.markup
  }

  /// A text, what was expected and given, and how sure the pack was of it.
  private struct Case {
    let example: SourceExample
    let expected: String
    let predicted: String
    let confidence: Double
  }

  /// Mistakes first, the surest of them before the others; then what was right by a hair.
  private var cases: [Case] {
    let labels = validation.result.confusion.labels
    let cases = zip(validation.examples, validation.result.scores).compactMap {
      example, score -> Case? in
      guard case .labelled(_, let expected, let predicted, let confidence) = score else {
        return nil
      }
      return Case(
        example: example, expected: labels[expected], predicted: labels[predicted],
        confidence: confidence)
    }
    let wrong = cases.filter { $0.expected != $0.predicted }
      .sorted { ($0.confidence, $1.example.line) > ($1.confidence, $0.example.line) }
    let right = cases.filter { $0.expected == $0.predicted }
      .sorted { ($0.confidence, $0.example.line) < ($1.confidence, $1.example.line) }
    return Array((wrong + right).prefix(Self.hardestCount))
  }

  private var hardest: Markup {
    let cases = cases
    let shown = cases.prefix(Self.openCount).map(item).joined
    let rest = cases.dropFirst(Self.openCount).map(item)
    return .element(
      "h3", [:], .text("Hardest texts: the surest mistakes, then what was right by a hair"))
      + shown + (rest.isEmpty ? .empty : .details("\(rest.count) more", rest.joined))
  }

  private func item(_ hard: Case) -> Markup {
    let isRight = hard.expected == hard.predicted
    return .element(
      "article", ["class": "change \(isRight ? Tone.plain.rawValue : Tone.bad.rawValue)"],
      .badge(isRight ? "right" : "wrong", isRight ? .plain : .bad),
      .element("span", ["class": "where"], .text("line \(hard.example.line)")),
      .element("p", ["dir": "auto"], .text(hard.example.text)),
      .element(
        "dl", [:], .element("dt", [:], .text("expected")),
        .element("dd", [:], .text(hard.expected)), .element("dt", [:], .text("given")),
        .element("dd", [:], .text("\(hard.predicted), \(hard.confidence.fixed(2)) sure"))))
  }
}
