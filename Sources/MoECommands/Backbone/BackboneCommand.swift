public import ArgumentParser

/// `moe-pack backbone`.
public struct BackboneCommand: ParsableCommand {
  /// Name, help and subcommands.
  public static let configuration = CommandConfiguration(
    commandName: "backbone",
    abstract: "Manage the language models that packs build on.",
    discussion: """
      A backbone is a pretrained model, named by the digest of its files and shared by all stores of this \
      machine. Its profile is what is computed once from public text, and what every pack's dispatcher rows \
      are measured against.
      """,
    subcommands: [
      BackboneListCommand.self, BackboneAddCommand.self, BackboneInfoCommand.self,
      BackboneProfileCommand.self,
    ])

  /// Makes the command.
  public init() {}
}
