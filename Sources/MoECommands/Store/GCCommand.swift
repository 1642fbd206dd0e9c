import MoEStore
public import ArgumentParser
import MoEBase

/// `moe-pack gc`.
public struct GCCommand: MoECommand {
  /// Name and help.
  public static let configuration = CommandConfiguration(
    commandName: "gc",
    abstract: "Let go of old generations, and delete the files that no kept one needs.",
    discussion: """
      Files younger than the grace time stay, so that a process that has just read an old generation can \
      still open them.

      Example:
        moe-pack gc --keep 3 --dry-run
      """)

  @Option(help: ArgumentHelp("How many of the newest generations to keep.", valueName: "count"))
  var keep = 10

  @Option(
    name: .customLong("grace"),
    help: ArgumentHelp("How old a file must be to go.", valueName: "seconds"))
  var graceSeconds = 3600

  @Flag(name: [.customShort("n"), .long], help: "Count, and change nothing.")
  var dryRun = false

  @OptionGroup var output: OutputOptions
  /// What every command takes.
  @OptionGroup public var global: GlobalOptions

  /// Makes the command.
  public init() {}

  /// Refuses numbers that mean nothing.
  public func validate() throws {
    guard (1...1_000_000).contains(keep) else {
      throw ValidationError("--keep takes a number from 1 to 1000000.")
    }
    guard (0...1_000_000_000).contains(graceSeconds) else {
      throw ValidationError("--grace takes a number of seconds from 0 to 1000000000.")
    }
  }

  /// Collects the garbage.
  public func run(_ session: CommandSession) throws {
    let result = try session.store().gc(
      keep: keep, graceSeconds: graceSeconds, now: session.context.now(), isDryRun: dryRun)
    guard !output.json else {
      return try session.console.print(
        json: [
          "generationsDropped": .array(result.generationsDropped.map { .integer(Int64($0)) }),
          "files": .integer(result.blobCount), "sizeBytes": .integer(result.sizeBytes),
          "dryRun": .boolean(dryRun),
        ])
    }
    let verb = dryRun ? "would go" : "gone"
    try session.console.print(
      "\(verb): \(result.generationsDropped.count.counted("generation")), "
        + "\(result.blobCount.counted("file")) (\(result.sizeBytes.byteCount))")
  }
}
