public import ArgumentParser
import Foundation
import MoEBase
import MoEPackFormat

/// `moe-pack key`.
public struct KeyCommand: ParsableCommand {
  /// Name, help and subcommands.
  public static let configuration = CommandConfiguration(
    commandName: "key",
    abstract: "Make keys to sign packs with.",
    subcommands: [KeyNewCommand.self])

  /// Makes the command.
  public init() {}
}

/// `moe-pack key new`.
public struct KeyNewCommand: MoECommand {
  /// Name and help.
  public static let configuration = CommandConfiguration(
    commandName: "new",
    abstract: "Make a key pair: KEY to sign with, KEY.pub for those who are to trust it.",
    discussion: """
      KEY can be read by its owner alone and is never overwritten. Keep it where no one else gets at it: \
      whoever has it can sign packs in your name. Give KEY.pub away, and tell its key id by another way.

      Example:
        moe-pack key new --output vendor.key
      """)

  @Option(
    name: .shortAndLong, help: ArgumentHelp("Where to write the private key.", valueName: "key"))
  var output: Path

  @OptionGroup var format: OutputOptions
  /// What every command takes.
  @OptionGroup public var global: GlobalOptions

  /// Makes the command.
  public init() {}

  /// Writes the pair.
  public func run(_ session: CommandSession) throws {
    let file = output.url
    let publicFile = output.appending(".pub")
    // Both names are free, or nothing is written.
    for file in [file, publicFile] where FileManager.default.fileExists(atPath: file.path) {
      throw KeyError(file.lastPathComponent, .exists)
    }
    let key = SigningKey()
    try key.write(to: file)
    do {
      try key.publicKey.write(to: publicFile)
    } catch {
      try? FileManager.default.removeItem(at: file)
      throw error
    }
    guard !format.json else {
      return try session.console.print(
        json: [
          "keyID": .string(key.publicKey.id.description), "privateKey": .string(file.path),
          "publicKey": .string(publicFile.path),
        ])
    }
    try session.console.print(
      "\(key.publicKey.id): `\(output.text.shown())` signs, `\(output.text.shown()).pub` is for those "
        + "who trust it")
  }
}
