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
}
