public import ArgumentParser
import MoEBase
import MoEPackFormat
import MoEStore

/// `moe-pack trust allow`.
public struct TrustAllowCommand: MoECommand {
  /// Name and help.
  public static let configuration = CommandConfiguration(
    commandName: "allow",
    abstract: "Accept one pack, by its digest, though a key that signed it is revoked.",
    discussion: """
      It holds for that very pack and this store, on your word. A pack whose digest is revoked stays refused.

      Example:
        moe-pack trust allow sha256:4e6f… --comment "checked by hand, signed before the theft"
      """)

  @Argument(help: ArgumentHelp("The pack's digest, `sha256:` and 64 digits.", valueName: "digest"))
  var digest: String

  @Option(help: ArgumentHelp("What to remember about it.", valueName: "text"))
  var comment = ""

  @Flag(help: "Accept it no longer; if it is installed, it goes.")
  var undo = false

  @OptionGroup var output: OutputOptions
  /// What every command takes.
  @OptionGroup public var global: GlobalOptions

  /// The words that name it.
  public static let words = "trust allow"

  /// Makes the command.
  public init() {}

  /// Refuses what is no digest and no comment.
  public func validate() throws {
    guard Digest(digest) != nil else {
      throw ValidationError(
        "The value '\(digest.shown())' is no digest: expected 'sha256:' and 64 lower-case hexadecimal digits."
      )
    }
    guard comment.isEmpty || isShownText(comment, atMost: 300) else {
      throw ValidationError(
        "--comment takes one line of at most 300 bytes without control characters.")
    }
  }

  /// Accepts it.
  public func run(_ session: CommandSession) throws {
    guard let digest = Digest(digest) else { throw ValidationError("A digest is needed.") }
    let store = try session.store()
    let (actor, time) = (session.context.userName, session.context.timestamp)
    let change =
      try undo
      ? store.disallow(digest, by: actor, at: time)
      : store.allow(digest, comment: comment, by: actor, at: time)
    guard !output.json else {
      return try session.console.print(
        json: .object(
          [JSONMember("digest", .digest(digest)), JSONMember("allowed", .boolean(!undo))]
            + change.members))
    }
    let state = undo ? "is accepted by its digest no longer" : "is accepted by its digest"
    try session.console.print(
      "\(digest) \(change.isNew ? state : "was so already; nothing was changed")")
    try change.print(to: session.console)
  }
}
