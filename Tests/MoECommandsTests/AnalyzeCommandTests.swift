import Foundation
import MoEBase
import Testing

@Suite struct AnalyzeCommandTests {
  private let bench: CommandBench

  init() throws {
    bench = try CommandBench()
    try bench.trust()
    try bench.run("install", bench.archive("example/ships", topics: [0, 1]), "--no-eval")
    try bench.run("install", bench.archive("example/privacy", topics: [2, 3]), "--no-eval")
  }

  private func document() throws -> String {
    let text =
      "# Ships\n\n\(CommandBench.text(topic: 0))\n\n# Privacy\n\n\(CommandBench.text(topic: 2))\n"
    return try bench.directory.write(text.utf8, to: "document.md").path
  }

  @Test func `each passage is told with its line, heading and packs`() throws {
    let result = try bench.run("analyze", try document(), "--json")
    #expect(result.status == 0)
    guard case .array(let passages)? = try result.json()["passages"] else {
      Issue.record("expected passages")
      return
    }
    #expect(passages.map { $0["line"] } == [3, 7])
    #expect(passages.map { $0["heading"] } == ["Ships", "Privacy"])
    for (passage, pack) in zip(passages, ["example/ships", "example/privacy"]) {
      guard case .array(let route)? = passage["route"] else { continue }
      #expect(route.first?["pack"] == .string(pack))
    }
  }

  @Test func `the table and the page name packs and labels`() throws {
    let page = bench.directory.path("document.html")
    let result = try bench.run("analyze", try document(), "--html", page)
    #expect(result.status == 0)
    #expect(result.output.contains("2 passages, 2 answered by a pack"))
    #expect(result.output.contains("example/ships"))
    let html = String(decoding: try Data(contentsOf: URL(fileURLWithPath: page)), as: UTF8.self)
    #expect(html.contains("<mark>") && html.contains("example/privacy"))
    #expect(!html.contains("http://") && !html.contains("<script"))
  }

  @Test func `a document of nothing, one that is not there and an unknown pack are refused`() throws
  {
    let empty = try bench.directory.write(" \n".utf8, to: "empty.txt").path
    #expect(try bench.run("analyze", empty).status == 65)
    #expect(try bench.run("analyze", bench.directory.path("none.txt")).status == 66)
    #expect(try bench.run("analyze", try document(), "--pack", "example/none").status == 66)
  }
}
