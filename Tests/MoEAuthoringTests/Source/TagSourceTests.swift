import MoEAuthoring
import MoEBase
import MoEEval
import MoETestSupport
import Testing

/// Data lines with any number of labels, in every format, right and wrong.
@Suite struct TagSourceTests {
  private func read(
    _ text: String, name: String = "x.jsonl", _ kind: ExampleFile.Kind = .eval(.tag)
  ) throws -> [MoEEval.Expectation?] {
    try ExampleFile(bytes: Array(text.utf8), name: name, kind: kind).examples.map(\.expectation)
  }

  private func refusal(
    _ text: String, name: String = "x.jsonl", _ kind: ExampleFile.Kind = .eval(.tag)
  ) -> String? {
    do {
      _ = try read(text, name: name, kind)
      return nil
    } catch {
      return (error as? SourceError)?.message
    }
  }

  @Test func `a list of labels is read, an empty one too`() throws {
    let lines = [
      #"{"text": "a", "labels": ["x", "y"]}"#, #"{"text": "b", "labels": []}"#,
      #"{"text": "c", "expect": "none"}"#,
    ]
    let expected: [MoEEval.Expectation?] = [
      .labels(["x", "y"]), .labels([]), MoEEval.Expectation.none,
    ]
    #expect(try read(lines.joined(separator: "\n")) == expected)
  }

  @Test func `a field of a delimited file holds them with a separator between`() throws {
    let commas = try read("text,labels\na,x; y\nb,\nc,z\n", name: "x.csv", .training(.tag))
    let three: [MoEEval.Expectation?] = [.labels(["x", "y"]), .labels([]), .labels(["z"])]
    #expect(commas == three)
    let tabs = try read(
      "labels\texpect\ttext\nx|y\t\ta\n\tnone\tb\n", name: "x.tsv", .eval(.tag, separator: "|"))
    let two: [MoEEval.Expectation?] = [.labels(["x", "y"]), MoEEval.Expectation.none]
    #expect(tabs == two)
  }

  @Test(arguments: [
    (
      #"{"text": "a", "label": "x", "labels": ["x"]}"#,
      "`label`: `labels`, a list, and nothing else"
    ),
    (#"{"text": "a", "label": "x"}"#, "`label`: `labels`, a list, and nothing else"),
    (#"{"text": "a"}"#, "`labels`: a list of labels, or `expect` with the value `none`"),
    (#"{"text": "a", "labels": "x"}"#, "`labels`: "),
    (#"{"text": "a", "labels": [1]}"#, "`labels"),
    (#"{"text": "a", "labels": ["x", "x"]}"#, "each label once, got `x` twice"),
    (#"{"text": "a", "labels": [""]}"#, "labels of 1 to 128 bytes"),
    (#"{"text": "a", "labels": [" x"]}"#, "labels of 1 to 128 bytes"),
    (
      #"{"text": "a", "labels": ["x"], "expect": "none"}"#, "`expect` to be `none`, without a label"
    ),
    (#"{"text": "a", "labels": ["x"], "more": 1}"#, "more"),
  ])
  func `a line that says something else is refused`(_ line: String, _ piece: String) {
    let message = refusal(line)
    #expect(message?.contains(piece) == true, "\(message ?? "nothing")")
    #expect(message?.contains("line 1") == true)
  }

  @Test func `delimited files are held to their columns`() {
    #expect(refusal("text,label\na,x\n", name: "x.csv")?.contains("`labels`") == true)
    #expect(refusal("text,labels\na,x;;y\n", name: "x.csv")?.contains("none twice, got ``") == true)
    #expect(refusal("text,labels\na,x;x\n", name: "x.csv")?.contains("column 3") == true)
    #expect(refusal("text,label\na,x\n", name: "x.csv", .eval(.classify)) == nil)
  }

  private func source(_ change: (inout SourceDirectory) -> Void) -> SourceError? {
    var source = SourceDirectory()
    source.files = TinyTags.files()
    change(&source)
    return source.refusal(allowsNearDuplicates: true)
  }

  @Test func `a source is held to its labels`() {
    #expect(source { _ in } == nil)
    let unknown = source {
      $0["evals/topics.jsonl"] += #"{"text": "q", "labels": ["other"]}"# + "\n"
    }
    #expect(unknown?.code == "source-label-unknown", "\(String(describing: unknown))")
    let rare = source { $0["data/train.jsonl"] += #"{"text": "q", "labels": ["rare"]}"# + "\n" }
    #expect(rare?.message.contains("label `rare` has 1 training texts") == true)
    let bare = source { source in
      source["data/train.jsonl"] = #"{"text": "a", "labels": []}"# + "\n"
    }
    #expect(bare?.message.contains("expected some text to have a label") == true)
    let unmeasured = source { source in
      source["evals/topics.jsonl"] = #"{"text": "a", "labels": []}"# + "\n"
    }
    #expect(unmeasured?.message.contains("at least one example that has a label") == true)
    let metric = source { $0.replace("microF1", by: "accuracy") }
    #expect(metric?.message.contains("expected `microF1` or `macroF1`") == true)
    for separator in ["a", "''", "'\"'", "'123456789'"] {
      let refused = source {
        $0.replace("kind: tag,", by: "kind: tag, separator: \(separator),")
      }
      #expect(refused?.message.contains("`tasks.topics.separator`") == true, "\(separator)")
    }
    let misplaced = source { $0.replace("kind: tag,", by: "kind: classify, separator: '|',") }
    #expect(misplaced != nil)
  }
}
