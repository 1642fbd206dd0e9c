import Foundation
import MoEAuthoring
import MoEBase
import MoETestSupport
import Testing

@Suite struct YAMLDocumentTests {
  private func parse(_ text: String) throws -> JSONValue {
    try YAMLDocument.parse(text, name: "x.yaml")
  }

  /// Scalars, and what they are read as.
  private static let scalars: [(String, JSONValue)] = [
    ("a", "a"), ("1", 1), ("-1", -1), ("+1", 1), ("0", 0), ("1.0", 1.0), ("0.90", 0.9), (".5", 0.5),
    ("1.", 1.0),
    ("-.5", -0.5), ("1e3", 1000.0), ("-1.5E-2", -0.015), ("true", true), ("True", true),
    ("FALSE", false),
    ("null", .null), ("~", .null), ("", .null), ("Null", .null),
    // What YAML 1.1, or a reader of one's own, might take for something else.
    ("no", "no"), ("No", "No"), ("yes", "yes"), ("on", "on"), ("off", "off"), ("y", "y"),
    ("1.0.0", "1.0.0"),
    ("2026-01-01", "2026-01-01"), ("12:30:45", "12:30:45"), ("010", "010"), ("08", "08"),
    ("0o7", "0o7"),
    ("0x10", "0x10"), ("0b1", "0b1"), ("1_000", "1_000"), (".inf", ".inf"), (".nan", ".nan"),
    ("1e400", "1e400"),
    ("99999999999999999999", "99999999999999999999"), ("+-1", "+-1"), ("-+1", "-+1"), ("+", "+"),
    (".", "."), ("+.", "+."),
    ("-.", "-."), (".e1", ".e1"),
    ("1 2", "1 2"), ("tRUE", "tRUE"), ("=", "="), ("<<", "<<"),
    // Quotes and blocks are text.
    ("\"1\"", "1"), ("'true'", "true"), ("\"\"", ""), ("'it''s'", "it's"),
    (#""\u00e9\n\x41\0""#, "é\nA\0"),
    ("|\n  1\n", "1\n"), (">-\n  a\n  b\n", "a b"), ("!!str 1", "1"), ("!!str true", "true"),
    ("a # comment", "a"), ("a#b", "a#b"), ("https://x.y/z", "https://x.y/z"),
    ("Tom & Jerry", "Tom & Jerry"),
    ("R&D *at* home", "R&D *at* home"), ("s 3(1)(a)", "s 3(1)(a)"), ("é", "é"), ("😀", "😀"),
  ]

  @Test(arguments: scalars)
  func `a scalar is read by the core schema`(_ text: String, _ value: JSONValue) throws {
    #expect(try parse("key: \(text)") == ["key": value])
  }

  @Test func `mappings and sequences are read in both styles, in their order`() throws {
    let block = "b: 1\na:\n  - x\n  - - y\n    - z\n  - c: {d: [e, {}, []]}\n? f\n: g\n"
    let value = try parse(block)
    #expect(value == ["b": 1, "a": ["x", ["y", "z"], ["c": ["d": ["e", [:], []]]]], "f": "g"])
    #expect(try parse("{b: 1, a: [x, [y, z], {c: {d: [e, {}, []]}}], f: g}") == value)
    #expect(try parse("%YAML 1.2\n---\nb: 1\n...\n") == ["b": 1])
    #expect(try parse("\u{FEFF}b: 1\r\nc: 2\r\n") == ["b": 1, "c": 2])
    #expect(try parse("1: a\ntrue: b\n\"\": c\n") == ["1": "a", "true": "b", "": "c"])
  }

  /// Documents, the line that is named, and how the reason begins.
  private static let refused: [(String, Int, String)] = [
    ("", 1, "an empty document"), ("# nothing\n", 1, "an empty document"),
    ("a: 1\nb: [1, 2\nc: 3\n", 3, "what it does not allow: "),
    ("a: 1\nb: }\n", 2, "what it does not allow: "),
    ("a: 1\n b: 2\n", 2, "what it does not allow: "),
    ("a: b: c\n", 1, "what it does not allow: "), ("a: 'x\n", 2, "what it does not allow: "),
    ("a: \"\\q\"\n", 1, "what it does not allow: "),
    ("a: \"\\ud800\"\n", 1, "what it does not allow: "),
    ("a:\n\tb: 1\n", 2, "what it does not allow: "), ("\ta: 1\n", 1, "what it does not allow: "),
    ("a: 1\nb: @x\n", 2, "what it does not allow: "), ("a: `x`\n", 1, "what it does not allow: "),
    ("a: -\n", 1, "what it does not allow: "), ("a: %x\n", 1, "what it does not allow: "),
    ("a: 1\n---\nb: 2\n", 2, "what it does not allow: "),
    ("a: 1\n\u{0}", 2, "what it does not allow: "),
    ("a: 1\nb: \u{7}\n", 2, "what it does not allow: "),
    ("a: 1\nb: 2\na: 3\n", 3, "the key `a` twice"),
    ("a: 1\nb: 2\nb: 3\na: 4\n", 4, "the key `a` twice"),
    ("a: 1\na: 2\na: 3\n", 2, "the key `a` twice"),
    ("a: {b: 1, c: 2}\nc: 1\nb: 1\nx:\n- {b: 1,\n   c: 2,\n   b: 3}\n", 7, "the key `b` twice"),
    ("x: {a: 1,\n a: 2}\ny: {a: 1, a: 2}\n", 2, "the key `a` twice"),
    ("\u{FEFF}'a b': 1\r\nx: |\r\n  a b: 1\r\n? \"a b\"\r\n: 3\r\n", 4, "the key `a b` twice"),
    ("x:\n  {b: 1, b: 2}\n", 2, "the key `b` twice"),
    ("a: 1\n\"a\": 2\n", 2, "the key `a` twice"), ("1: a\n\"1\": b\n", 2, "the key `1` twice"),
    ("\u{E9}: 1\ne\u{301}: 2\n", 2, "the key `\u{E9}` twice"),
    ("a: &x 1\n", 1, "an anchor, which is not read"),
    ("a: 1\nb: &x [1]\nc: *x\n", 2, "an anchor, which is not read"),
    ("a: &x {}\nb:\n  <<: *x\n", 1, "an anchor, which is not read"),
    ("&x a: 1\n", 1, "an anchor, which is not read"),
    ("a: &x\n  b: *x\n", 2, "what it does not allow: found undefined alias"),
    ("a: *x\n", 1, "what it does not allow: found undefined alias"),
    ("a: 1\nb: !mine 2\n", 2, "a tag, which is not read"),
    ("a: !!int \"3\"\n", 1, "a tag, which is not read"),
    ("a: !!binary aGk=\n", 1, "a tag, which is not read"),
    ("a: !!set {b}\n", 1, "a tag, which is not read"),
    ("a: !!omap [b: 1]\n", 1, "a tag, which is not read"),
    ("a: ! 1\n", 1, "a tag, which is not read"),
    ("a: !<tag:x,1:y> 1\n", 1, "a tag, which is not read"),
    ("a: !u!x 1\n", 1, "what it does not allow: "),
    ("? [a, b]\n: 1\n", 1, "a key that is no word"), ("a: {[b]: 1}\n", 1, "a key that is no word"),
    ("? {a: 1}\n: 1\n", 1, "a key that is no word"),
  ]

  @Test(arguments: refused)
  func `what is not read is refused at its line`(_ text: String, _ line: Int, _ reason: String)
    throws
  {
    let error = #expect(throws: SourceError.self) { try parse(text) }
    let message = try #require(error?.message)
    #expect(message.hasPrefix("`x.yaml` line \(line): expected YAML, got \(reason)"), "\(message)")
    #expect(error?.code == "source-yaml" && error?.exitCode == .badData)
  }

  /// Documents that nest beyond any reason, in every way YAML has.
  private static let deep: [(String, String)] = [
    ("a megabyte of brackets", String(repeating: "[", count: 1 << 20)),
    ("a megabyte of braces", String(repeating: "{", count: 1 << 20)),
    ("flow mappings", String(repeating: "{a: ", count: 100_000)),
    ("both kinds", String(repeating: "[{a: ", count: 100_000)),
    (
      "closed brackets",
      String(repeating: "[", count: 50_000) + String(repeating: "]", count: 50_000)
    ),
    ("sequences on a line", String(repeating: "- ", count: 100_000)),
    ("complex keys", String(repeating: "? ", count: 100_000)),
    ("indented mappings", (0..<1_500).map { String(repeating: " ", count: $0) + "a:\n" }.joined()),
  ]

  @Test(arguments: deep.indices)
  func `nesting beyond reason is refused, on a thread of its own`(_ index: Int) async {
    let (name, text) = Self.deep[index]
    let message = await withCheckedContinuation { continuation in
      let thread = Thread {
        do {
          _ = try YAMLDocument.parse(text, name: "x.yaml")
          continuation.resume(returning: "")
        } catch {
          continuation.resume(returning: (error as? SourceError)?.message ?? "\(error)")
        }
      }
      thread.stackSize = 8 << 20
      thread.start()
    }
    #expect(
      message.contains("expected YAML, got what it does not allow: "),
      "\(name): \(message.prefix(200))")
  }

  @Test func `a thousand levels are read or refused, not more`() throws {
    func nested(_ depth: Int) -> String {
      String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
    }
    _ = try parse(nested(900))
    #expect(throws: SourceError.self) { try parse(nested(1_100)) }
  }

  @Test func `aliases that multiply are refused before they do`() {
    var text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
    for level in 1..<30 {
      let aliases = [String](repeating: "*a\(level - 1)", count: 10).joined(separator: ", ")
      text += "a\(level): &a\(level) [\(aliases)]\n"
    }
    #expect(throws: SourceError.self) { try parse(text) }
  }

  @Test func `thousands of keys are read in no time`() throws {
    let text = (0..<20_000).map { "label-\($0): {title: Title \($0)}\n" }.joined()
    guard case .object(let members) = try parse(text) else {
      Issue.record("no mapping")
      return
    }
    #expect(members.count == 20_000)
  }

  @Test func `a file says what it is not`() throws {
    let directory = try TemporaryDirectory()
    func refusal(_ url: URL) -> SourceError? {
      #expect(throws: SourceError.self) {
        try YAMLDocument.read(
          url, name: "labels.yaml", neededBy: "`tasks.issue.labels` in `pack.yaml`")
      }
    }
    let missing = refusal(directory.url.appending(path: "labels.yaml"))
    #expect(
      missing?.message
        == "`labels.yaml` does not exist, expected the file that `tasks.issue.labels` in `pack.yaml` needs"
    )
    #expect(refusal(directory.url)?.message == "`labels.yaml` cannot be read: it is a directory")
    let broken = try directory.write(Array("a: 1\nb: ".utf8) + [0xFF, 0x0A], to: "broken")
    #expect(
      refusal(broken)?.message
        == "`labels.yaml` line 2: expected YAML, got bytes that are not UTF-8")
    let large = try directory.write([UInt8](repeating: 0x20, count: (4 << 20) + 1), to: "large")
    #expect(
      refusal(large)?.message
        == "`labels.yaml` cannot be read: it has 4194305 bytes, expected at most 4194304")
    let pipe = directory.path("pipe")
    #expect(mkfifo(pipe, 0o600) == 0)
    #expect(
      refusal(URL(fileURLWithPath: pipe))?.message
        == "`labels.yaml` cannot be read: it is no regular file")
  }
}
