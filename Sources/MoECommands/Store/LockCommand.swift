public import ArgumentParser
import MoEBase
import MoERuntime
import MoEStore

/// `moe-pack lock`.
public struct LockCommand: MoECommand {
  /// Name and help.
  public static let configuration = CommandConfiguration(
    commandName: "lock",
    abstract: "Write down, by digests, what this store serves, for `moe-pack sync` elsewhere.",
    discussion: """
      The lock file names the backbone, its profile, the threshold, the precision and every installed pack by digest, and \
      the composition that they make: a machine that is synced to it gives the same answers, bit for bit. \
      It holds no packs; keep their files beside it.

      Examples:
        moe-pack lock
        moe-pack lock -o - | diff moepack.lock -
      """)

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp("The file to write, or - for standard output.", valueName: "file"))
  var output = Path.lockFile

  /// What every command takes.
  @OptionGroup public var global: GlobalOptions

  /// Makes the command.
  public init() {}

  /// Writes the file.
  public func run(_ session: CommandSession) throws {
    let (generation, composition) = try session.activeComposition()
    let lock = LockFile(composition, of: generation)
    try OutputFile.write(lock.text, to: output.text, console: session.console)
    session.console.note(
      "locked generation \(generation.id), \(generation.packs.count.counted("pack")), "
        + "composition \(lock.composition.short)")
  }
}
