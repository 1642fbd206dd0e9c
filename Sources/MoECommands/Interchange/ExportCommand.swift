public import ArgumentParser
import Foundation
import MoEBase
import MoEModel
import MoERuntime
import MoETensor

/// `moe-pack export`.
public struct ExportCommand: MoECommand {
  /// Name and help.
  public static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Write a backbone and packs as a checkpoint that other programs load.",
    discussion: """
      Writes what the flat mode computes, packs' experts among the backbone's own behind one router, as a \
      checkpoint that Hugging Face transformers, and what builds on it, loads unchanged. That mode gives up \
      isolation: a pack may change answers that are not its own. Backbones of the families mixtral, olmoe and \
      flex_olmo can be written; packs need experts in every layer where the backbone has them, no wider than its own.

      Written are the store's packs, in the order of their digests, on their backbone; with --backbone, that language \
      model without them. Numbers are written as the backbone stores them where that loses nothing of the packs' \
      numbers, else as F32.

      Examples:
        moe-pack export --format hf ./olmoe-flat
        moe-pack export --format hf ./olmoe-flat --backbone olmoe --tensors ./trained/german
      """)

  @Argument(help: ArgumentHelp("A new or an empty directory.", valueName: "dir"))
  var directory: Path

  @Option(help: ArgumentHelp("The kind of checkpoint.", valueName: "format"))
  var format: ExportFormat

  @Option(
    help: ArgumentHelp(
      "The language model to write without the store's packs.", valueName: "name"))
  var backbone: String?

  @Option(
    help: ArgumentHelp(
      "Experts that are no pack yet, as tools/train-experts or `pack import` wrote them; may stand several times.",
      valueName: "dir"))
  var tensors: [Path] = []

  @OptionGroup var output: OutputOptions
  /// What every command takes.
  @OptionGroup public var global: GlobalOptions

  /// Makes the command.
  public init() {}

  /// Writes the checkpoint.
  public func run(_ session: CommandSession) throws {
    let speaker = try session.speaker(backbone: backbone, pack: nil, isForced: false)
    let model = speaker.model
    let packs = try packs(of: speaker, session)
    let export = try CheckpointExport(model, packs: packs)
    try session.withProgress { bar in
      try export.write(to: directory.directory) { bar.update("writing", done: $0, total: $1) }
    }
    guard !output.json else { return try session.console.print(json: json(export, model)) }
    try session.console.print(
      "\(directory.text.shown()): \(export.sizeBytes.byteCount) of \(export.format.rawValue)")
    var table = Table([.text("experts of each layer"), .text("whose")])
    for owner in export.owners {
      table.add("\(owner.experts.lowerBound) to \(owner.experts.upperBound - 1)", owner.name)
    }
    try table.print(to: session.console)
    if !model.decoder.formats.contains(export.format) {
      session.console.note(
        "\(model.decoder.formats.map(\.rawValue).joined(separator: " and ")) of the backbone does not hold "
          + "the packs' numbers exactly, so all are \(export.format.rawValue)")
    }
  }

  /// The store's packs in the order of their digests, then what is no pack yet.
  private func packs(
    of speaker: Speaker, _ session: CommandSession
  ) throws -> [(name: String, experts: [Int: SparseNetwork])] {
    let installed = speaker.composition?.mixture.packs ?? []
    for pack in installed where pack.gatedExperts.isEmpty {
      session.console.note("\(pack.identity.name) has no experts, so nothing of it is written")
    }
    return installed.filter { !$0.gatedExperts.isEmpty }.map {
      (name: $0.identity.name, experts: $0.gatedExperts)
    }
      + (try tensors.map { path in
        (
          name: path.directory.standardizedFileURL.lastPathComponent,
          experts: try ExpertTensors.read(
            path.directory, width: speaker.model.decoder.architecture.width)
        )
      })
  }

  private func json(_ export: CheckpointExport, _ model: LanguageModel) -> JSONValue {
    [
      "directory": .string(directory.text), "backbone": .string(model.name),
      "digest": .digest(model.digest), "sizeBytes": .integer(export.sizeBytes),
      "numbers": .string(export.format.rawValue),
      "experts": .array(
        export.owners.map {
          [
            "owner": .string($0.name), "first": .integer($0.experts.lowerBound),
            "last": .integer($0.experts.upperBound - 1),
          ]
        }),
    ]
  }
}

/// The kinds of checkpoints that can be written.
enum ExportFormat: String, ExpressibleByArgument, CaseIterable {
  /// That of Hugging Face transformers.
  case hf
}
