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
      "\(result.correct) of \(result.labelled) texts held out are labelled right"
        + (result.hasTags
          ? ", with exactly their labels. They chose epoch and thresholds: "
          : ". They chose the epoch: ")
        + "the evals are the measure.")
      + (result.hasTags
        ? result.pairFigures(id: "validation", name: "the texts held out")
        : result.confusion.figure(
          id: "validation-confusion", title: "Expected labels (rows) against predicted ones"
        ).markup)
      + hardest + diagram.figure.markup
  }

  /// A text, what was expected and given, and how sure the pack was of it.
  private struct Case {
    let example: SourceExample
    let expected: String
    let predicted: String
    let confidence: Double
    let isRight: Bool
  }

  /// Mistakes first, the surest of them before the others; then what was right by a hair.
  private var cases: [Case] {
    let labels = validation.result.labels
    let cases = zip(validation.examples, validation.result.scores).compactMap {
      example, score -> Case? in
      switch score {
      case .labelled(_, let expected, let predicted, let confidence):
        return Case(
          example: example, expected: labels[expected], predicted: labels[predicted],
          confidence: confidence, isRight: expected == predicted)
      case .tagged(_, let score):
        return Case(
          example: example, expected: Self.names(score.expected, of: labels),
          predicted: Self.names(score.given, of: labels), confidence: Self.certainty(of: score),
          isRight: score.isRight)
      case .spoken, .leftAlone: return nil
      }
    }
    let wrong = cases.filter { !$0.isRight }
      .sorted { ($0.confidence, $1.example.line) > ($1.confidence, $0.example.line) }
    let right = cases.filter(\.isRight)
      .sorted { ($0.confidence, $0.example.line) < ($1.confidence, $1.example.line) }
    return Array((wrong + right).prefix(Self.hardestCount))
  }

  private static func names(_ places: [Int], of labels: [String]) -> String {
    places.isEmpty ? "no label" : places.map { labels[$0] }.joined(separator: ", ")
  }

  /// How sure the pack is of a set of labels: of a wrong one as of its surest mistake, of a right one as of the
  /// label it is least sure of.
  private static func certainty(of score: TagScore) -> Double {
    let (expected, given) = (Set(score.expected), Set(score.given))
    let sure = score.probabilities.enumerated().map { label, probability in
      let certainty = Double(given.contains(label) ? probability : 1 - probability)
      return (certainty: certainty, isRight: expected.contains(label) == given.contains(label))
    }
    return score.isRight
      ? sure.map(\.certainty).min() ?? 1
      : sure.filter { !$0.isRight }.map(\.certainty).max() ?? 0
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
    let isRight = hard.isRight
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
