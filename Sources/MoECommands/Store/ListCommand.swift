import Foundation
public import ArgumentParser
import MoEBase
import MoEPackFormat
import MoEStore

/// `moe-pack list`.
public struct ListCommand: MoECommand {
  /// Name and help.
  public static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "List the installed packs.",
    discussion: """
      Example:
        moe-pack list --json
      """)

  @OptionGroup var output: OutputOptions
  /// What every command takes.
  @OptionGroup public var global: GlobalOptions

  /// Makes the command.
  public init() {}

  /// Prints the list.
  public func run(_ session: CommandSession) throws {
    let store = try session.storeForReading()
    let active = try store?.active()
    let packs = active?.packs ?? []
    let pins = Set(try store?.pins() ?? [])
    guard !output.json else {
      return try session.console.print(
        json: [
          "generation": .integer(active?.id ?? 0), "proven": .boolean(active?.isProven ?? true),
          "threshold": .number(active?.threshold ?? Generation.defaultThreshold),
          "precision": .string((active?.precision ?? .f32).rawValue),
          "packs": .array(packs.map(\.summaryJSON)),
          "pins": .array(pins.sorted().map(JSONValue.string)),
        ])
    }
    guard let active, !packs.isEmpty else {
      try session.console.print("No packs are installed.")
      session.console.note("`moe-pack install PACK` installs one from its .moepack file")
      return
    }
    var table = Table([
      .text("pack"), .text("version"), .number("release"), .number("size"), .text("digest"),
      .text("as of"), .text("summary"),
    ])
    for pack in packs {
      // A damaged envelope must not hide the other packs.
      let manifest = try? pack.manifest()
      table.add(
        pack.name.description,
        pack.version.description + (pins.contains(pack.name.description) ? " (pinned)" : ""),
        "\(pack.release)",
        pack.sizeBytes.byteCount, pack.digest.short, manifest?.about.asOf ?? "?",
        manifest?.summary ?? "its manifest cannot be read: `moe-pack verify`")
    }
    try table.print(to: session.console)
    if !active.isProven {
      try session.console.print("This generation is unproven: no regression suite ran.")
    }
    session.console.detail(
      "generation \(active.id), \(active.isProven ? "proven" : "unproven"), threshold "
        + "\(active.threshold), \(active.precision.rawValue), in "
        + session.settings.storeDirectory.path)
  }
}
