import MoEBase

/// The strokes that charts are drawn with; `x` is a share of the width, `50%`.
extension Markup {
  private static let headingLetters = 34

  static func verticalLine(at x: String, from y1: Double, to y2: Double, style: String) -> Markup {
    .element("line", ["x1": x, "x2": x, "y1": y1.fixed(1), "y2": y2.fixed(1), "class": style])
  }

  static func horizontalLine(from x1: String, to x2: String, y: Double, style: String) -> Markup {
    .element("line", ["x1": x1, "x2": x2, "y1": y.fixed(1), "y2": y.fixed(1), "class": style])
  }

  static func label(_ text: String, at x: String, y: Double, style: String) -> Markup {
    .element("text", ["x": x, "y": y.fixed(1), "class": style + " mid"], .text(text))
  }

  /// The name of a row at its left and its number at its right.
  static func rowHeading(_ name: String, _ number: String, y: Double) -> Markup {
    let cut =
      name.count <= headingLetters
      ? name : name.prefix(headingLetters / 2) + "…" + name.suffix(headingLetters / 2 - 1)
    return .element(
      "text", ["x": "0", "y": y.fixed(1), "class": "name"], .element("title", [:], .text(name)),
      .text(cut))
      + .element("text", ["x": "100%", "y": y.fixed(1), "class": "number end"], .text(number))
  }

  /// A shape around a point.
  static func mark(_ path: String, at x: String, y: Double, style: String) -> Markup {
    .element(
      "svg", ["x": x, "y": y.fixed(1), "width": "1", "height": "1", "overflow": "visible"],
      .element("path", ["d": path, "class": style]))
  }

  /// A bar from the left edge, `width` per cent wide.
  static func bar(width: Double, y: Double, style: String) -> Markup {
    .element(
      "rect",
      [
        "x": "0", "y": y.fixed(1), "width": "\(width.fixed(2))%", "height": "10", "rx": "3",
        "class": style,
      ])
  }

  /// A line between two points of a drawing with a view box.
  static func line(
    _ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, _ style: String
  ) -> Markup {
    .element(
      "line",
      ["x1": x1.fixed(1), "y1": y1.fixed(1), "x2": x2.fixed(1), "y2": y2.fixed(1), "class": style])
  }

  /// A text at a point of a drawing with a view box.
  static func text(_ text: String, x: Double, y: Double, style: String) -> Markup {
    .element("text", ["x": x.fixed(1), "y": y.fixed(1), "class": style], .text(text))
  }
}
