public import ArgumentParser
import Foundation
import MoEBase
import MoEServer

/// `moe-pack access`.
public struct AccessCommand: ParsableCommand {
  /// Name, help and subcommands.
  public static let configuration = CommandConfiguration(
    commandName: "access",
    abstract: "Manage who may ask a server which packs.",
    discussion: """
      A keys file holds the digest of each key, its role and its rules; the key itself is shown once, when it is \
      made. A running server reads the file again when it changes.
      """,
    subcommands: [
      AccessAddCommand.self, AccessListCommand.self, AccessRemoveCommand.self,
      AccessReceiptCommand.self,
    ])

  /// Makes the command.
  public init() {}
}

/// The keys file that a command works on.
struct KeysFileOptions: ParsableArguments {
  @Option(help: ArgumentHelp("The keys file.", valueName: "file"))
  var keys: Path

  /// The keys; none where the file is not there yet.
  func read() throws(ServerError) -> AccessKeyFile {
    guard FileManager.default.fileExists(atPath: keys.url.path) else { return AccessKeyFile() }
    return try AccessKeyFile(file: keys.url)
  }

  /// Writes the keys, whole or not at all, readable by the owner alone.
  func write(_ file: AccessKeyFile) throws(ServerError) {
    let target = keys.url
    let staged = keys.appending(".new-\(getpid())")
    do {
      guard
        FileManager.default.createFile(
          atPath: staged.path, contents: Data(file.text.utf8),
          attributes: [.posixPermissions: 0o600])
      else { throw CocoaError(.fileWriteUnknown) }
      guard rename(staged.path, target.path) == 0 else {
        throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO)
      }
    } catch {
      try? FileManager.default.removeItem(at: staged)
      throw .cannotWrite(path: target.path, reason: "the system refused")
    }
  }
}

/// `moe-pack access list`.
public struct AccessListCommand: MoECommand {
  /// Name and help.
  public static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "List the keys of a keys file: id, role and rules.",
    discussion: """
      Example:
        moe-pack access list --keys keys.json
      """)
  /// The words that name it.
  public static let words = "access list"

  @OptionGroup var file: KeysFileOptions
  @OptionGroup var output: OutputOptions
  /// What every command takes.
  @OptionGroup public var global: GlobalOptions

  /// Makes the command.
  public init() {}

  /// Prints the keys.
  public func run(_ session: CommandSession) throws {
    let keys = try file.read().keys
    guard !output.json else {
      return try session.console.print(json: ["keys": .array(keys.map(\.view))])
    }
    guard !keys.isEmpty else { return try session.console.print("There are no keys.") }
    var table = Table([.text("id"), .text("role"), .text("may use")])
    for key in keys {
      table.add(
        key.id, key.role.rawValue,
        key.role == .administrator
          ? "everything" : key.allow.map(\.sentence).joined(separator: "; or "))
    }
    try table.print(to: session.console)
  }
}

/// `moe-pack access remove`.
public struct AccessRemoveCommand: MoECommand {
  /// Name and help.
  public static let configuration = CommandConfiguration(
    commandName: "remove",
    abstract: "Take a key out of a keys file.",
    discussion: """
      A running server refuses it within two seconds.

      Example:
        moe-pack access remove acme --keys keys.json
      """)
  /// The words that name it.
  public static let words = "access remove"

  @Argument(help: ArgumentHelp("The id of the key.", valueName: "id"))
  var id: String
  @OptionGroup var file: KeysFileOptions
  /// What every command takes.
  @OptionGroup public var global: GlobalOptions

  /// Makes the command.
  public init() {}

  /// Removes the key.
  public func run(_ session: CommandSession) throws {
    var keys = try file.read()
    try keys.remove(id)
    try file.write(keys)
    try session.console.print("`\(id.shown())` has no key any more")
  }
}

extension AccessKey {
  /// What is shown of a key.
  var view: JSONValue {
    [
      "id": .string(id), "role": .string(role.rawValue), "hash": .digest(hash),
      "allow": .array(allow.map { .string($0.sentence) }),
    ]
  }
}

extension AccessRule {
  /// The rule in a few words.
  var sentence: String {
    var parts = [packs.isEmpty ? "no packs" : packs.joined(separator: ", ")]
    if !regions.isEmpty { parts.append("about \(regions.joined(separator: " or "))") }
    if !languages.isEmpty { parts.append("in \(languages.joined(separator: " or "))") }
    if !kinds.isEmpty {
      parts.append("only \(kinds.map(\.rawValue).joined(separator: ", "))")
    }
    return parts.joined(separator: " ")
  }
}
