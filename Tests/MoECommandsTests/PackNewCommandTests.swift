import Foundation
import MoEBase
import MoETestSupport
import Testing

@Suite struct PackNewCommandTests {
  let bench: CommandBench

  init() throws { bench = try CommandBench() }

  /// A table of tickets: two labels of twelve texts each, a copy, a contradiction, a row without a label.
  private func table() throws -> String {
    var text = "id,message,topic\r\n"
    for (index, thing) in [
      "kettle", "lamp", "radio", "toaster", "fan", "heater", "drill", "printer", "phone", "clock",
      "scale", "mixer",
    ].enumerated() {
      text += "\(index),\"My \(thing) arrived broken, what now?\",repair\r\n"
      text +=
        "\(index),\"Where is the invoice for a \(thing)\nI bought \"\"online\"\"?\",billing\r\n"
    }
    text +=
      "x,\"My kettle arrived broken, what now?\",repair\r\ny,same,repair\r\ny,same,billing\r\nz,lost,\r\n"
    let path = bench.directory.path("tickets.csv")
    try bench.directory.write(text.utf8, to: "tickets.csv")
    return path
  }

  @Test func `a table becomes a source that a check has no fault of`() throws {
    let directory = bench.directory.path("tickets")
    let result = try bench.run(
      "pack", "new", directory, "--from", try table(), "--name", "acme/tickets", "--json")
    #expect(result.status == 0, "\(result.messages)")
    let json = try result.json()
    #expect(json["trainTexts"] == 20 && json["evalTexts"] == 4 && json["duplicates"] == 1)
    #expect(json["labels"] == ["billing", "repair"])
    #expect(json["contradictions"].map { "\($0.text)".contains("line 39") } == true)
    let check = try bench.run("pack", "check", directory, "--json")
    #expect(check.status == 0, "\(check.messages)")
    guard case .array(let findings)? = try check.json()["findings"] else {
      Issue.record("no findings: \(check.output)")
      return
    }
    #expect(findings.allSatisfy { $0["weight"] != "fault" })
    // Twelve texts a label are few, and four to measure by are too.
    let codes = findings.compactMap { $0["code"]?.text }
    #expect(codes.contains("\"label-few\"") && codes.contains("\"eval-small\""))
    #expect(try bench.run("pack", "check", directory, "--strict").status == 65)
    let again = try bench.run("pack", "new", directory)
    #expect(again.status == 65 && again.messages.contains("is there already"))
  }

  @Test func `a person reads what was made, what was left out and what to do next`() throws {
    let directory = bench.directory.path("tickets")
    let result = try bench.run("pack", "new", directory, "--from", try table())
    #expect(
      result.output.contains("example/tickets: 2 labels, 20 texts to learn from, 4 to measure by"))
    #expect(result.messages.contains("left out: 1 text that stood there before"))
    #expect(result.messages.contains("left out: 2 texts with two labels"))
    #expect(result.messages.contains("left out: 1 text without a text or a label"))
    #expect(result.messages.contains("moe-pack pack build"))
  }

  @Test func `without a table there is an example to build`() throws {
    let directory = bench.directory.path("desk")
    #expect(try bench.run("pack", "new", directory).status == 0)
    let check = try bench.run("pack", "check", directory)
    #expect(check.status == 0, "\(check.output)")
    #expect(check.output.contains("36 training texts"))
  }

  @Test func `a table without its columns, and options that cannot be, are refused`() throws {
    try bench.directory.write("a,b\n1,2\n".utf8, to: "odd.csv")
    let odd = try bench.run(
      "pack", "new", bench.directory.path("x"), "--from", bench.directory.path("odd.csv"))
    #expect(odd.status == 65 && odd.messages.contains("--text-column NAME"))
    let away = try bench.run("pack", "new", bench.directory.path("x"), "--from", "nowhere.csv")
    #expect(away.status == 66 && away.messages.contains("`nowhere.csv` does not exist"))
    for arguments in [
      ["--name", "Acme"], ["--eval-share", "0.9"], ["--as-of", "2026-02-30"], ["--task", "A B"],
      ["--language", "english language"], ["--summary", "a\nb"],
    ] {
      let result = try bench.run(words: ["pack", "new", bench.directory.path("x")] + arguments)
      #expect(result.status == 64, "\(arguments)")
    }
    #expect(!FileManager.default.fileExists(atPath: bench.directory.path("x")))
  }

  @Test func `whoever sits at a terminal is asked, and an empty line takes the default`() throws {
    let directory = bench.directory.path("desk")
    let terminal = try PseudoTerminal()
    terminal.type("several\ntag\nAcme Desk\nacme/desk\n\nMIT\nde\n")
    let result = try bench.run(
      "pack", "new", directory, "--from", try table(), messages: terminal.slave,
      keyboard: terminal.slave)
    let screen = terminal.drain()
    #expect(result.status == 0, "\(screen)")
    for question in [
      "One label a text (classify) or any number (tag) [classify]: ",
      "that does not fit; as in `classify`", "Name of the pack, namespace/name [example/desk]: ",
      "that does not fit; as in `example/desk`", "What is it about, in one line [desk]: ",
      "Licence of texts and weights (SPDX) [LicenseRef-Proprietary]: ",
      "Language of the texts [en]: ",
    ] { #expect(screen.contains(question), "\(question) in \(screen)") }
    let yaml = try String(contentsOfFile: "\(directory)/pack.yaml", encoding: .utf8)
    for line in [
      "pack: acme/desk\n", "summary: \"desk\"\n", "license: \"MIT\"\n", "languages: [\"de\"]",
      "kind: tag\n", "metric: microF1",
    ] { #expect(yaml.contains(line), "\(line) in \(yaml)") }
    let train = try String(contentsOfFile: "\(directory)/data/train.jsonl", encoding: .utf8)
    #expect(train.contains(#""labels":["repair"]"#))
    // An empty label is no label where a text may have any number.
    #expect(result.output.contains("2 labels"))
    #expect(try bench.run("pack", "check", directory).status == 0)
  }

  @Test
  func `what an option says is not asked, and after three wrong answers the default is taken`()
    throws
  {
    let terminal = try PseudoTerminal()
    terminal.type("a\nb\nc\n")
    let directory = bench.directory.path("desk")
    let result = try bench.run(
      "pack", "new", directory, "--from", try table(), "--kind", "classify", "--summary", "x",
      "--license", "MIT", "--language", "fr", messages: terminal.slave, keyboard: terminal.slave)
    let screen = terminal.drain()
    #expect(result.status == 0, "\(screen)")
    #expect(screen.components(separatedBy: "that does not fit").count == 4, "\(screen)")
    #expect(!screen.contains("What is it about") && !screen.contains("One label a text"))
    let yaml = try String(contentsOfFile: "\(directory)/pack.yaml", encoding: .utf8)
    #expect(yaml.contains("pack: example/desk\n") && yaml.contains("kind: classify"))
  }

  @Test func `lists of labels make a pack of tags, words with a separator where that is said`()
    throws
  {
    let texts = TinyTags.texts(60, seed: 9)
    try bench.directory.write(
      texts.map(TinyTags.line).flatMap { $0.bytes + [0x0A] }, to: "lists.jsonl")
    let words = texts.map { "\($0.text)\t\($0.labels.joined(separator: " | "))\n" }.joined()
    try bench.directory.write(Array(("text\ttags\n" + words).utf8), to: "words.tsv")
    let lists = try bench.run(
      "pack", "new", bench.directory.path("lists"), "--from", bench.directory.path("lists.jsonl"),
      "--json")
    #expect(lists.status == 0, "\(lists.messages)")
    let json = try lists.json()
    #expect(json["kind"] == "tag" && json["labels"] == ["tag-0", "tag-1", "tag-2"])
    let split = try bench.run(
      "pack", "new", bench.directory.path("words"), "--from", bench.directory.path("words.tsv"),
      "--kind", "tag", "--separator", "|", "--json")
    #expect(split.status == 0, "\(split.messages)")
    for file in ["data/train.jsonl", "evals/topic.jsonl", "labels.yaml"] {
      #expect(
        try Data(contentsOf: URL(fileURLWithPath: bench.directory.path("lists/\(file)")))
          == Data(contentsOf: URL(fileURLWithPath: bench.directory.path("words/\(file)"))),
        "\(file)")
    }
    // A fifth of every label's texts is measured by, and some of those without one.
    let evals = try Data(
      contentsOf: URL(fileURLWithPath: bench.directory.path("lists/evals/topic.jsonl"))
    ).split(separator: 0x0A).map { try JSONValue(parsing: Array($0)) }
    for label in TinyTags.labels {
      let count = evals.count { line in
        if case .array(let labels)? = line["labels"] {
          labels.contains(.string(label))
        } else {
          false
        }
      }
      #expect((3...8).contains(count), "\(label): \(count)")
    }
    #expect(evals.contains { $0["labels"] == [] })
    // Always giving the same labels is the floor: a check has nothing to say against more than that.
    let check = try bench.run("pack", "check", bench.directory.path("lists"), "--json")
    #expect(check.status == 0, "\(check.messages)")
    let bad = try bench.run(
      "pack", "new", bench.directory.path("bad"), "--from", bench.directory.path("words.tsv"),
      "--separator", "x")
    #expect(bad.status == 64)
  }
}
