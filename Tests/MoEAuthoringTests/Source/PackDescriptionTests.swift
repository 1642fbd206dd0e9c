import MoEAuthoring
import MoEBase
import MoEPackFormat
import Testing

@Suite struct PackDescriptionTests {
  /// A field of `pack.yaml`: where, whether it must be there, what kinds of value it takes, what is expected.
  private struct Field: CustomTestStringConvertible {
    let path: String
    var isRequired = true
    let kinds: Set<String>
    let expected: String
    var testDescription: String { path }

    init(_ path: String, isRequired: Bool = true, _ kinds: Set<String>, _ expected: String) {
      self.path = path
      self.isRequired = isRequired
      self.kinds = kinds
      self.expected = expected
    }
  }

  private static let paths = "a path within the source, without `..` and not absolute"
  private static func line(_ limit: Int) -> String {
    "one line of 1 to \(limit) bytes without control characters or outer spaces"
  }

  private static let fields: [Field] = [
    Field("pack", ["a string"], "`namespace/name` in lower case, digits and hyphens"),
    Field("version", ["a string"], "a semantic version such as `1.0.0`"),
    Field("release", ["a whole number"], "a whole number from 1 to 1000000000"),
    Field("summary", ["a string"], line(300)), Field("license", ["a string"], line(100)),
    Field("backbone", ["a string"], line(100)), Field("about", ["an object"], "an object"),
    Field("about.languages", ["an array"], "an array"),
    Field("about.jurisdictions", isRequired: false, ["an array"], "an array"),
    Field("about.asOf", ["a string"], "a date such as `2026-01-01`"),
    Field("tasks", ["an object"], "an object"), Field("tasks.issue", ["an object"], "an object"),
    Field("tasks.issue.kind", ["a string"], "a string"),
    Field("tasks.issue.train", ["a string"], paths),
    Field("tasks.issue.valid", isRequired: false, ["a string"], paths),
    Field("tasks.issue.labels", isRequired: false, ["a string"], paths),
    Field("tasks.issue.negatives", isRequired: false, ["a string"], paths),
    Field("evals", ["an object"], "an object"), Field("evals.issue", ["an object"], "an object"),
    Field("evals.issue.task", ["a string"], "a string"),
    Field("evals.issue.data", ["a string"], paths),
    Field("evals.issue.metric", ["a string"], "a string"),
    Field("evals.issue.floor", ["a number", "a whole number"], "a number"),
    Field("experts", isRequired: false, ["an object"], "an object"),
    Field("experts.layers", ["a whole number"], "a whole number from 0 to 64"),
    Field("experts.width", ["a whole number"], "a whole number from 1 to 4096"),
    Field("experts.count", isRequired: false, ["a whole number"], "a whole number from 1 to 64"),
    Field("experts.topK", isRequired: false, ["a whole number"], "a whole number from 1 to 3"),
    Field("overlaps", isRequired: false, ["an array"], "an array"),
    Field("seed", isRequired: false, ["a whole number"], "a whole number from 0 to \(Int.max)"),
  ]

  private let right: JSONValue

  init() throws { right = try YAMLDocument.parse(SourceDirectory.yaml, name: "pack.yaml") }

  /// The document with another value at a path; `nil` takes it away.
  private func document(
    _ path: some Collection<Substring>, _ value: JSONValue?, in old: JSONValue? = nil
  ) -> JSONValue {
    guard case .object(let members) = old ?? right, let key = path.first else {
      return value ?? .null
    }
    var result: [JSONMember] = []
    var isFound = false
    for member in members {
      guard member.key == key else {
        result.append(member)
        continue
      }
      isFound = true
      if path.count == 1, value == nil { continue }
      result.append(JSONMember(member.key, document(path.dropFirst(), value, in: member.value)))
    }
    if !isFound, let value { result.append(JSONMember(String(key), value)) }
    return .object(result)
  }

  private func expectRefusal(
    of value: JSONValue?, at path: String, named shown: String? = nil, _ expected: String,
    got: String,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let error = #expect(throws: SourceError.self, sourceLocation: sourceLocation) {
      try PackDescription(document(path.split(separator: "."), value))
    }
    #expect(
      error?.message == "`pack.yaml`: `\(shown ?? path)`: expected \(expected), got \(got)",
      sourceLocation: sourceLocation)
    #expect(
      error?.code == "source-field" && error?.exitCode == .badData, sourceLocation: sourceLocation)
  }

  @Test func `every field is read`() throws {
    let description = try PackDescription(right)
    #expect(description.pack.description == "example/law")
    #expect(description.version.description == "1.0.0")
    #expect(description.release == 1)
    #expect(description.summary == "A law" && description.license == "Apache-2.0")
    #expect(description.backbone == "tiny")
    #expect(description.about.languages == ["en"] && description.about.jurisdictions == ["SG"])
    #expect(description.about.asOf == "2026-01-01")
    let task = description.tasks[0]
    #expect(description.tasks.count == 1 && task.name == "issue")
    #expect(task.train == "data/train.jsonl" && task.valid == "data/valid.jsonl")
    #expect(task.labels == "labels.yaml" && task.negatives == "data/negatives.jsonl")
    let eval = description.evals[0]
    #expect(description.evals.count == 1 && eval.name == "issue" && eval.task == "issue")
    #expect(eval.data == "evals/issue.jsonl" && eval.floor == 0.5)
    let experts = try #require(description.experts)
    #expect(experts.layers == 2 && experts.width == 8 && experts.count == 3 && experts.topK == 2)
    #expect(description.overlaps.map(\.description) == ["other/law"])
    #expect(description.seed == 7)
  }

  @Test(arguments: fields)
  private func `a field that is missing is named, or has its default`(_ field: Field) throws {
    guard field.isRequired else {
      // The 2 experts a token of this file are more than the 1 there are by default.
      guard field.path != "experts.count" else { return }
      _ = try PackDescription(document(field.path.split(separator: "."), nil))
      return
    }
    switch field.path {
    case "tasks.issue":
      expectRefusal(of: nil, at: field.path, named: "tasks", "one task", got: "0 tasks")
    case "evals.issue":
      expectRefusal(of: nil, at: field.path, named: "evals", "1 to 64 eval sets", got: "none")
    default: expectRefusal(of: nil, at: field.path, field.expected, got: "nothing")
    }
  }

  @Test func `what is left out has its default`() throws {
    var value = right
    for path in [
      "about.jurisdictions", "tasks.issue.valid", "tasks.issue.labels", "tasks.issue.negatives",
      "experts.count", "experts.topK", "overlaps", "seed",
    ] {
      value = document(path.split(separator: "."), nil, in: value)
    }
    let description = try PackDescription(value)
    #expect(description.about.jurisdictions.isEmpty && description.overlaps.isEmpty)
    #expect(description.tasks[0].valid == nil && description.tasks[0].labels == nil)
    #expect(description.tasks[0].negatives == nil)
    #expect(description.experts?.count == 1 && description.experts?.topK == 1)
    #expect(description.seed == 1)
    #expect(try PackDescription(document(["experts"], nil)).experts == nil)
  }

  @Test(arguments: fields)
  private func `a field of another type is named with what stood there`(_ field: Field) {
    let values: [JSONValue] = [.null, true, 3_000_000_000, 1.5, "x", [], [:]]
    for value in values where !field.kinds.contains(value.kind) {
      expectRefusal(of: value, at: field.path, field.expected, got: value.kind)
    }
  }

  @Test(arguments: ["", "about", "tasks.issue", "evals.issue", "experts"])
  func `a key that is not known is refused at every level, with those that are`(_ level: String)
    throws
  {
    let path = level.isEmpty ? "colour" : level + ".colour"
    let error = #expect(throws: SourceError.self) {
      try PackDescription(document(path.split(separator: "."), "red"))
    }
    let message = try #require(error?.message)
    #expect(message.hasPrefix("`pack.yaml`: `\(path)`: expected one of the keys `"), "\(message)")
    #expect(message.hasSuffix(", got a key that is not known"), "\(message)")
  }

  /// Values of the right type that say what must not be said.
  private static let grammar: [(String, [JSONValue], String)] = [
    (
      "pack",
      [
        "", "law", "/law", "example/", "a/b/c", "Example/law", "exa_mple/law", "example/la w",
        "é/law",
        "-a/law", "example/-b", "example/law\n", " example/law", "example/ＬＡＷ",
        .string(String(repeating: "a", count: 40) + "/law"),
        .string("a/" + String(repeating: "b", count: 64)),
      ], "`namespace/name` in lower case, digits and hyphens"
    ),
    (
      "version",
      [
        "", "1", "1.0", "v1.0.0", "01.0.0", "1.0.0-", "1.0.0+", "1.0.0 ", "1.0.0-01", "1.0.0\n",
        "١.0.0",
      ],
      "a semantic version such as `1.0.0`"
    ),
    (
      "summary",
      [
        "", " ", " a", "a ", "a\nb", "a\u{7F}", "a\u{85}b", "a\u{2028}b", "a\u{202E}b", "\u{FEFF}a",
        .string(String(repeating: "é", count: 151)),
      ], line(300)
    ),
    ("license", ["", "MIT\t", .string(String(repeating: "x", count: 101))], line(100)),
    ("backbone", ["", " minilm", .string(String(repeating: "x", count: 101))], line(100)),
    (
      "about.asOf",
      [
        "", "2026", "2026-1-1", "2026-13-01", "2026-02-29", "2026-00-10", "2026-01-00",
        "2026-01-32",
        "01-01-2026", "2026-01-01 ", "2026/01/01", "2026-01-01T00:00:00Z", "٢٠٢٦-01-01",
        "+026-01-01",
      ], "a date such as `2026-01-01`"
    ),
    (
      "tasks.issue.train",
      [
        "", "/etc/passwd", "..", "../data", "data/../../x", "./data", "data/", "data//x", "data/.",
        "a\0b", "a\nb",
        "a ", .string(String(repeating: "x", count: 256)),
      ], paths
    ),
    ("tasks.issue.valid", ["../x"], paths), ("tasks.issue.labels", ["/x"], paths),
    ("tasks.issue.negatives", [""], paths), ("evals.issue.data", ["x/../y"], paths),
    (
      "tasks.issue.kind", ["", "regress", "Classify", "classify "],
      "`classify`, `tag`, `choose`, `generate`, `perplexity`"
    ),
    ("evals.issue.task", ["", "other"], "one of the tasks `issue`"),
    ("evals.issue.metric", ["", "f1", "Accuracy"], "`accuracy`"),
  ]

  @Test(arguments: grammar)
  func `a value that breaks its rule is shown beside it`(
    _ path: String, _ values: [JSONValue], _ expected: String
  ) {
    for value in values {
      guard case .string(let text) = value else { continue }
      expectRefusal(of: value, at: path, expected, got: "`\(text.prefix(80))`")
    }
  }

  @Test(arguments: [
    ("release", [0, -1, 1_000_000_001], "a whole number from 1 to 1000000000"),
    ("experts.layers", [-1, 65], "a whole number from 0 to 64"),
    ("experts.width", [0, 4097], "a whole number from 1 to 4096"),
    ("experts.count", [0, 65], "a whole number from 1 to 64"),
    ("experts.topK", [0, 4], "a whole number from 1 to 3"),
    ("seed", [-1], "a whole number from 0 to \(Int.max)"),
  ])
  func `a number out of range is shown beside it`(
    _ path: String, _ values: [Int], _ expected: String
  ) {
    for value in values { expectRefusal(of: .integer(value), at: path, expected, got: "\(value)") }
  }

  @Test func `a floor is a share`() throws {
    expectRefusal(of: -0.1, at: "evals.issue.floor", "a number from 0.0 to 1.0", got: "-0.1")
    expectRefusal(of: 90, at: "evals.issue.floor", "a number from 0.0 to 1.0", got: "90.0")
    for floor: JSONValue in [0, 1, 0.0, 1.0, 0.905] {
      _ = try PackDescription(document(["evals", "issue", "floor"], floor))
    }
  }

  @Test func `elements of lists are named by their place`() {
    let code = "a code of 2 to 16 letters, digits and hyphens"
    for bad in ["", "e", "e n", "-en", "en_GB", "日本", "e\u{301}n", "en\u{10}", "abcdefghijklmnopq"]
    {
      expectRefusal(
        of: ["en", .string(bad)], at: "about.languages", named: "about.languages[1]", code,
        got: "`\(bad)`")
      expectRefusal(
        of: [.string(bad)], at: "about.jurisdictions", named: "about.jurisdictions[0]", code,
        got: "`\(bad)`")
    }
    expectRefusal(
      of: ["en", 3], at: "about.languages", named: "about.languages[1]", "a string",
      got: "a whole number")
    let name = "the name of a pack, `namespace/name`, once"
    expectRefusal(of: ["a/b", "b"], at: "overlaps", named: "overlaps[1]", name, got: "`b`")
    expectRefusal(of: ["a/b", "a/b"], at: "overlaps", named: "overlaps[1]", name, got: "`a/b`")
    let many = JSONValue.array((0..<257).map { _ in "en" })
    expectRefusal(of: many, at: "about.languages", "at most 256 elements", got: "257")
  }

  @Test func `names of tasks and eval sets keep their grammar`() {
    let expected = "a name of lower-case letters, digits, `-` and `_`"
    for bad in ["Issue", "is sue", "-issue", "_issue", "issué", ""] {
      let error = #expect(throws: SourceError.self) {
        try PackDescription(document(["tasks"], .object([JSONMember(bad, ["kind": "classify"])])))
      }
      #expect(error?.message == "`pack.yaml`: `tasks.\(bad)`: expected \(expected), got `\(bad)`")
    }
    expectRefusal(
      of: ["Main": ["task": "issue"]], at: "evals", named: "evals.Main", expected, got: "`Main`")
  }

  @Test func `there is exactly one task, and 1 to 64 eval sets`() {
    let task: JSONValue = ["kind": "classify", "train": "a.jsonl"]
    expectRefusal(of: ["a": task, "b": task], at: "tasks", "one task", got: "2 tasks")
    expectRefusal(of: [:], at: "tasks", "one task", got: "0 tasks")
    let eval: JSONValue = ["task": "issue", "data": "a.jsonl", "metric": "accuracy", "floor": 0]
    let many = JSONValue.object((0..<65).map { JSONMember("e\($0)", eval) })
    expectRefusal(of: many, at: "evals", "1 to 64 eval sets", got: "65")
  }

  @Test func `a document that is no mapping is refused`() {
    for value: JSONValue in [.null, "pack", 1, [], true] {
      let error = #expect(throws: SourceError.self) { try PackDescription(value) }
      #expect(
        error?.message == "`pack.yaml`: `the document`: expected an object, got \(value.kind)")
    }
  }
}
