public import ArgumentParser
import Foundation
import MoEAuthoring
import MoEBase
import MoEModel
import MoEPackFormat

/// `moe-pack pack new`.
public struct PackNewCommand: MoECommand {
  /// Name and help.
  public static let configuration = CommandConfiguration(
    commandName: "new",
    abstract: "Begin a pack source, from a table of texts and labels or from a small example.",
    discussion: """
      Writes a directory that `moe-pack pack build` takes as it is: pack.yaml, labels.yaml, CARD.md, \
      LICENSE, the texts to learn from (data/train.jsonl) and the texts to measure by (evals/).

      --from takes a .csv or .tsv file whose first line names the columns, a .jsonl file, or the directory \
      of a Hugging Face data set; Parquet files go through tools/parquet-to-jsonl first. Where \
      a text has any number of labels (--kind tag), they are a list, or words with --separator between them. A fifth of every \
      label's texts is kept for measuring, the same fifth every time, and texts that are nearly the same, or \
      filled into one template, are never divided between learning and measuring. Where the data set brings \
      a test split, that is what is measured by. Without --from the source holds forty-five example texts of \
      a library's desk, to be replaced.

      On a terminal it asks for what no option says; everything has a default, and a script is never asked.

      From a table to an installed pack, in five commands:
        moe-pack pack new tickets --from tickets.csv --name acme/tickets
        moe-pack key new -o vendor.key
        moe-pack pack build tickets -o tickets.moepack --key vendor.key
        moe-pack trust add vendor.key.pub --namespace acme
        moe-pack install tickets.moepack
      """)

  @Argument(help: ArgumentHelp("The directory to make.", valueName: "dir"))
  var directory: Path

  @Option(
    help: ArgumentHelp(
      "The texts and labels: a .csv, .tsv or .jsonl file, or a Hugging Face data set's directory.",
      valueName: "path"))
  var from: Path?

  @Option(
    name: .customLong("text-column"),
    help: ArgumentHelp(
      "The column of texts; else the one named text, sentence, question or alike.",
      valueName: "name"))
  var textColumn: String?

  @Option(
    name: .customLong("label-column"),
    help: ArgumentHelp(
      "The column of labels; else the one named label, category, intent or alike.",
      valueName: "name"))
  var labelColumn: String?

  @Option(
    help: ArgumentHelp(
      "Whether a text has one label (classify) or any number (tag); else told by the column of labels.",
      valueName: "classify|tag"))
  var kind: LabelKind?

  @Option(
    help: ArgumentHelp(
      "What stands between the labels of a text in a column of words.", valueName: "text"))
  var separator = ";"

  @Option(
    help: ArgumentHelp(
      "Which configuration of a Hugging Face data set; else its default.", valueName: "name"))
  var config: String?

  @Option(
    help: ArgumentHelp(
      "Texts and labels to measure by, in place of a share of the others.", valueName: "path"))
  var evals: Path?

  @Option(
    help: ArgumentHelp(
      "Texts near the domain that are not the pack's to answer; a column of texts is enough.",
      valueName: "path"))
  var negatives: Path?

  @Option(
    name: .customLong("eval-share"),
    help: ArgumentHelp("The share of each label's texts to measure by.", valueName: "share"))
  var evalShare: Double = TextDivision.evalShare

  @Flag(
    name: .customLong("drop-rare"),
    help: "Leave labels with fewer than five texts out, where they would be refused.")
  var dropsRare = false

  @OptionGroup var facts: PackFactOptions
  @OptionGroup var format: OutputOptions
  /// What every command takes.
  @OptionGroup public var global: GlobalOptions

  /// The words that name it.
  public static let words = "pack new"

  /// Makes the command.
  public init() {}

  /// Refuses a share that leaves nothing on one side.
  public func validate() throws {
    guard (0.01...0.5).contains(evalShare) else {
      throw ValidationError("--eval-share takes a number from 0.01 to 0.5.")
    }
    guard PackDescription.isSeparator(separator) else {
      throw ValidationError(
        "--separator takes 1 to 8 characters that are no letter, digit or quotation mark.")
    }
    try facts.validate()
  }

  /// Drafts and writes the source.
  public func run(_ session: CommandSession) throws {
    try SourceDraft.checkFree(directory.directory)
    let questions = format.json ? nil : Questions(session)
    var columns = VendorTable.Columns(
      text: textColumn, label: labelColumn, configuration: config, kind: kind?.task,
      separator: separator)
    var table: VendorTable?
    if let from { table = try read(from, &columns, questions) }
    let measured = try evals.map { try VendorTable($0.url, name: $0.text, columns: columns) }
    let away = try negatives.map {
      try VendorTable(
        $0.url, name: $0.text, columns: VendorTable.Columns(text: textColumn), hasLabels: false)
    }
    let facts = try facts.asked(
      for: directory, questions: questions
    ).facts(
      today: String(session.context.timestamp.prefix(10)), user: session.context.userName)
    let division = try TextDivision(
      table ?? .starter, evals: measured?.train ?? [], evalShare: evalShare,
      dropsRare: dropsRare, seed: facts.seed)
    let draft = SourceDraft(
      facts: facts, division: division, negatives: away?.train.map(\.text) ?? [])
    try draft.write(to: directory.directory)
    let leftOut = (table?.leftOut ?? []) + (measured?.leftOut ?? []) + (away?.leftOut ?? [])
    if format.json {
      try session.console.print(json: json(draft, leftOut: leftOut))
    } else {
      try show(draft, leftOut: leftOut, on: session.console)
    }
  }

  /// Reads the table; whoever sits at a terminal is asked whether a text has one label or several.
  private func read(
    _ path: Path, _ columns: inout VendorTable.Columns, _ questions: Questions?
  ) throws -> VendorTable {
    let table = try VendorTable(path.url, name: path.text, columns: columns)
    let told = columns.kind
    columns.kind = table.kind
    guard told == nil, let questions else { return table }
    let answer = try questions.ask(
      "One label a text (classify) or any number (tag)", default: table.kind.rawValue
    ) { LabelKind(rawValue: $0) != nil }
    guard let kind = LabelKind(rawValue: answer)?.task, kind != table.kind else { return table }
    columns.kind = kind
    return try VendorTable(path.url, name: path.text, columns: columns)
  }

  private func json(_ draft: SourceDraft, leftOut: [String]) -> JSONValue {
    let division = draft.division
    return [
      "directory": .string(directory.text), "pack": .string(draft.facts.pack.description),
      "kind": .string(division.kind.rawValue),
      "labels": .array(division.labels.map(JSONValue.string)),
      "trainTexts": .integer(division.train.count), "validTexts": .integer(division.valid.count),
      "evalTexts": .integer(division.eval.count), "negatives": .integer(draft.negatives.count),
      "floor": .number(draft.floor), "duplicates": .integer(division.duplicates),
      "contradictions": .array(division.contradictions.map(JSONValue.string)),
      "leaks": .integer(division.leaks),
      "rareLabels": .object(division.rare.map { JSONMember($0.label, .integer($0.count)) }),
      "incomplete": .array(leftOut.map(JSONValue.string)),
      "files": .array(draft.files.map { .string($0.path) }),
    ]
  }

  private func show(_ draft: SourceDraft, leftOut: [String], on console: Console) throws {
    let division = draft.division
    try console.print(
      "\(draft.facts.pack): \(division.labels.count.counted("label")), "
        + "\(division.train.count.counted("text")) to learn from, "
        + (division.valid.isEmpty ? "" : "\(division.valid.count) to choose by, ")
        + "\(division.eval.count) to measure by"
        + (draft.negatives.isEmpty ? "" : ", \(draft.negatives.count.counted("negative"))"))
    for file in draft.files {
      try console.print("  \(directory.text.shown())/\(file.path)  \(file.bytes.count.byteCount)")
    }
    func left(_ count: Int, _ reason: String, _ places: [String] = []) {
      guard count > 0 else { return }
      let more = places.count > 5 ? " …" : ""
      console.note(
        "left out: \(count.counted("text")) \(reason)"
          + (places.isEmpty ? "" : " (\(places.prefix(5).joined(separator: ", "))\(more))"))
    }
    left(division.duplicates, "that stood there before")
    left(division.contradictions.count, "with two labels", division.contradictions)
    left(division.leaks, "that the texts to measure by nearly repeat")
    left(leftOut.count, "without a text or a label", leftOut)
    for (label, count) in division.rare {
      console.note("left out: label \(label), with \(count.counted("text"))")
    }
    if from == nil {
      console.note("the texts are an example: put your own in their place")
    }
    console.note(
      "complete CARD.md where it says TODO; next: `moe-pack pack check \(directory.text)`, then "
        + "`moe-pack pack build \(directory.text) -o \(draft.facts.pack.name).moepack --key vendor.key`"
    )
  }
}

/// The kinds of task whose answers are labels.
enum LabelKind: String, ExpressibleByArgument, CaseIterable {
  /// One label a text.
  case classify
  /// Any number of labels a text.
  case tag

  /// The kind.
  var task: TaskKind {
    switch self {
    case .classify: .classify
    case .tag: .tag
    }
  }
}
