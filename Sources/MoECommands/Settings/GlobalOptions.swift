public import ArgumentParser

/// What every command takes.
public struct GlobalOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The store to use (or MOEPACK_STORE).",
      discussion: "Without it: $XDG_DATA_HOME/moe-pack/store.", valueName: "dir"))
  var store: Path?

  @Flag(name: [.customShort("q"), .long], help: "Say nothing but data and errors.")
  var quiet = false

  @Flag(name: [.customShort("v"), .long], help: "Say more on stderr.")
  var verbose = false

  @Flag(name: .customLong("no-color"), help: "Use no colours (or NO_COLOR).")
  var noColor = false

  @Option(
    name: .customLong("lock-timeout"),
    help: ArgumentHelp(
      "How long to wait while somebody else changes the store.", valueName: "seconds"))
  var lockTimeoutSeconds: Double = 10

  /// Makes the defaults.
  public init() {}

  /// Refuses what contradicts itself.
  public func validate() throws {
    guard !(quiet && verbose) else {
      throw ValidationError("--quiet and --verbose exclude each other.")
    }
    guard (0...86_400).contains(lockTimeoutSeconds) else {
      throw ValidationError("--lock-timeout takes a number of seconds from 0 to 86400.")
    }
  }
}

/// What every command that prints data takes.
public struct OutputOptions: ParsableArguments {
  @Flag(help: "Print JSON for machines.")
  var json = false

  /// Makes the defaults.
  public init() {}
}
