import MoEBase
import MoEEval

/// The part of a report that lists every answer that changes.
struct ChangeSection {
  private let whatIf: WhatIf
  private static let openCount = 12

  init(_ whatIf: WhatIf) {
    self.whatIf = whatIf
  }

  var markup: Markup {
    guard !whatIf.changes.isEmpty else {
      return .paragraph(
        "All \(whatIf.questions.count) answers stay the same, byte for byte.")
    }
    let kinds = AnswerChange.Kind.allCases.filter { whatIf.count($0) > 0 }
    let flips = AnswerChange.Flip.allCases.filter { whatIf.count($0) > 0 }
    let chart = BarChart(
      id: "changes-chart",
      title: "\(whatIf.changes.count) of \(whatIf.questions.count) answers change",
      rows: kinds.map {
        BarChart.Row(
          label: $0.title, value: Double(whatIf.count($0)), shown: "\(whatIf.count($0))",
          tone: .plain)
      }
        + flips.map {
          BarChart.Row(
            label: $0.title, value: Double(whatIf.count($0)), shown: "\(whatIf.count($0))",
            tone: $0 == .rightToWrong ? .bad : .good)
        }, most: Double(whatIf.questions.count))
    return chart.figure.markup
      + list("right → wrong", whatIf.changes.filter { $0.flip == .rightToWrong }, isOpen: true)
      + list("wrong → right", whatIf.changes.filter { $0.flip == .wrongToRight }, isOpen: false)
      + list("other changes", whatIf.changes.filter { $0.flip == nil }, isOpen: false)
  }

  /// The first few in sight where they matter most, the rest behind a line that opens them.
  private func list(_ title: String, _ changes: [AnswerChange], isOpen: Bool) -> Markup {
    let shown = isOpen ? changes.prefix(Self.openCount) : []
    let rest = changes.dropFirst(shown.count)
    guard !changes.isEmpty else { return .empty }
    var markup =
      shown.isEmpty ? Markup.empty : .element("h3", [:], .text("\(title): \(changes.count)"))
    markup += shown.map(item).joined
    if !rest.isEmpty {
      markup += .details(
        shown.isEmpty ? "\(title): \(rest.count)" : "\(rest.count) more", rest.map(item).joined)
    }
    return markup
  }

  private func item(_ change: AnswerChange) -> Markup {
    let tone: Tone =
      switch change.flip {
      case .rightToWrong: .bad
      case .wrongToRight: .good
      case nil: .plain
      }
    return .element(
      "article", ["class": "change \(tone.rawValue)"],
      .badge(change.flip?.title ?? change.kind.title, tone),
      .element("span", ["class": "where"], .text(place(of: change))),
      .element("p", ["dir": "auto"], .text(change.question.text)),
      .element(
        "dl", [:], .element("dt", [:], .text("before")),
        .element("dd", [:], .text(change.before.summary)), .element("dt", [:], .text("after")),
        .element("dd", [:], .text(change.after.summary))))
  }

  private func place(of change: AnswerChange) -> String {
    let expected: String? =
      switch change.question.expectation {
      case .label(let label): "expected \(label)"
      case .labels(let labels):
        "expected \(labels.isEmpty ? "no label" : labels.joined(separator: ", "))"
      case .choice(let choices, let answer): "expected \(choices[answer])"
      case .completion(let answers): "expected \(answers[0])"
      case .prediction: nil
      case .some(.none): "expected none"
      case nil: nil
      }
    return [change.question.origin.label, change.flip == nil ? nil : change.kind.title, expected]
      .compactMap(\.self).joined(separator: " · ")
  }
}
