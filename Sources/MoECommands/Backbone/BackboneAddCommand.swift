public import ArgumentParser
import Foundation
import MoEBase
import MoEModel

/// `moe-pack backbone add`.
public struct BackboneAddCommand: MoECommand {
  /// Name and help.
  public static let configuration = CommandConfiguration(
    commandName: "add",
    abstract: "Register a backbone from a directory with its files.",
    discussion: """
      A directory downloaded from the Hugging Face hub serves. all-MiniLM-L6-v2 is checked file by file \
      against its pinned digests. A causal language model is known by `model_type` in its config.json: \
      mixtral, olmoe, flex_olmo, qwen2_moe, qwen3_moe, granitemoe, dbrx or llama. Its weights are written once in \
      the order the kernels read them, in their own precision, and the checkpoint is not needed afterwards.

      Examples:
        moe-pack backbone add ./all-MiniLM-L6-v2
        moe-pack backbone add ./OLMoE-1B-7B-0924 --name olmoe
      """)

  @Argument(help: ArgumentHelp("The directory.", valueName: "dir"))
  var directory: Path

  @Option(help: ArgumentHelp("What to call a language model here.", valueName: "name"))
  var name: String?

  @OptionGroup var output: OutputOptions
  /// What every command takes.
  @OptionGroup public var global: GlobalOptions

  /// Makes the command.
  public init() {}

  /// Registers the backbone.
  public func run(_ session: CommandSession) throws {
    let (entry, isNew) = try session.withProgress { bar in
      try session.backbones.add(from: directory.directory, name: name) {
        bar.update($0, done: $1, total: $2)
      }
    }
    guard !output.json else {
      return try session.console.print(
        json: [
          "name": .string(entry.known.name), "digest": .digest(entry.known.digest),
          "directory": .string(entry.files.directory.path), "added": .boolean(isNew),
        ])
    }
    try session.console.print(
      isNew
        ? "\(entry.known.name) is registered: \(entry.known.digest)"
        : "\(entry.known.name) was registered already, and its files are whole; nothing was changed"
    )
    if entry.known.kind == .encoder, !entry.hasProfile {
      session.console.note("it has no profile yet, which building and installing packs need")
    }
  }
}
