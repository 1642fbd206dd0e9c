public import ArgumentParser
import Foundation
import MoEBase
import MoEPackFormat
import MoEStore

/// `moe-pack trust explain`.
public struct TrustExplainCommand: MoECommand {
  /// Name and help.
  public static let configuration = CommandConfiguration(
    commandName: "explain",
    abstract: "Show why a pack is trusted, or is not: the whole chain.",
    discussion: """
      From the pack's digest over its signatures and the rule of its namespace to the trust root and whose \
      word that rests on. What is not trusted ends with exit code 77, as `install` would.

      Examples:
        moe-pack trust explain example/sg-maritime-law
        moe-pack trust explain ./sg-maritime-law-1.0.0.moepack
      """)

  @Argument(help: ArgumentHelp("The pack's name, or a file.", valueName: "name|file"))
  var subject: String

  @OptionGroup var output: OutputOptions
  /// What every command takes.
  @OptionGroup public var global: GlobalOptions

  /// The words that name it.
  public static let words = "trust explain"

  /// Makes the command.
  public init() {}

  /// Explains it.
  public func run(_ session: CommandSession) throws {
    let store = try session.storeForReading()
    let envelope: Envelope
    var installedIn: Int?
    switch PackReference(subject) {
    case .file(let url):
      envelope = try UnverifiedPack(url: url, limits: session.settings.limits()).envelope()
    case .name(let name):
      guard let store else { throw StoreError.notInstalled(name: name, nearest: nil) }
      let pack = try store.installedPack(named: name)
      // Held to the pack's digest, like everything else that is read of it.
      _ = try pack.manifest()
      envelope = try Envelope(
        parsing: Array(try Data(contentsOf: pack.envelope.url)), archive: name)
      installedIn = try store.activeGenerationID()
    }
    let trust =
      try store?.trustRoot(at: session.context.timestamp) ?? TrustRoot(keys: [])
    let explanation = try trust.explanation(of: envelope)
    let view = TrustChainView(
      explanation: explanation, records: try store?.trustRecords() ?? [],
      roots: try store?.signedRoots() ?? [],
      highestRelease: try store?.highestRelease(of: explanation.claims.manifest.pack),
      installedIn: installedIn)
    if output.json {
      try session.console.print(json: view.json)
    } else {
      try view.print(to: session.console)
    }
    if case .failure(let refusal) = explanation.verdict { throw refusal }
  }
}
