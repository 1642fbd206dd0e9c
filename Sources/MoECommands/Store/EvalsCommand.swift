public import ArgumentParser

/// `moe-pack eval`.
public struct EvalsCommand: ParsableCommand {
  /// Name, help and subcommands.
  public static let configuration = CommandConfiguration(
    commandName: "eval",
    abstract: "Run the eval sets of the store, or register eval sets of your own.",
    discussion: """
      Without one of its words it runs the eval sets that came with the packs: `moe-pack eval` is \
      `moe-pack eval run`. Sets of your own gate every later change: what is answered right before it must \
      be answered right after it.

      Examples:
        moe-pack eval
        moe-pack eval example/eu-gdpr --json
        moe-pack eval --against 3
        moe-pack eval add tickets.jsonl --pack example/eu-gdpr
        moe-pack eval add small-talk.jsonl --none
      """,
    subcommands: [
      EvalCommand.self, EvalAddCommand.self, EvalListCommand.self, EvalRemoveCommand.self,
    ],
    defaultSubcommand: EvalCommand.self)

  /// Makes the command.
  public init() {}
}
