/// A piece of HTML or SVG: text is escaped as it comes in, once.
public struct Markup: Sendable, Equatable {
  /// The markup as text.
  public private(set) var html: String

  /// Nothing.
  public static let empty = Markup(html: "")

  private init(html: String) {
    self.html = html
  }

  /// Text, whatever it holds: markup in it is shown, not obeyed, and what a reader cannot see is made
  /// visible.
  public static func text(_ text: String) -> Markup { Markup(html: escaped(text)) }

  /// An element; of one that has no end tag, `children` are left out.
  ///
  /// - Parameters:
  ///   - name: The element's name.
  ///   - attributes: Its attributes, escaped here; one whose value is `nil` is left out.
  ///   - children: What stands in it.
  /// - Returns: The element.
  public static func element(
    _ name: StaticString, _ attributes: KeyValuePairs<String, String?> = [:], _ children: Markup...
  ) -> Markup {
    element(name, attributes, children)
  }

  /// An element whose children are a list.
  public static func element(
    _ name: StaticString, _ attributes: KeyValuePairs<String, String?>, _ children: [Markup]
  ) -> Markup {
    element(name, attributes.map(\.self), containing: children)
  }

  /// An element whose attributes are a list.
  static func element(
    _ name: StaticString, _ attributes: [(key: String, value: String?)],
    containing children: [Markup]
  ) -> Markup {
    let name = "\(name)"
    var html = "<\(name)"
    for (key, value) in attributes {
      if let value { html += " \(key)=\"\(escaped(value))\"" }
    }
    html += ">"
    if voidElements.contains(name) { return Markup(html: html) }
    for child in children { html += child.html }
    return Markup(html: html + "</\(name)>")
  }

  /// A style sheet of this program's own.
  static func style(_ sheet: StaticString) -> Markup {
    Markup(html: "<style>\(sheet)</style>")
  }

  /// A whole document.
  static func document(head: Markup, body: Markup) -> String {
    "<!doctype html>\n<html lang=\"en\"><head>\(head.html)</head>\n<body>\(body.html)</body></html>\n"
  }

  /// One after the other.
  public static func + (left: Markup, right: Markup) -> Markup {
    Markup(html: left.html + right.html)
  }

  /// One after the other.
  public static func += (left: inout Markup, right: Markup) { left.html += right.html }

  private static let voidElements: Set = ["meta", "link", "br", "hr", "col"]

  /// The text with markup's own characters replaced, and what hides or reorders text made visible.
  private static func escaped(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "'": result += "&#39;"
      case "\n", "\t": result.unicodeScalars.append(scalar)
      default:
        switch scalar.value {
        case 0..<0x20, 0x7F...0x9F, 0x2028, 0x2029, 0x061C, 0x200E, 0x200F, 0x202A...0x202E,
          0x2066...0x2069, 0xFEFF:
          result += "\\u{\(String(scalar.value, radix: 16))}"
        default: result.unicodeScalars.append(scalar)
        }
      }
    }
    return result
  }
}

extension Sequence<Markup> {
  /// All of them, one after the other.
  public var joined: Markup { reduce(into: .empty) { $0 += $1 } }
}
