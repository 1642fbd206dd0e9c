import MoEBase
import MoEEval
import MoEModel
import MoEPackFormat

extension DocumentAnalysis {
  /// One self-contained page: the document with its passages marked by pack and label.
  ///
  /// - Parameter title: What the document is called.
  /// - Returns: The page.
  public func html(title: String) -> String {
    let marked = findings.filter { !$0.answer.route.isEmpty }.count
    var page = HTMLDocument(
      title: title,
      lead: .paragraph(
        "\(findings.count) passages, \(marked) of them answered by a pack; generation "
          + "\(composition.generation), composition \(composition.digest.short)."))
    page.add("packs", "Packs", table)
    page.add("document", "Document", .element("div", [:], findings.map { passage($0) }))
    return page.html
  }

  private var table: Markup {
    let rows = tallies.flatMap { tally in
      tally.labels.map { entry in
        let text = title(of: entry.label, task: entry.task, pack: tally.pack)
        return [
          tally.pack.name, entry.task, text.title, text.authority ?? "", "\(entry.passages)",
        ]
      }
    }
    guard !rows.isEmpty else { return .paragraph("No pack is responsible for any passage.") }
    func row(_ cells: [String], _ name: StaticString) -> Markup {
      .element("tr", [:], cells.map { .element(name, [:], .text($0)) })
    }
    return .element(
      "div", ["class": "scroll"],
      .element(
        "table", [:],
        .element(
          "thead", [:], row(["pack", "task", "label", "authority", "passages"], "th")),
        .element("tbody", [:], rows.map { row($0, "td") })))
  }

  private func passage(_ finding: Finding) -> Markup {
    let heading =
      finding.passage.heading.map { Markup.element("p", [:], .element("small", [:], .text($0))) }
      ?? .empty
    guard !finding.answer.route.isEmpty else {
      return .element("div", [:], .element("p", [:], .text(finding.passage.text)))
    }
    let notes = finding.answer.route.map { route -> Markup in
      let pack = composition.packs.first { $0.identity == route.pack }
      let labels = (pack?.manifest.tasks ?? []).flatMap { task in
        finding.answer.told(of: route.pack, task: task.name).map {
          let text = title(of: $0.label, task: task.name, pack: route.pack)
          let authority = text.authority.map { " (\($0))" } ?? ""
          return "\(text.title)\(authority) \(Int((Double($0.probability) * 100).rounded())) %"
        }
      }
      return .element(
        "p", [:], .badge(route.pack.name, .good),
        .text(
          " " + (labels.isEmpty ? "no label" : labels.joined(separator: "; "))
            + ", weight \(route.weight.fixed(2))"))
    }
    return .element(
      "div", ["class": "card"],
      [heading, .element("p", [:], .element("mark", [:], .text(finding.passage.text)))] + notes)
  }
}
