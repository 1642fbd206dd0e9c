public import ArgumentParser
import MoEBase
import MoEPackFormat
import MoEStore

/// `moe-pack trust sign`.
public struct TrustSignCommand: MoECommand {
  /// Name and help.
  public static let configuration = CommandConfiguration(
    commandName: "sign",
    abstract: "Add the signature of a root key to a version of the trust root.",
    discussion: """
      Shows what the version says before anybody signs it: `moe-pack trust sign FILE` without a key.

      Examples:
        moe-pack trust sign root-4.json
        moe-pack trust sign root-4.json --key b.key
      """)

  @Argument(help: ArgumentHelp("The version, a file.", valueName: "file"))
  var file: Path

  @OptionGroup var signing: SigningKeyOptions
  @OptionGroup var output: OutputOptions
  /// What every command takes.
  @OptionGroup public var global: GlobalOptions

  /// The words that name it.
  public static let words = "trust sign"

  /// Makes the command.
  public init() {}

  /// Signs it.
  public func run(_ session: CommandSession) throws {
    let keys = try signing.keys(in: session)
    var root = try UnverifiedRoot(file: file.url)
    let document = try root.claims()
    if !keys.isEmpty {
      try root.sign(with: keys)
      try root.write(to: file, session.console)
    }
    let before = try session.storeForReading()?.signedRoots().last?.root.document
    let own = root.signerCount(among: document.rootKeys)
    let earlier = before.map { root.signerCount(among: $0.rootKeys) }
    guard !output.json else {
      return try session.console.print(json: [
        "file": .string(file.text), "digest": .digest(root.digest), "document": document.json,
        "signatures": .integer(own), "threshold": .integer(document.rootThreshold),
        "signaturesBefore": earlier.map(JSONValue.integer) ?? .null,
        "thresholdBefore": before.map { .integer($0.rootThreshold) } ?? .null,
      ])
    }
    try session.console.print(
      "version \(document.version), good until \(document.expires), \(root.digest)")
    try document.printRules(to: session.console)
    try session.console.print(
      "signed by \(own) of the \(document.rootThreshold) root keys it asks for itself"
        + (before.map { ", and \(earlier ?? 0) of \($0.rootThreshold) of version \($0.version)" }
          ?? ""))
  }
}
