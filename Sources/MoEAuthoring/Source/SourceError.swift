public import MoEBase

/// What is wrong with a pack source, named by file and place.
public enum SourceError: ActionableError, Equatable {
  /// A directory holds no pack source.
  case noSource(directory: String)
  /// A file is not there.
  case missingFile(path: String, neededBy: String)
  /// A file cannot be read.
  case unreadable(path: String, reason: String)
  /// A YAML file is not YAML.
  case badYAML(file: String, line: Int, reason: String)
  /// A field of a YAML file is not what it must be.
  case badField(file: String, path: String, expected: String, got: String)
  /// A line of a data file is not what it must be.
  case badLine(file: String, line: Int, column: Int? = nil, expected: String, got: String)
  /// A data file is written in a format that has to be converted.
  case unreadableFormat(file: String, format: String)
  /// A file of tensors cannot be taken as it is.
  case badTensors(file: String, reason: String)
  /// No column of a table is known to hold what is needed.
  case noColumn(file: String, what: String, wanted: [String], option: String, names: [String])
  /// A directory that is to be made is there already.
  case directoryInUse(path: String)
  /// A pack's kind of task does not fit its backbone.
  case wrongBackbone(task: String, kind: String, backbone: String)
  /// A data file holds no example.
  case noExamples(file: String)
  /// Labels occur in the data but not in the label file.
  case unknownLabel(file: String, line: Int, label: String, labelFile: String)
  /// A label has too few training texts.
  case rareLabel(file: String, label: String, count: Int, least: Int)
  /// The same text stands in two places.
  case duplicate(text: String, first: String, second: String)
  /// An eval text also stands in the training data, word for word or nearly.
  case leak(eval: String, training: String, isExact: Bool)
  /// A review found what the reader wants to be refused.
  case reviewed(directory: String, warnings: Int)
  /// A corpus has too few texts to make a profile of.
  case smallCorpus(count: Int, least: Int)
  /// A pack file is not what its source gives.
  case notReproduced(file: String, entries: [String], circumstances: [String])
  /// A floor that the vendor signs for is not reached.
  case belowFloor(eval: String, metric: String, value: Double, floor: Double, examples: Int)

  /// A stable word for machines.
  public var code: String {
    switch self {
    case .noSource: "source-missing"
    case .missingFile: "source-file-missing"
    case .unreadable: "source-unreadable"
    case .badYAML: "source-yaml"
    case .badField: "source-field"
    case .badLine: "source-line"
    case .unreadableFormat: "source-format"
    case .badTensors: "source-tensors"
    case .noColumn: "source-column"
    case .directoryInUse: "source-exists"
    case .wrongBackbone: "source-field"
    case .noExamples: "source-empty"
    case .unknownLabel: "source-label-unknown"
    case .rareLabel: "source-label-rare"
    case .duplicate: "source-duplicate"
    case .leak: "source-leak"
    case .reviewed: "source-reviewed"
    case .smallCorpus: "corpus-small"
    case .notReproduced: "not-reproduced"
    case .belowFloor: "below-floor"
    }
  }

  /// The sentence.
  public var message: String {
    switch self {
    case .noSource(let directory):
      "`\(directory)` is no pack source, expected a directory with a `pack.yaml`"
    case .missingFile(let path, let neededBy):
      "`\(path)` does not exist, expected the file that \(neededBy) needs"
    case .unreadable(let path, let reason): "`\(path)` cannot be read: \(reason)"
    case .badYAML(let file, let line, let reason):
      "`\(file)` line \(line): expected YAML, got \(reason)"
    case .badField(let file, let path, let expected, let got):
      "`\(file)`: `\(path)`: expected \(expected), got \(got)"
    case .badLine(let file, let line, let column, let expected, let got):
      "`\(file)` line \(line)\(column.map { ", column \($0)" } ?? ""): expected \(expected), "
        + "got \(got)"
    case .unreadableFormat(let file, let format):
      "`\(file)`: expected JSON Lines (`.jsonl`), `.csv` or `.tsv`, got `.\(format)`"
    case .badTensors(let file, let reason): "`\(file)` cannot be taken: \(reason)"
    case .noColumn(let file, let what, let wanted, _, let names):
      "`\(file)`: no column of \(what): expected \(Self.listed(wanted)), got \(Self.listed(names))"
    case .directoryInUse(let path):
      "`\(path)` is there already: expected a name that is free, or an empty directory"
    case .wrongBackbone(let task, let kind, let backbone):
      "`pack.yaml`: task `\(task)` is of kind `\(kind)`, which `\(backbone)` cannot do: expected "
        + (TaskKind(rawValue: kind)?.hasLabels == true
          ? "`choose`, `generate` or `perplexity` on a language model"
          : "`classify` or `tag` on an encoder")
    case .noExamples(let file): "`\(file)` holds no line, expected at least one example"
    case .unknownLabel(let file, let line, let label, let labelFile):
      "`\(file)` line \(line): label `\(label)` is not in `\(labelFile)`, "
        + "expected one of the labels listed there"
    case .rareLabel(let file, let label, let count, let least):
      "`\(file)`: label `\(label)` has \(count) training texts, expected at least \(least)"
    case .duplicate(let text, let first, let second):
      "the same text stands in \(first) and in \(second), expected every text once: "
        + "`\(text.prefix(60))`"
    case .leak(let eval, let training, let isExact):
      "\(eval) also stands in \(training)\(isExact ? "" : " almost word for word"), "
        + "expected eval texts that training has never seen"
    case .reviewed(let directory, let warnings):
      "`\(directory)` has \(warnings) kind\(warnings == 1 ? "" : "s") of fault that a build would let pass, "
        + "expected none with `--strict`"
    case .smallCorpus(let count, let least):
      "the corpus has \(count) texts, expected at least \(least)"
    case .notReproduced(let file, let entries, _):
      "`\(file)` is not what the source gives: expected the same digest, got others for "
        + entries.map { "`\($0)`" }.joined(separator: ", ")
    case .belowFloor(let eval, let metric, let value, let floor, let examples):
      "eval `\(eval)`: \(metric) \(Self.rounded(value)), floor \(Self.rounded(floor)) "
        + "(\(examples) examples)"
    }
  }

  /// What to do now.
  public var hint: String {
    switch self {
    case .noSource: "nothing was built; give the directory that holds `pack.yaml`"
    case .missingFile: "nothing was built; create the file or correct its name"
    case .unreadable: "nothing was built; check the path and its permissions"
    case .badYAML, .badField: "nothing was built; SPEC.md §7 lists every field"
    case .badTensors:
      "nothing was built; SPEC.md §7 lists the tensors, and `tools/train-experts` and `tools/train-encoder` write them"
    case .noColumn(_, _, _, let option, _):
      "nothing was written; name the column with `\(option) NAME`"
    case .directoryInUse: "nothing was written; give another name, or move the directory away"
    case .wrongBackbone: "nothing was built; correct the `kind`, or name another backbone"
    case .badLine(_, _, let column, _, _):
      column == nil
        ? "nothing was built; a line is one JSON object, {\"text\": \"…\", \"label\": \"…\"}"
        : "nothing was built; the first line names the columns, `text` and `label`, and a field with "
          + "a comma, a quotation mark or a line break stands in quotation marks (RFC 4180)"
    case .unreadableFormat(let file, _):
      "nothing was built; `tools/parquet-to-jsonl \(file)` writes it as JSON Lines beside it"
    case .noExamples: "nothing was built; add lines of {\"text\": \"…\", \"label\": \"…\"}"
    case .unknownLabel: "nothing was built; add the label to the file, or correct the line"
    case .rareLabel: "nothing was built; add texts for the label, or merge it into another"
    case .duplicate: "nothing was built; delete one of the two lines"
    case .leak(_, _, let isExact):
      isExact
        ? "nothing was built; delete one of the two lines"
        : "nothing was built; rewrite one of them, or pass `--allow-near-duplicates`, "
          + "which the manifest then records"
    case .reviewed: "the findings above say where; without `--strict` they are no refusal"
    case .smallCorpus: "nothing was written; give WordNet's database, or a file of one text a line"
    case .notReproduced(_, _, let circumstances):
      "nothing was written; "
        + (circumstances.isEmpty
          ? "source, seed, trainer and CPU class are the same: compare the packs with `moe-pack pack diff`"
          : "it was built otherwise: " + circumstances.joined(separator: "; "))
    case .belowFloor:
      "nothing was written; improve the training data, or sign for a lower floor in `pack.yaml`"
    }
  }

  /// The status the process exits with.
  public var exitCode: ExitCode {
    switch self {
    case .noSource, .missingFile: .notFound
    case .unreadable: .inputOutput
    case .belowFloor: .regression
    case .notReproduced: .refused
    default: .badData
    }
  }

  private static func listed(_ names: [String]) -> String {
    names.isEmpty
      ? "nothing" : names.prefix(16).map { "`\($0.prefix(80))`" }.joined(separator: ", ")
  }

  private static func rounded(_ value: Double) -> String {
    String((value * 10_000).rounded() / 10_000)
  }
}
