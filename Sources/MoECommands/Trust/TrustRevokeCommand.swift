public import ArgumentParser
import Foundation
import MoEBase
import MoEPackFormat
import MoEStore

/// `moe-pack trust revoke`.
public struct TrustRevokeCommand: MoECommand {
  /// Name and help.
  public static let configuration = CommandConfiguration(
    commandName: "revoke",
    abstract: "Stop trusting a key or a pack for good, and take out what is installed of it.",
    discussion: """
      A pack that lacks signatures without the key leaves the store at once; no regression suite is waited \
      for. It cannot be installed again, nor come back by a rollback.

      Without --key it holds for this store, on your word. With the keys of the signed trust root it becomes \
      part of its next version, for every store that imports it.

      Examples:
        moe-pack trust revoke ed25519:9f3c21aa00b1c2d3 --reason "stolen laptop"
        moe-pack trust revoke vendor.pub --key root.key -o root-4.json
      """)

  @Argument(
    help: ArgumentHelp(
      "A key's id, the file of a public key, or the digest of a pack.", valueName: "key|digest"))
  var subject: String

  @Option(help: ArgumentHelp("Why, in one line.", valueName: "text"))
  var reason = ""

  @OptionGroup var signing: SigningKeyOptions
  @OptionGroup var expiry: ExpiryOptions
  @OptionGroup var output: RootOutputOptions
  /// What every command takes.
  @OptionGroup public var global: GlobalOptions

  /// The words that name it.
  public static let words = "trust revoke"

  /// Makes the command.
  public init() {}

  /// Refuses what is no reason, and a file without signatures.
  public func validate() throws {
    guard reason.isEmpty || isShownText(reason, atMost: 300) else {
      throw ValidationError(
        "--reason takes one line of at most 300 bytes without control characters.")
    }
    guard output.output == nil || !signing.paths.isEmpty else {
      throw ValidationError("--output needs a root key: --key.")
    }
  }

  /// Revokes it.
  public func run(_ session: CommandSession) throws {
    let keys = try signing.keys(in: session)
    let store = try session.store()
    let revocation = Revocation(try subject(in: store), reason: reason)
    guard keys.isEmpty else {
      var document = try store.nextRoot()
      document.revoke(revocation)
      document.expires = expiry.expires(in: session) ?? document.expires
      return try output.finish(document, signedBy: keys, session)
    }
    let change = try store.revoke(
      revocation, by: session.context.userName, at: session.context.timestamp)
    guard !output.format.json else {
      return try session.console.print(
        json: .object(
          [JSONMember("revoked", .string(revocation.subject.description))] + change.members))
    }
    try session.console.print(
      change.isNew
        ? "\(revocation.subject) is revoked in this store"
        : "\(revocation.subject) was revoked already; nothing was changed")
    try change.print(to: session.console)
  }

  private func subject(in store: Store) throws -> Revocation.Subject {
    if let digest = Digest(subject) { return .digest(digest) }
    if subject.hasPrefix("ed25519:") { return .key(try store.knownKey(subject)) }
    return .key(try PublicKey(file: URL(fileURLWithPath: subject)))
  }
}
