public import ArgumentParser

/// `moe-pack pack`: what a vendor does.
public struct PackCommand: ParsableCommand {
  /// Name, help and subcommands.
  public static let configuration = CommandConfiguration(
    commandName: "pack",
    abstract: "Make a domain pack from its source, and look inside one.",
    discussion: """
      A pack source is a directory:
        pack.yaml            name, version, backbone, tasks, evals
        data/train.jsonl     {"text": "…", "label": "…"} a line
        data/negatives.jsonl {"text": "…"} a line: near the domain, not the pack's to answer (optional)
        evals/<name>.jsonl   as train.jsonl, never seen in training; {"text": "…", "expect": "none"} for \
      texts the pack must leave alone
        labels.yaml          label: {title, authority, note}, shown to people (optional)
        CARD.md  LICENSE

      First steps:
        moe-pack key new -o vendor.key
        moe-pack pack check packs/sg-maritime-law
        moe-pack pack build packs/sg-maritime-law -o sg-maritime-law-1.0.0.moepack --key vendor.key
      """,
    subcommands: [
      PackBuildCommand.self, PackCheckCommand.self, PackInspectCommand.self, PackSignCommand.self,
      PackImportCommand.self,
    ])

  /// Makes the command.
  public init() {}
}
