import MoEAuthoring
import MoEBase
import Testing

@Suite struct LeakCheckTests {
  private func line(_ text: String, label: String = "arrest") -> String {
    "{\"text\": \"\(text)\", \"label\": \"\(label)\"}\n"
  }

  @Test(arguments: [
    ("data/train.jsonl", "ship number 2", 5, "data/train.jsonl", 11),
    ("data/valid.jsonl", "ship number 2", 5, "data/train.jsonl", 3),
    ("data/valid.jsonl", "another vessel", 1, "data/valid.jsonl", 3),
  ])
  func `a text that stands twice in training is named with both places`(
    _ name: String, _ text: String, _ firstLine: Int, _ firstFile: String, _ line: Int
  ) {
    var directory = SourceDirectory()
    // Under another label too: the same text cannot be two things.
    directory[name] += self.line(text, label: "cargo")
    let error = directory.refusal(allowsNearDuplicates: true)
    #expect(
      error?.message
        == "the same text stands in `\(firstFile)` line \(firstLine) and in `\(name)` line \(line), expected "
        + "every text once: `\(text)`")
    #expect(error?.code == "source-duplicate" && error?.exitCode == .badData)
  }

  @Test func `a text cannot be a negative and a training text`() {
    var directory = SourceDirectory()
    directory["data/negatives.jsonl"] += "{\"text\": \"ship number 0\"}\n"
    #expect(
      directory.refusal()?.message == "the same text stands in `data/train.jsonl` line 1 and in "
        + "`data/negatives.jsonl` line 2, expected every text once: `ship number 0`")
  }

  @Test func `a text cannot stand in two eval sets`() {
    var directory = SourceDirectory()
    directory["evals/more.jsonl"] = line("who pays for wet rice", label: "cargo")
    directory.replace(
      "experts:",
      by: "  more: {task: issue, data: evals/more.jsonl, metric: accuracy, floor: 0}\nexperts:")
    #expect(
      directory.refusal()?.message
        == "the same text stands in `evals/issue.jsonl` line 2 and in `evals/more.jsonl` "
        + "line 1, expected every text once: `who pays for wet rice`")
  }

  @Test(arguments: [
    ("ship number 3", "data/train.jsonl", 7), ("another crate", "data/valid.jsonl", 2),
    ("the price of a cruise", "data/negatives.jsonl", 1),
  ])
  func `an eval text that also stands in training is refused, near duplicates allowed or not`(
    _ text: String, _ file: String, _ number: Int
  ) {
    for allows in [false, true] {
      var directory = SourceDirectory()
      directory["evals/issue.jsonl"] += line(text)
      let error = directory.refusal(allowsNearDuplicates: allows)
      #expect(
        error?.message
          == "`evals/issue.jsonl` line 4 also stands in `\(file)` line \(number), expected eval texts that "
          + "training has never seen")
      #expect(error?.hint == "nothing was built; delete one of the two lines")
      #expect(error?.code == "source-leak" && error?.exitCode == .badData)
    }
  }

  /// The training text that near duplicates are held against.
  private let original = "one two three four five six seven eight nine"

  /// Texts, and whether they are nearly the same: 7 shingles stand in the original.
  private static let neighbours: [(String, Bool)] = [
    // The same words: case, punctuation and spaces aside.
    ("One, two - three: four; five six SEVEN eight nine!", true),
    ("one two three four five six seven eight nine ", true),
    // 7 of 10 shingles are shared: 0.7.
    ("one two three four five six seven eight nine ten eleven twelve", true),
    // 7 of 11.
    ("one two three four five six seven eight nine ten eleven twelve thirteen", false),
    // 6 of 8, the last word changed.
    ("one two three four five six seven eight ten", true),
    // 4 of 10, a word in the middle changed.
    ("one two three four ten six seven eight nine", false),
    // 4 of 7: under six words less is compared.
    ("one two three four five six", false),
    ("nine eight seven six five four three two one", false),
    ("one two three", false), ("ten eleven twelve thirteen fourteen fifteen", false),
    ("!!!", false),
  ]

  @Test(arguments: neighbours)
  func `an eval text with nearly the words of a training text is refused, unless that is allowed`(
    _ text: String, _ isNear: Bool
  ) throws {
    var directory = SourceDirectory()
    directory["data/train.jsonl"] += line(original)
    directory["evals/issue.jsonl"] += line(text)
    let error = directory.refusal()
    #expect(
      error?.message
        == (isNear
          ? "`evals/issue.jsonl` line 4 also stands in `data/train.jsonl` line 11 almost word for word, expected eval "
            + "texts that training has never seen" : nil))
    if isNear {
      #expect(
        error?.hint
          == "nothing was built; rewrite one of them, or pass `--allow-near-duplicates`, which the manifest "
          + "then records")
    }
    #expect(try directory.read(allowsNearDuplicates: true).nearDuplicatesAllowed)
  }

  @Test func `short texts are nearly the same only with the same words`() {
    var directory = SourceDirectory()
    directory["data/train.jsonl"] += line("Wet rice?")
    directory["evals/issue.jsonl"] += line("wet rice")
    #expect(directory.refusal()?.code == "source-leak")
    directory["evals/issue.jsonl"] = line("wet rice today")
    #expect(directory.refusal() == nil)
  }

  @Test func `words are those of any script`() {
    var directory = SourceDirectory()
    directory["data/train.jsonl"] += line("Арест судна в порту")
    directory["evals/issue.jsonl"] += line("арест судна, в порту!")
    #expect(directory.refusal()?.code == "source-leak")
  }
}
