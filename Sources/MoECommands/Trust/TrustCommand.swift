public import ArgumentParser

/// `moe-pack trust`.
public struct TrustCommand: ParsableCommand {
  /// Name, help and subcommands.
  public static let configuration = CommandConfiguration(
    commandName: "trust",
    abstract: "Say whose packs this store accepts.",
    discussion: """
      A pack is installed only when a trusted key has signed it, and that key may sign for the pack's \
      namespace, the part of its name before the slash. Taking a key away stops new installs; what is \
      installed stays.
      """,
    subcommands: [TrustAddCommand.self, TrustListCommand.self, TrustRemoveCommand.self])

  /// Makes the command.
  public init() {}
}
