public import ArgumentParser
import MoEBase
import MoEStore

/// `moe-pack history`.
public struct HistoryCommand: MoECommand {
  /// Name and help.
  public static let configuration = CommandConfiguration(
    commandName: "history",
    abstract:
      "List the generations of the store: who changed what, when, and whether it was proven.",
    discussion: """
      Example:
        moe-pack history --json
      """)

  @OptionGroup var output: OutputOptions
  /// What every command takes.
  @OptionGroup public var global: GlobalOptions

  /// Makes the command.
  public init() {}

  /// Prints the history.
  public func run(_ session: CommandSession) throws {
    let history = try session.storeForReading()?.history() ?? []
    guard !output.json else {
      return try session.console.print(
        json: ["generations": .array(history.map { $0.json(isActive: $0.id == history.last?.id) })])
    }
    guard !history.isEmpty else {
      return try session.console.print("Nothing was installed yet.")
    }
    var table = Table([
      .number("generation"), .text("when"), .text("who"), .number("packs"), .text("proven"),
      .text("what"),
    ])
    for generation in history {
      table.add(
        "\(generation.id)", generation.createdAt ?? "–", generation.actor,
        generation.isKept ? "\(generation.packs.count)" : "let go",
        generation.isProven ? "yes" : "no",
        generation.action + (generation.id == history.last?.id ? " (active)" : ""))
    }
    try table.print(to: session.console)
  }
}

extension Generation {
  /// One generation of a history.
  fileprivate func json(isActive: Bool) -> JSONValue {
    [
      "generation": .integer(id), "parent": parent.map(JSONValue.integer) ?? .null,
      "createdAt": createdAt.map(JSONValue.string) ?? .null, "actor": .string(actor),
      "action": .string(action), "proven": .boolean(isProven), "kept": .boolean(isKept),
      "active": .boolean(isActive), "threshold": .number(threshold),
      "packs": .array(packs.map(\.summaryJSON)),
      "report": report ?? .null,
    ]
  }
}
