public import ArgumentParser
import Foundation
import MoEBase
import MoEPackFormat
import MoERuntime

/// `moe-pack pack diff`.
public struct PackDiffCommand: MoECommand {
  /// Name and help.
  public static let configuration = CommandConfiguration(
    commandName: "diff",
    abstract: "Compare two pack files: manifest, labels, eval results, tensors.",
    discussion: """
      Reads both archives whole and holds every entry to its digest; signatures are not looked at. Shows \
      the fields of the manifest that differ, labels that came and went, what each eval set claims in \
      both, and how far the tensors moved: the greatest difference of two numbers, and the length of the \
      difference against that of the first tensor.

      Example:
        moe-pack pack diff tickets-1.0.0.moepack tickets-1.1.0.moepack
      """)

  @Argument(help: ArgumentHelp("The one pack file.", valueName: "file"))
  var first: Path

  @Argument(help: ArgumentHelp("The other pack file.", valueName: "file"))
  var second: Path

  @OptionGroup var format: OutputOptions
  /// What every command takes.
  @OptionGroup public var global: GlobalOptions

  /// The words that name it.
  public static let words = "pack diff"

  /// Makes the command.
  public init() {}

  /// Compares.
  public func run(_ session: CommandSession) throws {
    try WorkDirectory.with("moe-pack-diff") { directory in
      let packs = try [first, second].enumerated().map { index, path in
        let staging = directory.appending(path: "\(index)", directoryHint: .isDirectory)
        try FileManager.default.createDirectory(at: staging, withIntermediateDirectories: true)
        return try UnverifiedPack(url: path.url, limits: session.settings.limits())
          .integrityCheckedIgnoringSignatures(staging: staging).contents
      }
      let diff = try PackDiff(packs[0], packs[1])
      if format.json {
        try session.console.print(json: PackDiffView(diff: diff).json)
      } else {
        try PackDiffView(diff: diff).print(to: session.console)
      }
    }
  }
}

/// A directory of a command's own that goes when it is done.
enum WorkDirectory {
  /// Makes one, readable by its owner alone, and takes it away whatever `body` does.
  static func with<Result>(_ name: String, _ body: (URL) throws -> Result) throws -> Result {
    let directory = FileManager.default.temporaryDirectory
      .appending(path: "\(name)-\(UUID().uuidString)", directoryHint: .isDirectory)
    try FileManager.default.createDirectory(
      at: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    defer { try? FileManager.default.removeItem(at: directory) }
    return try body(directory)
  }
}
