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
      Every file is checked against its pinned digest, then copied to this machine's backbones. What else \
      lies in the directory is ignored. A directory downloaded from the Hugging Face hub serves.

      Example:
        moe-pack backbone add ./all-MiniLM-L6-v2
      """)

  @Argument(help: ArgumentHelp("The directory.", valueName: "dir"))
  var directory: Path

  @OptionGroup var output: OutputOptions
  /// What every command takes.
  @OptionGroup public var global: GlobalOptions

  /// Makes the command.
  public init() {}

  /// Registers the backbone.
  public func run(_ session: CommandSession) throws {
    let (entry, isNew) = try session.withProgress { bar in
      bar.update("checking and copying", done: 0, total: 0)
      return try session.backbones.add(from: directory.directory)
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
    if !entry.hasProfile {
      session.console.note("it has no profile yet, which building and installing packs need")
    }
  }
}
