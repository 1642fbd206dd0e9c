public import ArgumentParser
import Foundation
import MoEBase
import MoEModel
import MoERuntime

/// `moe-pack analyze`.
public struct AnalyzeCommand: MoECommand {
  /// Name and help.
  public static let configuration = CommandConfiguration(
    commandName: "analyze",
    abstract: "Read a long document, and tell which packs answer which passages.",
    discussion: """
      The document, plain text or Markdown (.md, .markdown), is split into passages at blank lines and headings; \
      what is longer than the backbone takes is split between sentences. Every pack that is responsible for a \
      passage answers it. The table tells each pack's labels and how many passages have them; --json has every \
      passage with its line; --html writes a page with the passages marked.

      Examples:
        moe-pack analyze contract.md
        moe-pack analyze contract.md --html contract.html
        moe-pack analyze - --json < letter.txt
      """)

  /// The most bytes of a document.
  private static let documentBytes = 64 << 20

  @Argument(help: ArgumentHelp("The document, or - for standard input.", valueName: "file"))
  var file: Path

  @Flag(help: "Take it for Markdown, whatever its name.")
  var markdown = false

  @Option(
    name: .customLong("pack"),
    help: ArgumentHelp("Ask this pack alone; may be given several times.", valueName: "name"))
  var packs: [String] = []

  @Option(help: ArgumentHelp("Write a page with the passages marked.", valueName: "file"))
  var html: Path?

  @OptionGroup var output: OutputOptions
  @OptionGroup var precision: PrecisionOptions
  /// What every command takes.
  @OptionGroup public var global: GlobalOptions

  /// Makes the command.
  public init() {}

  /// Analyses the document.
  public func run(_ session: CommandSession) throws {
    let input = try InputFile(file.text, standardInput: session.context.input)
    defer { input.close() }
    let text = try input.text(limit: Self.documentBytes)
    guard !text.allSatisfy(\.isWhitespace) else { throw MixtureError.emptyText }
    let composition = try session.composition(in: precision.precision)
    let permitted =
      packs.isEmpty
      ? nil : Set(try packs.map { try composition.pack(named: $0).identity.digest })
    let name = file.text.lowercased()
    let list = DocumentAnalysis.passages(
      of: text, isMarkdown: markdown || name.hasSuffix(".md") || name.hasSuffix(".markdown"),
      tokenizer: composition.backbone.tokenizer)
    let pool = try session.pool()
    let tokenizer = composition.backbone.tokenizer
    let answers = try session.withProgress { bar in
      var answers: [Answer] = []
      for start in stride(from: 0, to: list.passages.count, by: RequestStream.batchCount) {
        let part = list.passages[start..<min(start + RequestStream.batchCount, list.passages.count)]
        answers += try composition.answer(
          part.map { tokenizer.encode($0.text) },
          options: DocumentAnalysis.options(permitted: permitted), pool: pool)
        bar.handler(
          WorkProgress(stage: "reading", done: answers.count, total: list.passages.count))
      }
      return answers
    }
    let analysis = DocumentAnalysis(list, answers: answers, composition: composition)
    if let html {
      let title = file == .standard ? "Document" : file.url.lastPathComponent
      try OutputFile.write(
        analysis.html(title: title), to: html.text, console: session.console)
    }
    if output.json { return try session.console.print(json: analysis.json) }
    try print(analysis, to: session.console)
  }

  private func print(_ analysis: DocumentAnalysis, to console: Console) throws {
    let answered = analysis.findings.count { !$0.answer.route.isEmpty }
    try console.print(
      "\(analysis.findings.count.counted("passage")), \(answered) answered by a pack")
    guard answered > 0 else { return }
    try console.print()
    var table = Table([
      .text("pack"), .text("label"), .number("passages"), .text("first lines"), .text("authority"),
    ])
    for tally in analysis.tallies {
      for entry in tally.labels {
        let text = analysis.title(of: entry.label, task: entry.task, pack: tally.pack)
        let lines = analysis.findings.filter {
          $0.answer.told(of: tally.pack, task: entry.task).contains { $0.label == entry.label }
        }.prefix(5).map { "\($0.passage.line)" }
        table.add(
          tally.pack.name, text.title, "\(entry.passages)", lines.joined(separator: ", "),
          text.authority ?? "")
      }
    }
    try table.print(to: console)
  }
}
