public import ArgumentParser
import Foundation
import MoEBase
import MoEPackFormat
import MoEStore

/// `moe-pack trust create`.
public struct TrustCreateCommand: MoECommand {
  /// Name and help.
  public static let configuration = CommandConfiguration(
    commandName: "create",
    abstract: "Make the first version of a signed trust root, from the keys this store trusts.",
    discussion: """
      The keys that `moe-pack trust add` trusted become its rules, one key enough for each namespace. The \
      root keys sign it and every version that follows; they sign no packs. Keep them off this machine, and \
      have more of them than are needed.

      Examples:
        moe-pack trust create --key root.key
        moe-pack trust create --key a.key --root b.pub --root c.pub --root-threshold 2 -o root-1.json
      """)

  @OptionGroup var signing: SigningKeyOptions

  @Option(
    name: .customLong("root"),
    help: ArgumentHelp(
      "A public key that is a root key too. May stand several times.", valueName: "key.pub"))
  var rootKeys: [Path] = []

  @Option(
    help: ArgumentHelp("How many root keys must sign each version.", valueName: "number"))
  var rootThreshold = 1

  @OptionGroup var expiry: ExpiryOptions
  @OptionGroup var output: RootOutputOptions
  /// What every command takes.
  @OptionGroup public var global: GlobalOptions

  /// The words that name it.
  public static let words = "trust create"

  /// Makes the command.
  public init() {}

  /// Refuses a root without a key.
  public func validate() throws {
    guard !signing.paths.isEmpty else {
      throw ValidationError("--key names a root key to sign with.")
    }
  }

  /// Makes it.
  public func run(_ session: CommandSession) throws {
    let keys = try signing.keys(in: session)
    let store = try session.storeForReading()
    if let root = try store?.signedRoots().last?.root {
      throw TrustError(
        session.settings.storeDirectory.path, .hasSignedRoot(version: root.document.version))
    }
    var roots = keys.map(\.publicKey)
    for path in rootKeys { roots.append(try PublicKey(file: path.url)) }
    var unique: [PublicKey] = []
    for key in roots where !unique.contains(key) { unique.append(key) }
    var document = RootDocument(
      expires: expiry.expiresWithinYear(in: session), rootKeys: unique,
      rootThreshold: rootThreshold)
    for record in try store?.trustRecords() ?? [] { document.add(record.key) }
    for record in try store?.revocations() ?? [] { document.revoke(record.revocation) }
    try output.finish(document, signedBy: keys, session)
  }
}
