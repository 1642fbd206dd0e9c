/// One self-contained page: no script, no file and no address outside it.
public struct HTMLDocument: Sendable {
  /// One part of the page.
  struct Section: Sendable {
    let id: String
    let title: String
    let body: Markup
  }

  private let title: String
  private let lead: Markup
  private var sections: [Section] = []

  /// Starts a page.
  ///
  /// - Parameters:
  ///   - title: Its title and heading.
  ///   - lead: What stands under the heading.
  public init(title: String, lead: Markup) {
    self.title = title
    self.lead = lead
  }

  /// Adds a part.
  ///
  /// - Parameters:
  ///   - id: Names it in the page's address, in letters, digits and hyphens.
  ///   - title: Its heading.
  ///   - body: What stands in it.
  public mutating func add(_ id: String, _ title: String, _ body: Markup) {
    sections.append(Section(id: id, title: title, body: body))
  }

  /// The page as text.
  public var html: String {
    // The policy is the last word: should anything from outside slip in, the browser fetches and runs nothing.
    let policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    let head =
      Markup.element("meta", ["charset": "utf-8"])
      + .element("meta", ["http-equiv": "Content-Security-Policy", "content": policy])
      + .element("meta", ["name": "viewport", "content": "width=device-width, initial-scale=1"])
      + .element("meta", ["name": "color-scheme", "content": "light dark"])
      + .element("link", ["rel": "icon", "href": "data:,"])
      + .element("title", [:], .text(title)) + .style(HTMLStyle.sheet)
    let links = sections.map { section in
      Markup.element("a", ["href": "#\(section.id)"], .text(section.title))
    }
    let body =
      Markup.element(
        "header", [:], .element("h1", [:], .text(title)), lead,
        links.count > 1 ? .element("nav", ["aria-label": "Parts"], links) : .empty)
      + .element(
        "main", [:],
        sections.map { section in
          .element(
            "section", ["id": section.id, "aria-labelledby": "\(section.id)-h"],
            .element("h2", ["id": "\(section.id)-h"], .text(section.title)), section.body)
        })
    return Markup.document(head: head, body: body)
  }
}

extension Markup {
  /// A paragraph.
  public static func paragraph(_ text: String, style: String? = nil) -> Markup {
    .element("p", ["class": style], .text(text))
  }

  /// The page's first figures, each with the words for it.
  public static func tiles(_ tiles: [(value: String, words: String, isBad: Bool)]) -> Markup {
    .element(
      "dl", ["class": "tiles"],
      tiles.map { tile in
        .element(
          "div", ["class": tile.isBad ? "tile bad" : "tile"],
          .element("dt", [:], .text(tile.words)), .element("dd", [:], .text(tile.value)))
      })
  }

  /// Pieces side by side, one under the other where the page is narrow.
  public static func columns(_ pieces: [Markup]) -> Markup {
    .element("div", ["class": "columns"], pieces)
  }

  /// A piece on a ground of its own.
  public static func card(_ pieces: Markup...) -> Markup {
    .element("div", ["class": "card"], pieces)
  }

  /// A word that stands out.
  public static func badge(_ text: String, _ tone: Tone) -> Markup {
    .element("span", ["class": "badge \(tone.rawValue)"], .text(text))
  }
}
