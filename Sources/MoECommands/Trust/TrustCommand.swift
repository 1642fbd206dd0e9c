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
      installed stays. Revoking a key takes its packs out as well.

      `trust add` trusts a key on your word, for this store. A signed trust root says the same for many \
      stores: which keys may sign for which namespaces, how many of them must, and until when. Each version \
      is signed by the keys that the one before names.
      """,
    subcommands: [
      TrustAddCommand.self, TrustListCommand.self, TrustRemoveCommand.self,
      TrustExplainCommand.self,
      TrustRevokeCommand.self, TrustAllowCommand.self, TrustCreateCommand.self,
      TrustRotateCommand.self, TrustSignCommand.self, TrustImportCommand.self,
      TrustExportCommand.self,
    ])

  /// Makes the command.
  public init() {}
}
