public import ArgumentParser
import Foundation
import MoEBase
import MoEPackFormat
import MoEStore

/// `moe-pack trust export`.
public struct TrustExportCommand: MoECommand {
  /// Name and help.
  public static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Write the signed trust root, for another store to import.",
    discussion: """
      A store that has an earlier version needs each one that follows it, in order.

      Example:
        moe-pack trust export --number 4 -o root-4.json
      """)

  @Option(help: ArgumentHelp("The version to write; the newest without it.", valueName: "version"))
  var number: Int?

  @Option(name: .shortAndLong, help: ArgumentHelp("Where to write it.", valueName: "file"))
  var output: Path = .standard

  /// What every command takes.
  @OptionGroup public var global: GlobalOptions

  /// The words that name it.
  public static let words = "trust export"

  /// Makes the command.
  public init() {}

  /// Writes it.
  public func run(_ session: CommandSession) throws {
    let roots = try session.storeForReading()?.signedRoots() ?? []
    guard
      let record = number.map({ number in roots.first { $0.root.document.version == number } })
        ?? roots.last
    else {
      throw TrustError(session.settings.storeDirectory.path, .noSignedRoot)
    }
    let file = try OutputFile(output.text, console: session.console)
    try file.write([record.root.json])
    try file.commit()
  }
}
