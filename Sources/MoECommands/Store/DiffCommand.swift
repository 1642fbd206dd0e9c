public import ArgumentParser
import MoEBase
import MoEPackFormat
import MoERuntime
import MoEStore

/// `moe-pack diff`.
public struct DiffCommand: MoECommand {
  /// Name and help.
  public static let configuration = CommandConfiguration(
    commandName: "diff",
    abstract:
      "Compare two generations: packs, threshold, precision, and what the regression suite measured.",
    discussion: """
      `moe-pack history` lists the generations; those whose packs `moe-pack gc` let go of cannot be \
      compared. Results are told where both generations were proven and have the pack.

      Examples:
        moe-pack diff 3 5
        moe-pack diff 3 5 --json
      """)

  @Argument(help: ArgumentHelp("The one generation.", valueName: "generation"))
  var first: Int

  @Argument(help: ArgumentHelp("The other generation.", valueName: "generation"))
  var second: Int

  @OptionGroup var output: OutputOptions
  /// What every command takes.
  @OptionGroup public var global: GlobalOptions

  /// Makes the command.
  public init() {}

  /// Compares.
  public func run(_ session: CommandSession) throws {
    guard let store = try session.storeForReading() else {
      throw StoreError.noGeneration(id: max(first, second), newest: 0)
    }
    let diff = GenerationDiff(try store.generation(first), try store.generation(second))
    if output.json { return try session.console.print(json: diff.json) }
    try print(diff, to: session.console)
  }

  private func print(_ diff: GenerationDiff, to console: Console) throws {
    for pack in diff.added { try console.print("added    \(pack.label)") }
    for pack in diff.removed { try console.print("removed  \(pack.label)") }
    for pack in diff.replaced {
      let verb = pack.after.release > pack.before.release ? "upgraded" : "replaced"
      try console.print("\(verb) \(pack.before.label) → \(pack.after.label)")
    }
    if diff.first.threshold != diff.second.threshold {
      try console.print("threshold \(diff.first.threshold) → \(diff.second.threshold)")
    }
    if diff.first.precision != diff.second.precision {
      try console.print(
        "precision \(diff.first.precision.rawValue) → \(diff.second.precision.rawValue)")
    }
    if diff.isEmpty {
      try console.print("Both have the same packs, the same threshold and the same precision.")
    }
    guard !diff.results.isEmpty else { return }
    try console.print()
    var table = Table([
      .text("pack"), .text("eval"), .text("figure"), .number("generation \(first)"),
      .number("generation \(second)"),
    ])
    for result in diff.results {
      table.add(
        result.pack, result.eval, result.figure, result.before?.fixed(3) ?? "–",
        result.after?.fixed(3) ?? "–")
    }
    try table.print(to: console)
  }
}

extension InstalledPack {
  /// Name, version and release.
  fileprivate var label: String { "\(name) \(version) (release \(release))" }
}

extension GenerationDiff {
  /// The comparison as JSON.
  fileprivate var json: JSONValue {
    [
      "before": .integer(first.id), "after": .integer(second.id),
      "added": .array(added.map(\.summaryJSON)), "removed": .array(removed.map(\.summaryJSON)),
      "replaced": .array(
        replaced.map { ["before": $0.before.summaryJSON, "after": $0.after.summaryJSON] }),
      "threshold": ["before": .number(first.threshold), "after": .number(second.threshold)],
      "precision": [
        "before": .string(first.precision.rawValue), "after": .string(second.precision.rawValue),
      ],
      "results": .array(results.map(\.json)),
    ]
  }
}
