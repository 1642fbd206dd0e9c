public import ArgumentParser
import MoEBase
import MoEPackFormat
import MoEStore

/// `moe-pack trust list`.
public struct TrustListCommand: MoECommand {
  /// Name and help.
  public static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "List the trusted keys, and the namespaces each may sign for.",
    discussion: """
      Example:
        moe-pack trust list --json
      """)

  @OptionGroup var output: OutputOptions
  /// What every command takes.
  @OptionGroup public var global: GlobalOptions

  /// Makes the command.
  public init() {}

  /// Prints the keys.
  public func run(_ session: CommandSession) throws {
    let records = try session.storeForReading()?.trustRecords() ?? []
    guard !output.json else {
      return try session.console.print(json: ["keys": .array(records.map(\.json))])
    }
    guard !records.isEmpty else {
      try session.console.print("No keys are trusted.")
      session.console.note("`moe-pack trust add KEY.pub --namespace NS` adds one")
      return
    }
    var table = Table([.text("key"), .text("namespaces"), .text("since"), .text("comment")])
    for record in records {
      table.add(
        record.key.publicKey.id.description, record.key.namespaces.description, record.addedAt,
        record.comment)
    }
    try table.print(to: session.console)
  }
}

extension TrustRecord {
  /// One trusted key.
  var json: JSONValue {
    [
      "keyID": .string(key.publicKey.id.description),
      "namespaces": .string(key.namespaces.description), "addedAt": .string(addedAt),
      "comment": .string(comment),
    ]
  }
}
