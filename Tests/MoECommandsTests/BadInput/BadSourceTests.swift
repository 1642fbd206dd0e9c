import Foundation
import MoEBase
import MoETestSupport
import Testing

/// Pack sources with a fault, through `pack check`: file, place, expected and got, each with exit code 65
/// or 66; `MoEAuthoringTests` goes through every field.
@Suite struct BadSourceTests {
  /// A file of the source with something done to it, and what is said of that.
  struct Fault: Sendable, CustomTestStringConvertible {
    let name: String
    let file: String
    /// What stands in the place of the whole file; `nil` takes it away.
    var content: [UInt8]?
    /// What is put at its end.
    var tail: String = ""
    /// What is put in the place of what.
    var replacing: (old: String, new: String)?
    var status: Int32 = 65
    let says: [String]

    var testDescription: String { name }
  }

  static let faults: [Fault] = [
    Fault(
      name: "no pack.yaml", file: "pack.yaml", status: 66, says: ["is no pack source, expected"]),
    Fault(
      name: "no card", file: "CARD.md", status: 66, says: ["`CARD.md` does not exist, expected"]),
    Fault(name: "no data", file: "train.jsonl", status: 66, says: ["`train.jsonl` does not exist"]),
    Fault(
      name: "no labels", file: "labels.yaml", status: 66, says: ["`labels.yaml` does not exist"]),
    Fault(
      name: "empty YAML", file: "pack.yaml", content: [], says: ["line 1", "got an empty document"]),
    Fault(
      name: "not UTF-8", file: "pack.yaml", content: [0xFF], says: ["expected YAML", "not UTF-8"]),
    yaml("release: 1", "release: one", "`release`: expected a whole number from 1", "got a string"),
    yaml("release: 1", "release: 0", "`release`: expected a whole number from 1", "got 0"),
    yaml("version: 1.0.0", "version: 1.0", "`version`: expected a semantic version"),
    yaml("pack: acme/x", "pack: Acme X", "`pack`: expected `namespace/name`", "got `Acme X`"),
    yaml(
      "kind: classify", "kind: guess",
      "`tasks.t.kind`: expected `classify`, `tag`, `choose`, `generate`, `perplexity`, got `guess`"),
    yaml("floor: 0.5", "floor: 1.5", "`evals.t.floor`: expected a number from 0.0 to 1.0, got 1.5"),
    yaml("task: t,", "task: u,", "`evals.t.task`: expected one of the tasks `t`, got `u`"),
    yaml("train.jsonl", "../train.jsonl", "expected a path within the source", "got `../train"),
    yaml("asOf: 2026-01-01", "asOf: 2026-13-01", "`about.asOf`: expected a date", "got `2026-13"),
    yaml("seed: 1", "sed: 1", "`sed`: expected one of the keys", "got a key that is not known"),
    yaml("seed: 1", "seed: 1\nseed: 2", "line 10: expected", "got the key `seed` twice"),
    yaml(
      "backbone: minilm-l6", "backbone: minilm",
      "`backbone`: expected a known backbone: `minilm-l6`",
      "got `minilm`"),
    yaml("release: 1\n", "", "`release`: expected a whole number from 1", "got nothing"),
    yaml("seed: 1", "seed: [", "expected YAML"),
    line(
      "a label that is not listed", #"{"text": "q", "label": "z"}"#,
      "label `z` is not in `labels.yaml`"),
    line(
      "no label", #"{"text": "q"}"#, "expected `label`: one line of 1 to 128 bytes", "got nothing"),
    line("an empty line", "\n{}", "expected a JSON object, got an empty line"),
    line("no JSON", "hello", "expected one JSON object, got"),
    line("an unknown key", #"{"text": "q", "label": "a", "x": 1}"#, "got a key that is not known"),
    line(
      "an empty text", #"{"text": " ", "label": "a"}"#, "expected a `text`", "got an empty text"),
    line(
      "a text twice", #"{"text": "a text 0", "label": "a"}"#, "the same text stands in", "line 1"),
    Fault(
      name: "bytes that are not UTF-8", file: "train.jsonl", content: [0x7B, 0xFF, 0x0A],
      says: ["`train.jsonl` line 1: expected UTF-8"]),
    Fault(
      name: "no line", file: "train.jsonl", content: [],
      says: ["`train.jsonl` holds no line, expected at least one example"]),
    Fault(
      name: "an eval text that is in training", file: "eval.jsonl",
      tail: #"{"text": "b text 3", "label": "b"}"#,
      says: ["`eval.jsonl` line 4 also stands in `train.jsonl` line 12, expected eval texts"]),
    Fault(
      name: "nearly so", file: "eval.jsonl", tail: #"{"text": "B, TEXT: 3", "label": "b"}"#,
      says: ["line 4 also stands in `train.jsonl` line 12 almost word for word, expected"]),
    Fault(
      name: "an eval set without a label", file: "eval.jsonl",
      content: Array(#"{"text": "q", "expect": "none"}"#.utf8),
      says: ["expected a file with at least one example that has an answer"]),
  ]

  private static func yaml(_ old: String, _ new: String, _ says: String...) -> Fault {
    Fault(name: new, file: "pack.yaml", replacing: (old, new), says: ["`pack.yaml`"] + says)
  }

  private static func line(_ name: String, _ text: String, _ says: String...) -> Fault {
    Fault(name: name, file: "train.jsonl", tail: text, says: ["`train.jsonl` line 17"] + says)
  }

  let bench: CommandBench

  init() throws {
    bench = try CommandBench()
    try bench.trust()
    try FileManager.default.createDirectory(
      at: bench.directory.url.appending(path: "source"), withIntermediateDirectories: false)
    try restore()
  }

  private func restore() throws {
    let texts = ["a", "b"].flatMap { label in
      (0..<8).map { #"{"text": "\#(label) text \#($0)", "label": "\#(label)"}"# + "\n" }
    }.joined()
    let files = [
      "pack.yaml": """
      pack: acme/x
      version: 1.0.0
      release: 1
      summary: Questions
      about: {languages: [en], asOf: 2026-01-01}
      license: Apache-2.0
      backbone: minilm-l6
      tasks: {t: {kind: classify, train: train.jsonl, labels: labels.yaml}}
      seed: 1
      evals: {t: {task: t, data: eval.jsonl, metric: accuracy, floor: 0.5}}

      """,
      "labels.yaml": "a: {title: A}\nb: {title: B}\n", "train.jsonl": texts, "CARD.md": "x",
      "LICENSE": "x",
      "eval.jsonl": #"{"text": "one", "label": "a"}"# + "\n" + #"{"text": "two", "label": "b"}"#
        + "\n"
        + #"{"text": "three", "expect": "none"}"# + "\n",
    ]
    for (name, text) in files { try bench.directory.write(text.utf8, to: "source/" + name) }
  }

  @Test func `every fault is named by file and place`() throws {
    #expect(try bench.run("pack", "check", bench.directory.path("source")).status == 0)
    for fault in Self.faults {
      try restore()
      let path = bench.directory.path("source/" + fault.file)
      var bytes = Array(try Data(contentsOf: URL(fileURLWithPath: path)))
      if let (old, new) = fault.replacing {
        bytes = Array(String(decoding: bytes, as: UTF8.self).replacing(old, with: new).utf8)
      } else if fault.tail.isEmpty {
        bytes = fault.content ?? []
      }
      bytes += Array(fault.tail.utf8)
      if fault.content == nil, fault.tail.isEmpty, fault.replacing == nil {
        try FileManager.default.removeItem(atPath: path)
      } else {
        try bench.directory.write(bytes, to: "source/" + fault.file)
      }
      try bench.expect(
        Refusal(
          name: fault.name, arguments: ["pack", "check", "@source"], status: fault.status,
          says: fault.says, hint: "nothing was built; ", lines: nil))
    }
  }

  @Test func `one label is enough: its question is mine or not`() throws {
    for name in ["train.jsonl", "eval.jsonl"] {
      let text = String(
        decoding: try Data(contentsOf: bench.directory.url.appending(path: "source/" + name)),
        as: UTF8.self)
      let kept = text.split(separator: "\n").filter { !$0.contains(#""b"}"#) }
      try bench.directory.write(kept.joined(separator: "\n").utf8, to: "source/" + name)
    }
    try bench.directory.write("a: {title: A}\n".utf8, to: "source/labels.yaml")
    let result = try bench.run("pack", "check", bench.directory.path("source"))
    #expect(result.status == 0, "\(result.messages)")
  }

  @Test func `an archive that cannot be written is refused before anything is trained`() throws {
    let key = bench.directory.path("vendor.key")
    try bench.run("key", "new", "-o", key)
    for (output, got) in [("/nonexistent/x.moepack", "No such file"), ("/tmp", "Is a directory")] {
      try bench.expect(
        Refusal(
          name: output, arguments: ["pack", "build", "@source", "-o", output, "--key", key],
          status: 74, says: ["`\(output)` cannot be written: expected", got],
          hint: "check the path"))
    }
    try bench.expect(
      Refusal(
        name: "no key", arguments: ["pack", "build", "@source", "-o", "@x", "--key", "@none"],
        status: 66, says: ["key `none` does not exist"], hint: "moe-pack key new"))
    try bench.expect(
      Refusal(
        name: "no backbone", arguments: ["pack", "build", "@source", "-o", "@x", "--key", key],
        status: 66, says: ["backbone `minilm-l6` is not registered here"], hint: "tools/backbone"))
  }
}
