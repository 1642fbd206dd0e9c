import MoEEval
import Testing

@Suite struct MarkupTests {
  @Test func `text from outside is shown, not obeyed`() {
    let hostile = "<script>alert('x')</script> & \"quoted\" \u{202E}reversed\u{0}\u{1B}[31m"
    let html = Markup.element("p", ["title": hostile], .text(hostile)).html
    let escaped =
      "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt; &amp; &quot;quoted&quot; \\u{202e}reversed\\u{0}\\u{1b}[31m"
    #expect(html == "<p title=\"\(escaped)\">\(escaped)</p>")
  }

  @Test func `an attribute without a value is left out, and a void element has no end`() {
    #expect(Markup.element("td", ["class": nil], .text("1")).html == "<td>1</td>")
    #expect(Markup.element("meta", ["charset": "utf-8"]).html == "<meta charset=\"utf-8\">")
  }

  @Test func `letters of any script pass as they are`() {
    #expect(Markup.text("Œuvre, 海事法, قانون, e\u{301}").html == "Œuvre, 海事法, قانون, e\u{301}")
  }

  @Test func `a table has a heading for each row and column, and scrolls by itself`() {
    var table = DataTable("Amounts", [.text("what"), .number("how much")])
    table.add(["a < b", "1"])
    let html = table.markup.html
    #expect(
      html.hasPrefix("<div class=\"scroll\" role=\"region\" aria-label=\"Amounts\" tabindex=\"0\">")
    )
    #expect(html.contains("<th scope=\"col\" class=\"n\">how much</th>"))
    #expect(html.contains("<th scope=\"row\">a &lt; b</th><td class=\"n\">1</td>"))
  }

  @Test func `a page names nothing outside itself and runs nothing`() {
    var page = HTMLDocument(title: "A & B", lead: .paragraph("Lead"))
    page.add("one", "One", .text("1"))
    page.add("two", "Two", .text("2"))
    let html = page.html
    #expect(html.hasPrefix("<!doctype html>\n<html lang=\"en\">"))
    #expect(html.contains("<title>A &amp; B</title>"))
    #expect(html.contains("default-src &#39;none&#39;"))
    #expect(html.contains("<a href=\"#two\">Two</a>"))
    #expect(!html.contains("<script") && !html.contains("http://") && !html.contains("https://"))
    #expect(html.contains("prefers-color-scheme:dark"))
  }
}
