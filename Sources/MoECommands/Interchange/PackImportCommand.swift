public import ArgumentParser
import Foundation
import MoEBase
import MoEModel

/// `moe-pack pack import`.
public struct PackImportCommand: MoECommand {
  /// Name and help.
  public static let configuration = CommandConfiguration(
    commandName: "import",
    abstract: "Cut a pack's experts out of a checkpoint.",
    discussion: """
      The checkpoint was made from a registered backbone. Of a family with experts (mixtral, olmoe, flex_olmo), the \
      experts and router rows beyond the backbone's are taken; the checkpoint's first ones must be the backbone's, bit \
      for bit. Of a dense family (llama), the difference that a fine-tune made to each feed-forward network becomes \
      one expert of twice the width, exactly.

      Writes experts.safetensors, router.safetensors and training.json, which says where they come from. A pack \
      carries experts alone: a checkpoint whose other tensors were trained too is refused unless they are to be left out.

      Examples:
        moe-pack pack import ./FlexOlmo-8x7B --backbone flex-olmo-2x7b --experts 2-3 -o trained/news
        moe-pack pack import ./llama-german --backbone llama -o trained/german
      """)

  @Argument(help: ArgumentHelp("The checkpoint.", valueName: "checkpoint"))
  var checkpoint: Path

  @Option(help: ArgumentHelp("The backbone it was made from.", valueName: "name"))
  var backbone: String

  @Option(
    name: [.customShort("o"), .long],
    help: ArgumentHelp("A new or an empty directory.", valueName: "dir"))
  var output: Path

  @Option(
    help: ArgumentHelp(
      "Which experts, counted from 0 as the checkpoint does; all beyond the backbone's where absent.",
      valueName: "a-b"))
  var experts: ExpertRange?

  @Option(
    help: ArgumentHelp(
      "Experts a token; the checkpoint's own number, as far as there are so many, where absent.",
      valueName: "k"))
  var topK: Int?

  @Flag(help: "Leave out what else differs from the backbone.")
  var ignoreOtherChanges = false

  @OptionGroup var format: OutputOptions
  /// What every command takes.
  @OptionGroup public var global: GlobalOptions

  /// Makes the command.
  public init() {}

  /// Writes the tensors.
  public func run(_ session: CommandSession) throws {
    let model = try session.backbones.languageModel(backbone, kernels: try session.kernels())
    var options = ExpertImport.Options()
    options.experts = experts?.range
    options.topK = topK
    options.ignoresOtherChanges = ignoreOtherChanges
    let found = try session.withProgress { bar in
      bar.update("comparing with the backbone", done: 0, total: 0)
      let found = try ExpertImport(checkpoint.directory, backbone: model, options: options)
      try found.write(to: output.directory) { bar.update("writing", done: $0, total: $1) }
      return found
    }
    if !found.ignored.isEmpty {
      session.console.note(
        "left out: \(found.ignored.prefix(4).map { "`\($0)`" }.joined(separator: ", "))"
          + (found.ignored.count > 4 ? " and \(found.ignored.count - 4) more" : "")
          + ", which differ from the backbone's")
    }
    guard !format.json else {
      return try session.console.print(
        json: [
          "directory": .string(output.text), "backbone": .string(model.name),
          "layers": .array(found.layers.map { .integer($0) }),
          "count": .integer(found.expertCount), "width": .integer(found.expertWidth),
          "topK": .integer(found.topK),
          "ignored": .array(found.ignored.map { .string($0) }),
        ])
    }
    try session.console.print(
      "\(output.text.shown()): \(found.expertCount.counted("expert")) of width \(found.expertWidth) in "
        + "\(found.layers.count.counted("layer")), top \(found.topK)")
  }
}

/// Experts from one number to another, as `3` or `2-5`.
struct ExpertRange: ExpressibleByArgument {
  let range: ClosedRange<Int>

  init?(argument: String) {
    let parts = argument.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
    guard (1...2).contains(parts.count), let first = parts[0], let last = parts[parts.count - 1],
      first >= 0, first <= last, last < .max
    else { return nil }
    range = first...last
  }
}
