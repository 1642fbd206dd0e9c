import MoEAuthoring
import MoEBase
import Testing

@Suite struct SourceErrorTests {
  /// Every case: its code, its sentence, its hint, its status.
  private static let sentences: [(SourceError, String, String, String, ExitCode)] = [
    (
      .noSource(directory: "packs/x"), "source-missing",
      "`packs/x` is no pack source, expected a directory with a `pack.yaml`",
      "nothing was built; give the directory that holds `pack.yaml`", .notFound
    ),
    (
      .missingFile(path: "labels.yaml", neededBy: "`tasks.issue.labels` in `pack.yaml`"),
      "source-file-missing",
      "`labels.yaml` does not exist, expected the file that `tasks.issue.labels` in `pack.yaml` needs",
      "nothing was built; create the file or correct its name", .notFound
    ),
    (
      .unreadable(path: "LICENSE", reason: "it is a directory"), "source-unreadable",
      "`LICENSE` cannot be read: it is a directory",
      "nothing was built; check the path and its permissions",
      .inputOutput
    ),
    (
      .badYAML(file: "pack.yaml", line: 3, reason: "an empty document"), "source-yaml",
      "`pack.yaml` line 3: expected YAML, got an empty document",
      "nothing was built; SPEC.md §7 lists every field", .badData
    ),
    (
      .badField(file: "pack.yaml", path: "release", expected: "a whole number", got: "a string"),
      "source-field",
      "`pack.yaml`: `release`: expected a whole number, got a string",
      "nothing was built; SPEC.md §7 lists every field", .badData
    ),
    (
      .badLine(
        file: "data/train.jsonl", line: 9, expected: "UTF-8", got: "bytes that are not UTF-8"),
      "source-line",
      "`data/train.jsonl` line 9: expected UTF-8, got bytes that are not UTF-8",
      "nothing was built; a line is one JSON object, {\"text\": \"…\", \"label\": \"…\"}", .badData
    ),
    (
      .badLine(
        file: "data/train.csv", line: 9, column: 4, expected: "2 fields", got: "3"), "source-line",
      "`data/train.csv` line 9, column 4: expected 2 fields, got 3",
      "nothing was built; the first line names the columns, `text` and `label`, and a field with a comma, "
        + "a quotation mark or a line break stands in quotation marks (RFC 4180)", .badData
    ),
    (
      .unreadableFormat(file: "data/train.parquet", format: "parquet"), "source-format",
      "`data/train.parquet`: expected JSON Lines (`.jsonl`), `.csv` or `.tsv`, got `.parquet`",
      "nothing was built; `tools/parquet-to-jsonl data/train.parquet` writes it as JSON Lines beside it",
      .badData
    ),
    (
      .noColumn(
        file: "a.csv", what: "texts", wanted: ["text", "sentence"], option: "--text-column",
        names: ["id", "kind"]), "source-column",
      "`a.csv`: no column of texts: expected `text`, `sentence`, got `id`, `kind`",
      "nothing was written; name the column with `--text-column NAME`", .badData
    ),
    (
      .directoryInUse(path: "tickets"), "source-exists",
      "`tickets` is there already: expected a name that is free, or an empty directory",
      "nothing was written; give another name, or move the directory away", .badData
    ),
    (
      .reviewed(directory: "tickets", warnings: 2), "source-reviewed",
      "`tickets` has 2 kinds of fault that a build would let pass, expected none with `--strict`",
      "the findings above say where; without `--strict` they are no refusal", .badData
    ),
    (
      .notReproduced(
        file: "x.moepack", entries: ["heads.safetensors"], circumstances: ["seed 1, here 2"]),
      "not-reproduced",
      "`x.moepack` is not what the source gives: expected the same digest, got others for `heads.safetensors`",
      "nothing was written; it was built otherwise: seed 1, here 2", .refused
    ),
    (
      .noExamples(file: "data/train.jsonl"), "source-empty",
      "`data/train.jsonl` holds no line, expected at least one example",
      "nothing was built; add lines of {\"text\": \"…\", \"label\": \"…\"}", .badData
    ),
    (
      .unknownLabel(file: "data/train.jsonl", line: 2, label: "x", labelFile: "labels.yaml"),
      "source-label-unknown",
      "`data/train.jsonl` line 2: label `x` is not in `labels.yaml`, expected one of the labels listed there",
      "nothing was built; add the label to the file, or correct the line", .badData
    ),
    (
      .rareLabel(file: "data/train.jsonl", label: "x", count: 1, least: 4), "source-label-rare",
      "`data/train.jsonl`: label `x` has 1 training texts, expected at least 4",
      "nothing was built; add texts for the label, or merge it into another", .badData
    ),
    (
      .duplicate(
        text: String(repeating: "é", count: 70), first: "`a` line 1", second: "`b` line 2"),
      "source-duplicate",
      "the same text stands in `a` line 1 and in `b` line 2, expected every text once: "
        + "`\(String(repeating: "é", count: 60))`",
      "nothing was built; delete one of the two lines", .badData
    ),
    (
      .leak(eval: "`e` line 1", training: "`t` line 2", isExact: true), "source-leak",
      "`e` line 1 also stands in `t` line 2, expected eval texts that training has never seen",
      "nothing was built; delete one of the two lines", .badData
    ),
    (
      .leak(eval: "`e` line 1", training: "`t` line 2", isExact: false), "source-leak",
      "`e` line 1 also stands in `t` line 2 almost word for word, expected eval texts that training has never seen",
      "nothing was built; rewrite one of them, or pass `--allow-near-duplicates`, which the manifest then records",
      .badData
    ),
    (
      .smallCorpus(count: 3, least: 200), "corpus-small",
      "the corpus has 3 texts, expected at least 200",
      "nothing was written; give WordNet's database, or a file of one text a line", .badData
    ),
    (
      .belowFloor(eval: "issue", metric: "accuracy", value: 0.87654, floor: 0.9, examples: 150),
      "below-floor",
      "eval `issue`: accuracy 0.8765, floor 0.9 (150 examples)",
      "nothing was written; improve the training data, or sign for a lower floor in `pack.yaml`",
      .regression
    ),
  ]

  @Test(arguments: sentences.indices)
  func `every error says what, where, expected, got and what to do`(_ index: Int) {
    let (error, code, message, hint, exitCode) = Self.sentences[index]
    #expect(error.code == code)
    #expect(error.message == message)
    #expect(error.hint == hint)
    #expect(error.exitCode == exitCode)
    #expect(error.description == "error: \(message)\n\nhint: \(hint)")
  }
}
