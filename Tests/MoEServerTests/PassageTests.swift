import MoERuntime
import Testing

@Suite struct PassageTests {
  private func words(_ text: String) -> Int { text.split(whereSeparator: \.isWhitespace).count }

  @Test func `paragraphs, headings and fences of Markdown are told apart`() {
    let text = "# One\n\nFirst\nparagraph.\n\n## Two\nSecond.\n```\ncode\n\nmore\n```\n\nThird."
    let list = PassageList(text, isMarkdown: true, tokenLimit: 100, tokenCount: words)
    #expect(
      list.passages.map(\.text) == [
        "First\nparagraph.", "Second.\n```\ncode\n\nmore\n```", "Third.",
      ])
    #expect(list.passages.map(\.heading) == ["One", "Two", "Two"])
    #expect(list.passages.map(\.line) == [3, 7, 13])
  }

  @Test func `what is too long is cut between sentences, else words, never inside a character`() {
    let sentence = String(repeating: "word ", count: 9) + "end."
    let text = Array(repeating: sentence, count: 20).joined(separator: " ")
    let list = PassageList(text, isMarkdown: false, tokenLimit: 25, tokenCount: words)
    #expect(list.passages.allSatisfy { words($0.text) <= 25 && $0.text.hasSuffix("end.") })
    let long = String(repeating: "é", count: 2000)
    let cut = PassageList(long, isMarkdown: false, tokenLimit: 100) { $0.count }
    #expect(cut.passages.map(\.text).joined() == long)
    #expect(cut.passages.allSatisfy { $0.text.count <= 100 })
  }

  @Test func `every byte of a passage lies where its range says, and none overlaps`() {
    let text = "\r\n  a b\r\n\r\n c\n\n\n d.  e"
    let list = PassageList(text, isMarkdown: false, tokenLimit: 100, tokenCount: words)
    let bytes = Array(text.utf8)
    var end = 0
    for passage in list.passages {
      #expect(passage.range.lowerBound >= end)
      end = passage.range.upperBound
      #expect(Array(bytes[passage.range]) == Array(passage.text.utf8))
    }
    #expect(list.passages.map(\.text) == ["a b", "c", "d.  e"])
    #expect(PassageList("", isMarkdown: true, tokenLimit: 9, tokenCount: words).passages.isEmpty)
  }
}
