import Foundation
import MoEBase
import MoEPackFormat
import MoETestSupport
import Testing

/// The report of `eval --html`, as text and in a browser.
@Suite struct ReportTests {
  let bench: CommandBench
  private static let hostile =
    "<script>console.error('taken')</script> <img src=x onerror=alert(1)> \u{202E}gnitirw & \u{1B}[31m "
    + String(repeating: "averylongwordwithoutaplacetobreak", count: 6)

  init() throws {
    bench = try CommandBench()
    try bench.trust()
    try bench.run("install", "--no-eval", try bench.archive("example/ships", topics: [0, 1]))
    try bench.run(
      "install", "--no-eval", try bench.archive("example/privacy", topics: [2, 3]),
      try bench.archive("example/ships", topics: [0, 1], release: 2) { pack in
        pack.replaceHeads(with: 0)
        pack.replaceEntry(PackEntry(name: EntryName.evaluation("issue"), bytes: Self.lines))
      })
  }

  /// An eval set of 60 lines, as the manifest says, one of them hostile.
  private static var lines: [UInt8] {
    (0..<40).flatMap { index -> [UInt8] in
      let own = index < 20
      let words =
        own
        ? CommandBench.text(topic: index % 2)
        : TinyTexts.common.dropFirst(index).prefix(9).joined(separator: " ")
      let text = index == 0 ? words + " " + hostile : words
      let answer: (String, JSONValue) =
        own ? ("label", .string("topic-\(index % 2)")) : ("expect", "none")
      return JSONValue.object([
        JSONMember("text", .string(text)), JSONMember(answer.0, answer.1),
      ]).bytes + [0x0A]
    }
  }

  private func report(_ words: String...) throws -> (path: String, html: String) {
    let path = bench.directory.path("report.html")
    let result = try bench.run(words: ["eval", "--html", path] + words)
    guard result.status == 0 || result.status == 10 else { throw BenchFailure(result.messages) }
    return (path, try String(contentsOfFile: path, encoding: .utf8))
  }

  @Test func `it holds results, routing and each pack, and nothing from outside`() throws {
    let html = try report().html
    for piece in [
      "<h2 id=\"results-h\">Results</h2>", "id=\"routing-map\"", ">example/ships 1.0.0</h2>",
      "id=\"pack-1-eval-1-confusion\"", "id=\"pack-2-eval-1-calibration\"", "below its floor",
      "macro-averaged F1", "prefers-color-scheme:dark",
    ] {
      #expect(html.contains(piece), "\(piece)")
    }
    #expect(!html.contains("<script") && !html.contains("http://") && !html.contains("https://"))
    #expect(!html.contains("What changes"), "nothing was compared")
  }

  @Test func `texts of flips stand in it, escaped`() throws {
    let since = try report("--against", "1").html
    #expect(since.contains("What changes") && since.contains("since generation 1"))
    #expect(since.contains("&lt;script&gt;console.error(&#39;taken&#39;)&lt;/script&gt;"))
    #expect(since.contains("\\u{202e}gnitirw") && !since.contains("\u{202E}"))
    let without = try report("--without", "example/privacy").html
    #expect(without.contains("without example/privacy 1.0.0") && without.contains("right → wrong"))
  }

  @Test func `an eval of the operator's own texts makes a report of what changes alone`() throws {
    let input = try bench.directory.write(
      CommandBench.requests([Self.hostile, CommandBench.text(topic: 2)]), to: "own.jsonl"
    ).path
    let html = try report("--without", "example/privacy", "--input", input).html
    #expect(html.contains("1 of 2 answers change") && !html.contains("id=\"routing-map\""))
  }

  @Test(
    .enabled(if: Browser.isThere, "needs chromium; tools/test browser installs it"),
    arguments: [[], ["--against", "1"], ["--without", "example/privacy"]])
  func `a browser shows it without a complaint, at the width of a telephone and of a desk`(
    words: [String]
  ) throws {
    let path = bench.directory.path("report.html")
    try bench.run(words: ["eval", "--html", path] + words)
    let views = try Browser.views(of: path)
    #expect(views.count == 4)
    for view in views { #expect(Browser.faults(of: view, charts: 7) == []) }
    #expect(Set(views.map { $0["background"]?.text ?? "" }).count == 2, "light and dark differ")
  }
}
