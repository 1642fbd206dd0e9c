public import ArgumentParser

/// `moe-pack pack`: what a vendor does.
public struct PackCommand: ParsableCommand {
  /// Name, help and subcommands.
  public static let configuration = CommandConfiguration(
    commandName: "pack",
    abstract: "Make a domain pack from its source, and look inside one.",
    discussion: """
      A pack source is a directory, which `moe-pack pack new` begins:
        pack.yaml            name, version, backbone, tasks, evals
        data/train.jsonl     {"text": "…", "label": "…"} a line
        data/negatives.jsonl {"text": "…"} a line: near the domain, not the pack's to answer (optional)
        evals/<name>.jsonl   as train.jsonl, never seen in training; {"text": "…", "expect": "none"} for \
      texts the pack must leave alone
        labels.yaml          label: {title, authority, note}, shown to people (optional)
        CARD.md  LICENSE

      Data files may be .csv or .tsv as well: a first line names the columns, text and label.

      First steps:
        moe-pack pack new tickets --from tickets.csv
        moe-pack pack check tickets
        moe-pack key new -o vendor.key
        moe-pack pack build tickets -o tickets.moepack --key vendor.key
      """,
    subcommands: [
      PackNewCommand.self, PackCheckCommand.self, PackBuildCommand.self, PackTestCommand.self,
      PackDiffCommand.self, PackInspectCommand.self,
      PackSignCommand.self,
      PackImportCommand.self,
    ])

  /// Makes the command.
  public init() {}
}
