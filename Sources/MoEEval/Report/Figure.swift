/// A chart with its title, a sentence for who cannot see it, and its numbers as a table.
public struct Figure: Sendable {
  /// The chart's drawing, without its frame.
  struct Drawing: Sendable {
    /// The attributes that give its size.
    let size: KeyValuePairs<String, String?>
    /// What is drawn.
    let content: Markup
    /// Whether it keeps its width and scrolls where that is more than the page has.
    let keepsWidth: Bool
  }

  let id: String
  let title: String
  let description: String
  let drawing: Drawing
  let key: [(style: String, text: String)]
  let table: DataTable

  init(
    id: String, title: String, description: String, drawing: Drawing,
    key: [(style: String, text: String)] = [], table: DataTable
  ) {
    self.id = id
    self.title = title
    self.description = description
    self.drawing = drawing
    self.key = key
    self.table = table
  }

  /// The figure.
  public var markup: Markup {
    let attributes =
      drawing.size.map(\.self) + [
        (key: "role", value: "img"), (key: "aria-labelledby", value: "\(id)-t \(id)-d"),
        (key: "class", value: "chart"),
      ]
    let svg = Markup.element(
      "svg", attributes,
      containing: [
        .element("title", ["id": "\(id)-t"], .text(title)),
        .element("desc", ["id": "\(id)-d"], .text(description)), drawing.content,
      ])
    return .element(
      "figure", ["id": id],
      .element("figcaption", [:], .text(title)),
      key.isEmpty ? .empty : keyMarkup,
      drawing.keepsWidth ? .scrollBox(title, svg) : .element("div", ["class": "plot"], svg),
      .details("The numbers", table.markup))
  }

  private var keyMarkup: Markup {
    .element(
      "ul", ["class": "key"],
      key.map { entry in
        .element(
          "li", [:], .element("span", ["class": "swatch \(entry.style)", "aria-hidden": "true"]),
          .text(entry.text))
      })
  }
}
