public import ArgumentParser
import MoEBase
import MoEStore

/// `moe-pack history`.
public struct HistoryCommand: MoECommand {
  /// Name and help.
  public static let configuration = CommandConfiguration(
    commandName: "history",
    abstract:
      "List the generations of the store: what changed, when, by whom, why, and what the suite said.",
    discussion: """
      The regression suite's word is how many eval sets were held to their floors and how many answers were \
      the same bytes before and after; `--json` has its whole report. `moe-pack diff` compares two \
      generations.

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
      .number("generation"), .text("when"), .text("who"), .number("packs"), .text("suite"),
      .text("what"), .text("why"),
    ])
    for generation in history {
      table.add(
        "\(generation.id)", generation.createdAt ?? "–", generation.actor,
        generation.isKept ? "\(generation.packs.count)" : "let go",
        generation.suiteSentence,
        generation.action + (generation.id == history.last?.id ? " (active)" : ""),
        generation.reason ?? "")
    }
    try table.print(to: session.console)
  }
}

extension Generation {
  /// What the regression suite said of it, in a few words.
  var suiteSentence: String {
    guard isProven else { return "unproven" }
    guard case .array(let packs)? = report?["packs"] else { return "proven" }
    let evals = packs.reduce(0) { count, pack in
      if case .array(let evals)? = pack["evals"] { count + evals.count } else { count }
    }
    guard case .integer(let compared)? = report?["compared"], compared > 0 else {
      return "proven: \(evals.counted("eval"))"
    }
    return "proven: \(evals.counted("eval")), \(Int(compared).counted("answer")) the same"
  }

  /// One generation of a history.
  fileprivate func json(isActive: Bool) -> JSONValue {
    [
      "generation": .integer(id), "parent": parent.map(JSONValue.integer) ?? .null,
      "createdAt": createdAt.map(JSONValue.string) ?? .null, "actor": .string(actor),
      "action": .string(action), "reason": reason.map(JSONValue.string) ?? .null,
      "proven": .boolean(isProven), "kept": .boolean(isKept),
      "active": .boolean(isActive), "threshold": .number(threshold),
      "precision": .string(precision.rawValue),
      "packs": .array(packs.map(\.summaryJSON)),
      "report": report ?? .null,
    ]
  }
}
