public import ArgumentParser
import MoEBase
import MoEModel

/// `moe-pack backbone list`.
public struct BackboneListCommand: MoECommand {
  /// Name and help.
  public static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "List the backbones this program knows, and whether they are on this machine.",
    discussion: """
      Example:
        moe-pack backbone list --json
      """)

  @OptionGroup var output: OutputOptions
  /// What every command takes.
  @OptionGroup public var global: GlobalOptions

  /// Makes the command.
  public init() {}

  /// Prints the list.
  public func run(_ session: CommandSession) throws {
    let entries = session.backbones.entries()
    let models = entries.map(\.known).filter { $0.kind == .decoder }
    let known = (KnownBackbone.all + models).map { known in
      (known: known, entry: entries.first { $0.known.digest == known.digest })
    }
    guard !output.json else {
      return try session.console.print(
        json: [
          "backbones": .array(
            known.map { known, entry in
              [
                "name": .string(known.name), "kind": .string(known.kind.rawValue),
                "digest": .digest(known.digest),
                "source": .string(known.source), "license": .string(known.license),
                "registered": .boolean(entry != nil),
                "profile": .boolean(entry?.hasProfile ?? false),
              ]
            })
        ])
    }
    var table = Table([
      .text("backbone"), .text("kind"), .text("registered"), .text("profile"), .text("digest"), .text("source"),
    ])
    for (known, entry) in known {
      table.add(
        known.name, known.kind.rawValue, entry == nil ? "no" : "yes", entry?.hasProfile == true ? "yes" : "no",
        known.digest.short, known.source)
    }
    try table.print(to: session.console)
    if entries.isEmpty {
      session.console.note(
        "none is registered: `moe-pack backbone add DIR` adds one from its files")
    }
  }
}
