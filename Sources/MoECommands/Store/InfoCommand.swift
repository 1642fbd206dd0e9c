public import ArgumentParser
import Foundation
import MoEBase
import MoEPackFormat
import MoEStore

/// `moe-pack info`.
public struct InfoCommand: MoECommand {
  /// Name and help.
  public static let configuration = CommandConfiguration(
    commandName: "info",
    abstract: "Show what an installed pack, or a .moepack file, says of itself.",
    discussion: """
      What a file says is shown as its unverified claims: no signature is looked at. `moe-pack verify FILE` \
      checks it.

      Examples:
        moe-pack info example/sg-maritime-law
        moe-pack info ./sg-maritime-law-1.0.0.moepack
      """)

  @Argument(help: ArgumentHelp("The pack's name, or a file.", valueName: "name|file"))
  var subject: String

  @OptionGroup var output: OutputOptions
  /// What every command takes.
  @OptionGroup public var global: GlobalOptions

  /// Makes the command.
  public init() {}

  /// Prints the manifest.
  public func run(_ session: CommandSession) throws {
    let view: ManifestView
    switch PackReference(subject) {
    case .file(let url):
      let claimed = try UnverifiedPack(url: url, limits: session.settings.limits()).inspect()
      view = ManifestView(
        manifest: claimed.manifest, digest: claimed.digest, signers: claimed.keyIDClaims,
        isVerified: false)
    case .name(let name):
      guard let store = try session.storeForReading() else {
        throw StoreError.notInstalled(name: name, nearest: nil)
      }
      let pack = try store.installedPack(named: name)
      view = ManifestView(
        manifest: try pack.manifest(), digest: pack.digest, signers: pack.signers, isVerified: true,
        magnitudes: try store.magnitudes(of: pack.digest))
    }
    if output.json {
      try session.console.print(json: view.json)
    } else {
      try view.print(to: session.console)
    }
  }
}
