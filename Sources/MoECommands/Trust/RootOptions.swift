import ArgumentParser
import Foundation
import MoEBase
import MoEPackFormat
import MoEStore

/// The private keys a command signs with: files, or one of them standard input; never an argument.
struct SigningKeyOptions: ParsableArguments {
  @Option(
    name: .customLong("key"),
    help: ArgumentHelp(
      "A private key to sign with; - reads it from standard input. May stand several times.",
      valueName: "file"))
  var paths: [Path] = []

  /// Refuses more keys than an envelope takes, and standard input that would have to be read twice.
  func validate() throws { try Self.validate(paths) }

  /// Reads the keys.
  ///
  /// - Throws: `KeyError`, ``InputError``.
  func keys(in session: CommandSession) throws -> [SigningKey] { try session.signingKeys(paths) }

  static func validate(_ paths: [Path]) throws {
    guard paths.count <= 16 else { throw ValidationError("--key stands at most 16 times.") }
    guard paths.count(where: { $0 == .standard }) <= 1 else {
      throw ValidationError("--key can read one key from standard input.")
    }
  }
}

extension CommandSession {
  /// Reads private keys, from files that nobody but their owner may read or from standard input.
  ///
  /// - Throws: `KeyError`, ``InputError``.
  func signingKeys(_ paths: [Path]) throws -> [SigningKey] {
    try paths.map { path in
      guard path == .standard else { return try SigningKey(file: path.url) }
      let input = try InputFile(path.text, standardInput: context.input)
      return try SigningKey(text: try input.text(limit: 4096), source: input.name)
    }
  }
}

/// How long a version of the trust root is good for.
struct ExpiryOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "How many days the new version is good for; installs stop when they are over.",
      valueName: "days"))
  var days: Int?

  /// Refuses what is no number of days.
  func validate() throws {
    guard (1...36_500).contains(days ?? 1) else {
      throw ValidationError("--days takes a number from 1 to 36500.")
    }
  }

  /// The time it expires; `nil` without `--days`.
  func expires(in session: CommandSession) -> String? {
    days.map { Self.time(afterDays: $0, session) }
  }

  /// The time it expires, a year from now without `--days`.
  func expiresWithinYear(in session: CommandSession) -> String {
    Self.time(afterDays: days ?? 365, session)
  }

  private static func time(afterDays days: Int, _ session: CommandSession) -> String {
    session.context.now().addingTimeInterval(Double(days) * 86_400).ISO8601Format()
  }
}

/// Where a new version of the trust root goes.
struct RootOutputOptions: ParsableArguments {
  @Option(
    name: .shortAndLong,
    help: ArgumentHelp(
      "Write the new version to a file, for others to sign, and leave the store as it is.",
      valueName: "file"))
  var output: Path?

  @OptionGroup var format: OutputOptions

  /// Signs a document and writes it, or makes it the store's.
  ///
  /// - Throws: `TrustError`, `StoreError`, ``ConsoleError``.
  func finish(
    _ document: RootDocument, signedBy keys: [SigningKey], _ session: CommandSession
  ) throws {
    let source = "version \(document.version)"
    let root = try UnverifiedRoot(signing: document, with: keys, source: source)
    guard let output else {
      let (taken, change) = try session.store().importRoot(
        root, by: session.context.userName, at: session.context.timestamp)
      return try RootView(root: taken, change: change).print(to: session.console, format)
    }
    try root.write(to: output, session.console)
    let count = root.signerCount(among: document.rootKeys)
    guard !format.json else {
      return try session.console.print(json: [
        "file": .string(output.text), "version": .integer(document.version),
        "digest": .digest(root.digest), "signatures": .integer(count),
        "threshold": .integer(document.rootThreshold),
      ])
    }
    try session.console.print(
      "version \(document.version) of the trust root, \(root.digest): \(count) of "
        + "\(document.rootThreshold) signatures, in `\(output.text.shown())`")
    session.console.note(
      "`moe-pack trust sign` adds a signature, `moe-pack trust import` takes it over")
  }
}

extension UnverifiedRoot {
  /// Writes the envelope to a file, which appears when it is complete.
  func write(to path: Path, _ console: Console) throws(ConsoleError) {
    let file = try OutputFile(path.text, console: console)
    try file.write([json])
    try file.commit()
  }
}
