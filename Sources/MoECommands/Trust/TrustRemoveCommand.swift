import MoEStore
public import ArgumentParser
import MoEBase
import MoEPackFormat

/// `moe-pack trust remove`.
public struct TrustRemoveCommand: MoECommand {
  /// Name and help.
  public static let configuration = CommandConfiguration(
    commandName: "remove",
    abstract: "Stop accepting packs that a key signs.",
    discussion: """
      What it signed and is installed stays installed; `moe-pack remove` takes it out.

      Example:
        moe-pack trust remove ed25519:9f3c21aa00b1c2d3
      """)

  @Argument(
    help: ArgumentHelp("The key's id, as `moe-pack trust list` shows it.", valueName: "key-id"))
  var keyID: String

  @Option(
    help: ArgumentHelp(
      "The namespace it is to lose; all of them without it.", valueName: "namespace"))
  var namespace: String?

  @OptionGroup var output: OutputOptions
  /// What every command takes.
  @OptionGroup public var global: GlobalOptions

  /// The words that name it.
  public static let words = "trust remove"

  /// Makes the command.
  public init() {}

  /// Refuses what is no namespace.
  public func validate() throws {
    if let namespace, NamespacePattern(namespace) == nil {
      throw ValidationError("The value '\(namespace.shown())' is no namespace.")
    }
  }

  /// Removes the key.
  public func run(_ session: CommandSession) throws {
    let removed = try session.store().removeTrust(
      keyID: keyID, namespaces: namespace.flatMap(NamespacePattern.init))
    guard !output.json else {
      return try session.console.print(json: ["removed": .array(removed.map(\.json))])
    }
    for record in removed {
      try session.console.print(
        "\(record.key.publicKey.id) may no longer sign packs of \(record.key.namespaces)")
    }
  }
}
