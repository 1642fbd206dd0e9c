import Foundation
import MoEEval
import Testing

@Suite struct ChartTests {
  /// How often a piece occurs.
  private func count(_ piece: String, in text: String) -> Int {
    text.components(separatedBy: piece).count - 1
  }

  @Test func `a forest plot draws each value, interval, floor and claim where it lies`() {
    let html = IntervalChart(
      id: "f", title: "Accuracy",
      rows: [
        IntervalChart.Row(label: "a", value: 0.9, interval: 0.8...0.95, floor: 0.85, claim: 0.91),
        IntervalChart.Row(label: "b <i>", value: 0.7, floor: 0.75),
      ]
    ).figure.markup.html
    // From 0.6 (one step under 0.7) to 1: 0.9 lies at three quarters.
    #expect(html.contains("<circle cx=\"75.00%\" cy=\"33\" r=\"5\" class=\"dot\">"))
    #expect(html.contains("<circle cx=\"25.00%\" cy=\"81\" r=\"5\" class=\"dot bad\">"))
    #expect(html.contains("x1=\"50.00%\" x2=\"87.50%\" y1=\"33.0\" y2=\"33.0\" class=\"band\""))
    #expect(count("class=\"floor\"", in: html) == 2 && count("class=\"claim\"", in: html) == 1)
    #expect(
      html.contains("aria-labelledby=\"f-t f-d\"") && html.contains("<desc id=\"f-d\">2 values"))
    #expect(html.contains("b &lt;i&gt;") && !html.contains("<i>"))
    #expect(html.contains("<td class=\"n\">0.950</td>"), "the table has the interval")
  }

  @Test func `bars are shares of the greatest, and nothing is drawn of nothing`() {
    let html = BarChart(
      id: "b", title: "Amounts",
      rows: [
        BarChart.Row(label: "all", value: 4, shown: "4"),
        BarChart.Row(label: "half", value: 2, shown: "2", tone: .bad),
        BarChart.Row(label: "none", value: 0, shown: "0"),
      ]
    ).figure.markup.html
    #expect(count("class=\"track\"", in: html) == 3)
    #expect(html.contains("width=\"100.00%\" height=\"10\" rx=\"3\" class=\"g4\""))
    #expect(html.contains("width=\"50.00%\" height=\"10\" rx=\"3\" class=\"b4\""))
    #expect(count("class=\"g4\"", in: html) == 1)
  }

  @Test func `a heat map draws the places that have a count, in the step of their share`() {
    let html = HeatMap(
      id: "h", title: "Confusion", rowTitle: "expected", rows: ["a", "b"], columns: ["a", "b"],
      counts: [[9, 1], [0, 10]]
    ) { $0 == $1 ? .good : .bad }.figure.markup.html
    #expect(html.contains("<title>a → a: 9 of 10</title>"))
    #expect(count("class=\"g5\"", in: html) == 2 && count("class=\"b1\"", in: html) == 1)
    #expect(!html.contains("b → a"), "a place without a count is not drawn")
    #expect(html.contains("class=\"scroll\""))
  }

  @Test func `a large heat map leaves its numbers to the table`() {
    let names = (0..<60).map { "label-\($0)" }
    let html = HeatMap(
      id: "h", title: "Confusion", rowTitle: "expected", rows: names, columns: names,
      counts: names.indices.map { row in names.indices.map { $0 == row ? 5 : 0 } }
    ) { _, _ in .good }.figure.markup.html
    #expect(count("class=\"g5\"", in: html) == 60 && !html.contains("class=\"count"))
  }

  @Test func `a reliability diagram has a bar and a gap for each bin that has answers`() {
    let answers = [(confidence: 0.95, isRight: true), (0.95, false), (0.35, true)]
    let html = ReliabilityDiagram(
      id: "r", title: "Calibration", reliability: Reliability(answers)
    ).figure.markup.html
    #expect(count("class=\"gap\"", in: html) == 2)
    #expect(html.contains("2 answers about 0.95 sure: 0.50 right"))
    #expect(html.contains("expected calibration error is 0.517"))
    let empty = ReliabilityDiagram(id: "r", title: "Calibration", reliability: Reliability([]))
    #expect(empty.figure.markup.html.contains("No answers."))
  }

  @Test(arguments: [0, 1, 7, 60])
  func `every chart is well-formed whatever its size`(size: Int) throws {
    let rows = (0..<size).map { IntervalChart.Row(label: "r\($0)", value: Double($0) / 60) }
    let names = rows.indices.map { "name \($0)" }
    let figures = [
      IntervalChart(id: "i", title: "t", rows: rows).figure,
      BarChart(
        id: "b", title: "t",
        rows: names.map { BarChart.Row(label: $0, value: 1, shown: "1") }
      ).figure,
      HeatMap(
        id: "h", title: "t", rowTitle: "r", rows: names, columns: names,
        counts: names.map { _ in names.map { _ in 1 } }
      ) { _, _ in .plain }.figure,
    ]
    for figure in figures {
      let html = figure.markup.html
      for name in ["svg", "figure", "table", "div", "text", "g", "details"] {
        #expect(
          count("<\(name)>", in: html) + count("<\(name) ", in: html)
            == count("</\(name)>", in: html))
      }
      #expect(!html.contains("nan") && !html.contains("inf\""))
    }
  }
}
