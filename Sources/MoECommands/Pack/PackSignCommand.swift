public import ArgumentParser
import Foundation
import MoEBase
import MoEPackFormat

/// `moe-pack pack sign`.
public struct PackSignCommand: MoECommand {
  /// Name and help.
  public static let configuration = CommandConfiguration(
    commandName: "sign",
    abstract: "Add a signature to a pack file.",
    discussion: """
      For packs that several people must sign. The pack stays the same pack: its digest does not change. \
      A key that has signed it signs it no second time.

      Example:
        moe-pack pack sign sg-maritime-law-1.0.0.moepack --key reviewer.key
      """)

  @Argument(help: ArgumentHelp("The pack file; it is replaced.", valueName: "file"))
  var file: Path

  @Option(
    help: ArgumentHelp(
      "A private key to sign with; - reads it from standard input. May stand several times.",
      valueName: "file"))
  var key: [Path]

  @OptionGroup var format: OutputOptions
  /// What every command takes.
  @OptionGroup public var global: GlobalOptions

  /// The words that name it.
  public static let words = "pack sign"

  /// Makes the command.
  public init() {}

  /// Refuses more keys than there may be.
  public func validate() throws { try SigningKeyOptions.validate(key) }

  /// Signs it.
  public func run(_ session: CommandSession) throws {
    let keys = try session.signingKeys(key)
    let staging = FileManager.default.temporaryDirectory
      .appending(path: "moe-pack-sign-\(UUID().uuidString)", directoryHint: .isDirectory)
    try FileManager.default.createDirectory(
      at: staging, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    defer { try? FileManager.default.removeItem(at: staging) }
    let pack = UnverifiedPack(url: file.url, limits: try session.settings.limits())
    let summary = try PackWriter(keys: keys).sign(pack, staging: staging, to: file.url)
    let claims = try UnverifiedPack(url: file.url).envelope().signatures.map(\.keyIDClaim)
    guard !format.json else {
      return try session.console.print(json: [
        "pack": .string(summary.manifest.pack.description), "digest": .digest(summary.digest),
        "sizeBytes": .integer(summary.size), "keyIDClaims": .array(claims.map(JSONValue.string)),
      ])
    }
    try session.console.print(
      "\(summary.manifest.pack) \(summary.manifest.version), \(summary.digest): "
        + claims.count.counted("signature"))
  }
}
