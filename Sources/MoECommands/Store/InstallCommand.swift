public import ArgumentParser
import Foundation
import MoEBase
import MoERuntime

/// `moe-pack install`.
public struct InstallCommand: MoECommand {
  /// Name and help.
  public static let configuration = CommandConfiguration(
    commandName: "install",
    abstract: "Verify packs, prove that they change nothing else, and install them.",
    discussion: """
      Each pack's signature is checked against the keys of `moe-pack trust list`, then every file against \
      the signed list. Then the regression suite runs on the store as it would be: each pack's eval sets \
      against its vendor's floors and claims, the neutral probes of the backbone profile, and a byte-by-byte \
      comparison of answers that no new pack has a part in. Only then a new generation becomes active. \
      All packs are installed, or none. A higher release of an installed pack replaces it.

      Examples:
        moe-pack install sg-maritime-law-1.0.0.moepack
        moe-pack install --dry-run *.moepack
      """)

  @Argument(help: ArgumentHelp("The .moepack files.", valueName: "pack"))
  var packs: [Path]

  @OptionGroup var change: ChangeOptions

  @Flag(help: "Accept a release that is not higher than the highest seen; the history says so.")
  var allowDowngrade = false

  @OptionGroup var output: OutputOptions
  /// What every command takes.
  @OptionGroup public var global: GlobalOptions

  /// Makes the command.
  public init() {}

  /// Installs the packs.
  public func run(_ session: CommandSession) throws {
    var change = try change.change(in: session)
    change.allowsDowngrade = allowDowngrade
    try self.change.run(change, session: session, output: output) { installer in
      try installer.install(packs.map(\.url), change)
    }
  }
}
