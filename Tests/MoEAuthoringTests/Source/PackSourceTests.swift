import Foundation
import MoEAuthoring
import MoEBase
import MoEPackFormat
import MoETestSupport
import Testing

@Suite struct PackSourceTests {
  @Test func `a source that is right is read`() throws {
    let source = try SourceDirectory().read()
    #expect(source.labels == ["arrest", "cargo"])
    #expect(source.catalog["issue", "arrest"]?.title == "Arrest of a ship")
    #expect(source.catalog["issue", "arrest"]?.authority == "s 3")
    #expect(source.catalog["issue", "cargo"]?.authority == nil)
    #expect(source.train.examples.count == 10 && source.valid?.examples.count == 2)
    #expect(source.negatives?.examples.count == 1)
    #expect(source.evals.map(\.file.examples.count) == [3])
    #expect(source.card == Array("# A law\n".utf8) && source.license == Array("Apache-2.0\n".utf8))
    #expect(!source.nearDuplicatesAllowed)
  }

  @Test func `labels stand in the order of their bytes`() throws {
    var directory = SourceDirectory()
    directory["labels.yaml"] = "b: {title: B}\né: {title: É}\nB: {title: B}\nz: {title: Z}\n"
    let labels = ["z", "b", "é", "B"]
    directory.set(
      "data/train.jsonl", labels.flatMap { label in (0..<4).map { (label, "\(label) \($0)") } })
    directory.set("data/valid.jsonl", [("z", "valid")])
    directory.set("evals/issue.jsonl", [("é", "eval")])
    #expect(try directory.read().labels == ["B", "b", "z", "é"])
  }

  @Test func `optional files may be left out, and labels be those of the training texts`() throws {
    var directory = SourceDirectory()
    for line in [
      "valid: data/valid.jsonl", "labels: labels.yaml", "negatives: data/negatives.jsonl",
    ] {
      directory.replace("    \(line)\n", by: "")
    }
    for name in ["data/valid.jsonl", "labels.yaml", "data/negatives.jsonl"] {
      directory.files[name] = nil
    }
    let source = try directory.read()
    #expect(source.labels == ["arrest", "cargo"] && source.valid == nil && source.negatives == nil)
    #expect(source.catalog["issue", "arrest"] == nil)
  }

  @Test func `a single label is enough`() throws {
    var directory = SourceDirectory()
    directory["labels.yaml"] = "arrest: {title: Arrest of a ship}\n"
    directory.set("data/train.jsonl", (0..<4).map { ("arrest", "ship \($0)") })
    directory.set("data/valid.jsonl", [("arrest", "vessel")])
    directory.set("evals/issue.jsonl", [("arrest", "may we hold the tanker")])
    #expect(try directory.read().labels == ["arrest"])
    directory.replace("    labels: labels.yaml\n", by: "")
    #expect(try directory.read().labels == ["arrest"])
  }

  @Test func `a directory without pack.yaml is no source`() throws {
    let empty = try TemporaryDirectory()
    for url in [empty.url, empty.url.appending(path: "gone")] {
      let error = #expect(throws: SourceError.self) { try PackSource(directory: url) }
      #expect(
        error?.message == "`\(url.path)` is no pack source, expected a directory with a `pack.yaml`"
      )
      #expect(error?.code == "source-missing" && error?.exitCode == .notFound)
    }
  }

  @Test(arguments: [
    ("data/train.jsonl", "`tasks.issue` in `pack.yaml`"),
    ("data/valid.jsonl", "`tasks.issue` in `pack.yaml`"),
    ("data/negatives.jsonl", "`tasks.issue` in `pack.yaml`"),
    ("evals/issue.jsonl", "`evals.issue` in `pack.yaml`"),
    ("labels.yaml", "`tasks.issue.labels` in `pack.yaml`"), ("CARD.md", "a pack source"),
    ("LICENSE", "a pack source"),
  ])
  func `a file that is not there is named with what needs it`(_ name: String, _ owner: String) {
    var directory = SourceDirectory()
    directory.files[name] = nil
    let error = directory.refusal()
    #expect(error?.message == "`\(name)` does not exist, expected the file that \(owner) needs")
    #expect(error?.code == "source-file-missing" && error?.exitCode == .notFound)
  }

  @Test func `a directory in the place of a file cannot be read`() {
    var directory = SourceDirectory()
    directory.replace("data/train.jsonl", by: "evals")
    let error = directory.refusal()
    #expect(error?.message == "`evals` cannot be read: it is a directory")
    #expect(error?.exitCode == .inputOutput)
  }

  @Test func `a path out of the source is refused before anything is read`() {
    for path in ["../secret.jsonl", "/etc/passwd", "data/../../x"] {
      var directory = SourceDirectory()
      directory.replace("data/train.jsonl", by: path)
      #expect(
        directory.refusal()?.message
          == "`pack.yaml`: `tasks.issue.train`: expected a path within the source, without `..` and not "
          + "absolute, got `\(path)`")
    }
  }

  @Test func `pack.yaml is read as YAML, with the line of what is wrong`() {
    var directory = SourceDirectory()
    directory.replace("release: 1", by: "release: [1")
    #expect(directory.refusal()?.code == "source-yaml")
    directory = SourceDirectory()
    directory.replace("release: 1", by: "release: 1\nrelease: 2")
    #expect(
      directory.refusal()?.message
        == "`pack.yaml` line 4: expected YAML, got the key `release` twice")
    // What YAML takes for another type than the vendor meant.
    for (piece, other, message) in [
      (
        "version: 1.0.0", "version: 1.0",
        "`version`: expected a semantic version such as `1.0.0`, got a number"
      ),
      (
        "release: 1", "release: \"1\"",
        "`release`: expected a whole number from 1 to 1000000000, got a string"
      ),
      (
        "release: 1", "release: 1.0",
        "`release`: expected a whole number from 1 to 1000000000, got a number"
      ),
      (
        "seed: 7", "seed: 0x7", "`seed`: expected a whole number from 0 to \(Int.max), got a string"
      ),
      ("floor: 0.5", "floor: 50%", "`evals.issue.floor`: expected a number, got a string"),
      ("[en]", "en", "`about.languages`: expected an array, got a string"),
      ("summary: A law", "summary:", "`summary`: expected \(Self.line(300)), got null"),
    ] {
      directory = SourceDirectory()
      directory.replace(piece, by: other)
      #expect(directory.refusal()?.message == "`pack.yaml`: " + message)
    }
    directory = SourceDirectory()
    directory.replace("languages: [en]", by: "languages: [no]")
    #expect(throws: Never.self) { try directory.read() }
  }

  @Test func `a backbone that is not known is refused with those that are`() throws {
    var directory = SourceDirectory()
    for name in ["minilm", "Tiny", "tiny2"] {
      directory.replace("backbone: tiny", by: "backbone: \(name)")
      let error = directory.refusal()
      #expect(
        error?.message
          == "`pack.yaml`: `backbone`: expected a known backbone: `tiny`, `small`, got `\(name)`")
      #expect(error?.code == "source-field" && error?.exitCode == .badData)
      directory = SourceDirectory()
    }
    directory.replace("backbone: tiny", by: "backbone: small")
    #expect(try directory.read().description.backbone == "small")
  }

  private static func line(_ limit: Int) -> String {
    "one line of 1 to \(limit) bytes without control characters or outer spaces"
  }

  /// Label files, and what is said of them.
  private static let labelFiles: [(String, String)] = [
    ("", "`labels.yaml` line 1: expected YAML, got an empty document"),
    ("# none yet\n", "`labels.yaml` line 1: expected YAML, got an empty document"),
    ("{}\n", "`labels.yaml`: `the document`: expected at least one label, got none"),
    ("null\n", "`labels.yaml`: `the document`: expected an object, got null"),
    ("- arrest\n", "`labels.yaml`: `the document`: expected an object, got an array"),
    ("arrest\n", "`labels.yaml`: `the document`: expected an object, got a string"),
    ("arrest:\n", "`labels.yaml`: `arrest`: expected an object, got null"),
    ("arrest: Arrest of a ship\n", "`labels.yaml`: `arrest`: expected an object, got a string"),
    ("arrest: {}\n", "`labels.yaml`: `arrest.title`: expected \(line(300)), got nothing"),
    (
      "arrest: {title: 3}\n",
      "`labels.yaml`: `arrest.title`: expected \(line(300)), got a whole number"
    ),
    ("arrest: {title: \"\"}\n", "`labels.yaml`: `arrest.title`: expected \(line(300)), got ``"),
    (
      "arrest: {title: \"a\\nb\"}\n",
      "`labels.yaml`: `arrest.title`: expected \(line(300)), got `a\nb`"
    ),
    (
      "arrest: {title: A, authority: [s 3]}\n",
      "`labels.yaml`: `arrest.authority`: expected \(line(500)), got an array"
    ),
    (
      "arrest: {title: A, note: ~}\n",
      "`labels.yaml`: `arrest.note`: expected \(line(2000)), got null"
    ),
    (
      "arrest: {title: A, act: B}\n",
      "`labels.yaml`: `arrest.act`: expected one of the keys `authority`, `note`, `title`, got a key that is not known"
    ),
    (
      "arrest: {title: A}\narrest: {title: B}\n",
      "`labels.yaml` line 2: expected YAML, got the key `arrest` twice"
    ),
    (
      "\"\": {title: A}\n",
      "`labels.yaml`: `the document`: expected labels of 1 to 128 bytes without control characters or outer spaces, "
        + "got ``"
    ),
    (
      "\"a\\tb\": {title: A}\n",
      "`labels.yaml`: `the document`: expected labels of 1 to 128 bytes without control characters or outer spaces, "
        + "got `a\tb`"
    ),
  ]

  @Test(arguments: labelFiles)
  func `a label file that is wrong is named with its place`(_ text: String, _ message: String) {
    var directory = SourceDirectory()
    directory["labels.yaml"] = text
    #expect(directory.refusal()?.message == message)
    #expect(directory.refusal()?.exitCode == .badData)
  }

  @Test(arguments: ["data/train.jsonl", "data/valid.jsonl", "evals/issue.jsonl"])
  func `a label that labels.yaml does not list is named with its line`(_ name: String) {
    var directory = SourceDirectory()
    directory[name] += #"{"text": "who pays the pilot", "label": "pilotage"}"# + "\n"
    let line = directory[name].split(separator: "\n").count
    let error = directory.refusal()
    #expect(
      error?.message
        == "`\(name)` line \(line): label `pilotage` is not in `labels.yaml`, expected one of the "
        + "labels listed there")
    #expect(error?.code == "source-label-unknown" && error?.exitCode == .badData)
  }

  @Test func `without labels.yaml the training file lists the labels`() {
    var directory = SourceDirectory()
    directory.replace("    labels: labels.yaml\n", by: "")
    directory["evals/issue.jsonl"] += #"{"text": "who pays the pilot", "label": "pilotage"}"# + "\n"
    #expect(
      directory.refusal()?.message
        == "`evals/issue.jsonl` line 4: label `pilotage` is not in `data/train.jsonl`, "
        + "expected one of the labels listed there")
  }

  @Test func `labels are told apart by their bytes`() {
    var directory = SourceDirectory()
    directory["labels.yaml"] += "caf\u{E9}: {title: Café}\n"
    directory["data/train.jsonl"] += (0..<4).map {
      "{\"text\": \"coffee \($0)\", \"label\": \"cafe\u{301}\"}\n"
    }.joined()
    #expect(directory.refusal()?.code == "source-label-unknown")
    directory.replace("    labels: labels.yaml\n", by: "")
    directory["data/train.jsonl"] += "{\"text\": \"more coffee\", \"label\": \"caf\u{E9}\"}\n"
    let error = directory.refusal()
    #expect(
      error?.message
        == "`data/train.jsonl` line 15: expected label `caf\u{E9}` in the same bytes as on line 11, "
        + "got another Unicode form of it")
  }

  @Test func `a label with few training texts, or none, is named with their number`() {
    var directory = SourceDirectory()
    directory["labels.yaml"] += "salvage: {title: Salvage}\n"
    for count in 0..<PackSource.leastTexts {
      if count > 0 {
        directory["data/train.jsonl"] += "{\"text\": \"tow \(count)\", \"label\": \"salvage\"}\n"
      }
      let error = directory.refusal()
      #expect(
        error?.message
          == "`data/train.jsonl`: label `salvage` has \(count) training texts, expected at least 4")
      #expect(error?.code == "source-label-rare" && error?.exitCode == .badData)
    }
    directory["data/train.jsonl"] += "{\"text\": \"tow 4\", \"label\": \"salvage\"}\n"
    #expect(throws: Never.self) { try directory.read() }
  }

  @Test(arguments: [
    "data/train.jsonl", "data/valid.jsonl", "data/negatives.jsonl", "evals/issue.jsonl",
  ])
  func `a data file that is empty, or wrong in a line, is named`(_ name: String) {
    var directory = SourceDirectory()
    directory[name] = ""
    #expect(
      directory.refusal()?.message == "`\(name)` holds no line, expected at least one example")
    directory = SourceDirectory()
    directory[name] += "\n"
    let line = directory[name].split(separator: "\n").count + 1
    #expect(
      directory.refusal()?.message
        == "`\(name)` line \(line): expected a JSON object, got an empty line")
  }

  @Test func `an eval set measures at least one label`() {
    var directory = SourceDirectory()
    directory["evals/issue.jsonl"] = #"{"text": "a recipe for soup", "expect": "none"}"# + "\n"
    #expect(
      directory.refusal()?.message
        == "`pack.yaml`: `evals.issue.data`: expected a file with at least one example that "
        + "has an answer, got `evals/issue.jsonl` without one")
  }
}
