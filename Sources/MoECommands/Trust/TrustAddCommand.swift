import MoEStore
public import ArgumentParser
import Foundation
import MoEBase
import MoEPackFormat

/// `moe-pack trust add`.
public struct TrustAddCommand: MoECommand {
  /// Name and help.
  public static let configuration = CommandConfiguration(
    commandName: "add",
    abstract: "Accept packs of a namespace that are signed by a key.",
    discussion: """
      Compare the key id with what the publisher tells you by another way than the one the file came by.

      Example:
        moe-pack trust add publisher.pub --namespace example --comment "from their website"
      """)

  @Argument(
    help: ArgumentHelp(
      "The public key, a file that `moe-pack key new` wrote.", valueName: "key.pub"))
  var key: Path

  @Option(
    help: ArgumentHelp(
      "The namespace it may sign for; * for all of them.", valueName: "namespace"))
  var namespace: String

  @Option(help: ArgumentHelp("What to remember about it.", valueName: "text"))
  var comment = ""

  @OptionGroup var output: OutputOptions
  /// What every command takes.
  @OptionGroup public var global: GlobalOptions

  /// The words that name it.
  public static let words = "trust add"

  /// Makes the command.
  public init() {}

  /// Refuses what is no namespace and no comment.
  public func validate() throws {
    guard NamespacePattern(namespace) != nil else {
      throw ValidationError(
        "The value '\(namespace.shown())' is no namespace: expected lower-case letters, digits and "
          + "hyphens, at most 39, or '*'.")
    }
    guard comment.isEmpty || isShownText(comment, atMost: 300) else {
      throw ValidationError(
        "--comment takes one line of at most 300 bytes without control characters.")
    }
  }

  /// Adds the key.
  public func run(_ session: CommandSession) throws {
    guard let namespaces = NamespacePattern(namespace) else {
      throw ValidationError("--namespace takes a namespace.")
    }
    let key = try PublicKey(file: self.key.url)
    let isNew = try session.store().addTrust(
      TrustedKey(key, namespaces: namespaces), comment: comment, at: session.context.timestamp)
    guard !output.json else {
      return try session.console.print(
        json: [
          "keyID": .string(key.id.description), "namespaces": .string(namespaces.description),
          "added": .boolean(isNew),
        ])
    }
    try session.console.print(
      isNew
        ? "\(key.id) may now sign packs of \(namespaces)"
        : "\(key.id) was trusted for \(namespaces) already; nothing was changed")
  }
}
