import MoERuntime
public import ArgumentParser
import Foundation
import MoEBase
import MoEPackFormat

/// `moe-pack pack inspect`.
public struct PackInspectCommand: MoECommand {
  /// Name and help.
  public static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "Show what a pack file claims, without trusting it.",
    discussion: """
      Reads the manifest of an archive. Nothing is verified: no signature, no digest. \
      `moe-pack verify FILE` does that.

      Example:
        moe-pack pack inspect sg-maritime-law-1.0.0.moepack --json
      """)

  @Argument(help: ArgumentHelp("The pack file.", valueName: "file"))
  var file: Path

  @OptionGroup var format: OutputOptions
  /// What every command takes.
  @OptionGroup public var global: GlobalOptions

  /// Makes the command.
  public init() {}

  /// Shows the manifest.
  public func run(_ session: CommandSession) throws {
    let claims = try UnverifiedPack(url: file.url, limits: session.settings.limits()).inspect()
    let view = ManifestView(
      manifest: claims.manifest, digest: claims.digest, signers: claims.keyIDClaims,
      isVerified: false)
    if format.json {
      try session.console.print(json: view.json)
      return
    }
    try view.print(to: session.console)
    try session.console.print()
    var table = Table([.text("entry"), .number("bytes"), .text("digest")])
    for entry in claims.manifest.entries {
      table.add(entry.name, "\(entry.size)", entry.digest.short)
    }
    try table.print(to: session.console)
  }
}
