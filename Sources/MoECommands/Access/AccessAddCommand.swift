public import ArgumentParser
import Foundation
import MoEBase
import MoEPackFormat
import MoEServer

/// `moe-pack access add`.
public struct AccessAddCommand: MoECommand {
  /// Name and help.
  public static let configuration = CommandConfiguration(
    commandName: "add",
    abstract: "Make a key for a client of a server, and show it once.",
    discussion: """
      The keys file is made where there is none, and keeps a digest of the key. A tenant's key may use the packs \
      that --pack names (a pack, all of a namespace as acme/*, or all as *), and of these, with --region, \
      --language or --kind, only those that are about such a jurisdiction, in such a language, or whose tasks \
      are all of such kinds. Without --pack it may use none: only the backbone. What a key may not use does not exist for it. An \
      administrator's key may use and see everything, and roll back.

      Examples:
        moe-pack access add acme --keys keys.json --pack 'acme/*' --region EU
        moe-pack access add operations --keys keys.json --administrator
      """)
  /// The words that name it.
  public static let words = "access add"

  @Argument(help: ArgumentHelp("What to call the key in logs and receipts.", valueName: "id"))
  var id: String
  @OptionGroup var file: KeysFileOptions
  @Flag(help: "Make an administrator's key.")
  var administrator = false
  @Option(
    name: .customLong("pack"),
    help: ArgumentHelp(
      "A pack or namespace it may use; may be given several times.", valueName: "name"))
  var packs: [String] = []
  @Option(
    name: .customLong("region"),
    help: ArgumentHelp(
      "Only packs about this jurisdiction; may be given several times.", valueName: "code"))
  var regions: [String] = []
  @Option(
    name: .customLong("language"),
    help: ArgumentHelp(
      "Only packs in this language; may be given several times.", valueName: "code"))
  var languages: [String] = []
  @Option(
    name: .customLong("kind"),
    help: ArgumentHelp(
      "Only packs whose tasks are of this kind; may be given several times.", valueName: "kind"))
  var kinds: [String] = []
  @OptionGroup var output: OutputOptions
  /// What every command takes.
  @OptionGroup public var global: GlobalOptions

  /// Makes the command.
  public init() {}

  /// Refuses what is no id, pattern or kind.
  public func validate() throws {
    guard AccessKey.isID(id) else {
      throw ValidationError("an id has 1 to 64 letters, digits, `-`, `_` and `.`")
    }
    if let bad = packs.first(where: { !AccessRule.isPattern($0) }) {
      throw ValidationError(
        "--pack \(bad.shown()): expected namespace/name, namespace/* or *")
    }
    if let bad = kinds.first(where: { TaskKind(rawValue: $0) == nil }) {
      throw ValidationError(
        "--kind \(bad.shown()): expected one of "
          + TaskKind.allCases.map(\.rawValue).joined(separator: ", "))
    }
    guard !administrator || (packs + regions + languages + kinds).isEmpty else {
      throw ValidationError("an administrator may use everything: --administrator takes no rules")
    }
    guard !packs.isEmpty || (regions + languages + kinds).isEmpty else {
      throw ValidationError("--region, --language and --kind narrow what --pack names")
    }
  }

  /// Makes the key.
  public func run(_ session: CommandSession) throws {
    var keys = try file.read()
    let secret = AccessKey.makeSecret()
    let rules =
      administrator || packs.isEmpty
      ? []
      : [
        AccessRule(
          packs: packs, regions: regions, languages: languages,
          kinds: kinds.compactMap(TaskKind.init(rawValue:)))
      ]
    let key = AccessKey(
      id: id, hash: Digest(of: Array(secret.utf8)),
      role: administrator ? .administrator : .tenant, allow: rules)
    try keys.add(key)
    try file.write(keys)
    guard !output.json else {
      return try session.console.print(json: ["id": .string(id), "key": .string(secret)])
    }
    try session.console.print(secret)
    session.console.note("this is shown once; give it to `\(id)` by a way nobody else reads")
  }
}

/// `moe-pack access receipt`.
public struct AccessReceiptCommand: MoECommand {
  /// Name and help.
  public static let configuration = CommandConfiguration(
    commandName: "receipt",
    abstract: "Verify a receipt of usage that a server signed, and show it.",
    discussion: """
      A receipt is what `POST /v1/usage/receipts` gives: who used which pack how much since when, numbered, signed \
      by the server's --receipt-key.

      Example:
        moe-pack access receipt receipt.json --key server.key.pub
      """)
  /// The words that name it.
  public static let words = "access receipt"

  @Argument(help: ArgumentHelp("The receipt.", valueName: "file"))
  var receipt: Path
  @Option(help: ArgumentHelp("The public key of the server.", valueName: "key.pub"))
  var key: Path
  @OptionGroup var output: OutputOptions
  /// What every command takes.
  @OptionGroup public var global: GlobalOptions

  /// Makes the command.
  public init() {}

  /// Verifies and prints.
  public func run(_ session: CommandSession) throws {
    let input = try InputFile(receipt.text, standardInput: session.context.input)
    defer { input.close() }
    let receipt = try UsageReceipt(
      verifying: Array(try input.text(limit: 16 << 20).utf8), by: try PublicKey(file: key.url),
      source: self.receipt.text)
    guard !output.json else { return try session.console.print(json: receipt.predicate) }
    var reader = try JSONReader(receipt.predicate)
    let server = try reader.string("server")
    let number = try reader.integer("number", in: 0...Int.max)
    let time = try reader.string("time")
    var usage = try reader.object("usage")
    let since = try usage.string("since")
    try session.console.print(
      "receipt \(number) of \(server.shown()), \(since.shown()) to \(time.shown())")
    var table = Table([
      .text("key"), .text("pack"), .number("requests"), .number("texts"), .number("tokens"),
    ])
    for var row in try usage.objects("counts") {
      table.add(
        try row.string("key").shown(), (try row.optionalString("pack") ?? "–").shown(),
        "\(try row.integer("requests", in: 0...Int.max))",
        "\(try row.integer("texts", in: 0...Int.max))",
        "\(try row.integer("tokens", in: 0...Int.max))")
    }
    try table.print(to: session.console)
  }
}
