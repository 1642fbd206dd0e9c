public import ArgumentParser
import MoEBase
import MoEPackFormat
import MoEStore

/// `moe-pack trust import`.
public struct TrustImportCommand: MoECommand {
  /// Name and help.
  public static let configuration = CommandConfiguration(
    commandName: "import",
    abstract: "Take over a signed trust root, or its next version.",
    discussion: """
      The first one is taken on your word: compare its digest with what its publisher tells you by another \
      way, or give it with --digest. Every other must be the version that follows, signed by the keys of the \
      one before and by its own. Packs that it revokes leave the store at once.

      Examples:
        moe-pack trust import root-1.json --digest sha256:4e6f…
        moe-pack trust import root-2.json root-3.json
      """)

  @Argument(help: ArgumentHelp("The versions, in their order.", valueName: "file"))
  var files: [Path]

  @Option(help: ArgumentHelp("What the digest of the first file must be.", valueName: "digest"))
  var digest: String?

  @OptionGroup var output: OutputOptions
  /// What every command takes.
  @OptionGroup public var global: GlobalOptions

  /// The words that name it.
  public static let words = "trust import"

  /// Makes the command.
  public init() {}

  /// Refuses what is no digest.
  public func validate() throws {
    if let digest, Digest(digest) == nil {
      throw ValidationError("The value '\(digest.shown())' is no digest.")
    }
  }

  /// Takes them over.
  public func run(_ session: CommandSession) throws {
    let roots = try files.map { try UnverifiedRoot(file: $0.url) }
    let store = try session.store()
    for (index, root) in roots.enumerated() {
      let (taken, change) = try store.importRoot(
        root, expecting: index == 0 ? digest.flatMap { Digest($0) } : nil,
        by: session.context.userName, at: session.context.timestamp)
      try RootView(root: taken, change: change).print(to: session.console, output)
    }
    if let expired = try store.trustRoot(at: session.context.timestamp).expired {
      session.console.note(
        "version \(expired.version) expired at \(expired.expires): nothing can be installed until the next "
          + "version is imported")
    }
  }
}
