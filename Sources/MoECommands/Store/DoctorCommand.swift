public import ArgumentParser
import Foundation
import MoEBase
import MoEPackFormat
import MoEStore

/// `moe-pack doctor`.
public struct DoctorCommand: MoECommand {
  /// Name and help.
  public static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract: "Say what is wrong with the store and what to do about it, or mend it.",
    discussion: """
      Without options nothing is changed: each damaged file is named with the pack it belongs to and with \
      what mends it; exit code 11 when something is damaged.

      --repair takes damaged files from the archives they came in; no generation is made. --rebuild makes a \
      lost or damaged index anew from the envelopes among the store's files: trust, revocations, history and what \
      had been removed are lost with the index. So name the keys to trust, or every version of the signed trust \
      root, oldest first, whose revocations then hold again; and look through `moe-pack list` afterwards.

      Examples:
        moe-pack doctor
        moe-pack doctor --repair sg-maritime-law-1.0.0.moepack
        moe-pack doctor --rebuild --trust example=publisher.pub
        moe-pack doctor --rebuild --root root-1.json --root root-2.json
      """)

  @Option(
    name: .customLong("repair"), parsing: .upToNextOption,
    help: ArgumentHelp("The .moepack files to take damaged files from.", valueName: "pack"))
  var archives: [Path] = []

  @Flag(help: "Make the index anew from the store's files.")
  var rebuild = false

  @Option(
    name: .customLong("trust"),
    help: ArgumentHelp(
      "A namespace, or *, and the public key to trust for it.", valueName: "namespace=key.pub"))
  var trust: [String] = []

  @Option(
    name: .customLong("root"),
    help: ArgumentHelp(
      "A version of the signed trust root; may be given several times.", valueName: "file"))
  var roots: [Path] = []

  @OptionGroup var output: OutputOptions
  /// What every command takes.
  @OptionGroup public var global: GlobalOptions

  /// Makes the command.
  public init() {}

  /// Refuses what contradicts itself.
  public func validate() throws {
    guard !rebuild || archives.isEmpty else {
      throw ValidationError("--rebuild and --repair exclude each other: rebuild first.")
    }
    guard rebuild == !(trust.isEmpty && roots.isEmpty) else {
      throw ValidationError(
        "--rebuild takes at least one --trust NAMESPACE=KEY.pub or --root FILE, which are of no use "
          + "without it.")
    }
    for word in trust where NamespacePattern(Self.parts(of: word).namespace) == nil {
      throw ValidationError(
        "The value '\(word.shown())' names no namespace: expected NAMESPACE=KEY.pub.")
    }
  }

  /// Looks, and mends what it was told to.
  public func run(_ session: CommandSession) throws {
    if rebuild { return try runRebuild(session) }
    if !archives.isEmpty { return try runRepair(session) }
    let directory = session.settings.storeDirectory
    guard session.storeExists() else {
      return try show(
        findings: [], key: "findings", "there is no store yet: nothing to look at", session)
    }
    let diagnosis = session.withProgress { bar in
      bar.update("hashing the store", done: 0, total: 0)
      return Diagnosis(of: directory, options: session.storeOptions)
    }
    try show(
      findings: diagnosis.findings.map { finding in
        let mark = finding.weight == .damage ? "damage" : "note"
        return (
          "\(mark): \(finding.sentence.shown())\n  → \(finding.remedy)",
          [
            "weight": .string(finding.weight.rawValue), "problem": .string(finding.sentence),
            "remedy": .string(finding.remedy),
          ]
        )
      }, key: "findings", "nothing is wrong with the store", session)
    guard !diagnosis.isDamaged else {
      throw DamageFound(
        store: directory.path, count: diagnosis.findings.count { $0.weight == .damage })
    }
  }

  private func runRepair(_ session: CommandSession) throws {
    let repair = try session.withProgress { bar in
      bar.update("hashing the store", done: 0, total: 0)
      return try session.store().repair(from: archives.map { UnverifiedPack(url: $0.url) })
    }
    try show(
      findings: repair.mended.map { finding in
        ("mended: \(finding.sentence.shown())", .string(finding.sentence))
      }, key: "mended", "nothing was mended", session)
    guard repair.left.isEmpty else { throw StoreError.corrupt(repair.left.map(\.sentence)) }
  }

  private func runRebuild(_ session: CommandSession) throws {
    let time = session.context.timestamp
    let records = try trust.map { word in
      let (namespace, file) = Self.parts(of: word)
      guard let namespaces = NamespacePattern(namespace) else {
        throw ValidationError("--trust takes NAMESPACE=KEY.pub.")
      }
      let key = try PublicKey(file: URL(fileURLWithPath: file))
      return TrustRecord(
        key: TrustedKey(key, namespaces: namespaces), comment: "named when the index was rebuilt",
        addedAt: time)
    }
    let roots = try self.roots.map { try UnverifiedRoot(file: $0.url) }
    let rebuilt = try session.withProgress { bar in
      bar.update("hashing the store", done: 0, total: 0)
      return try StoreRebuild(
        of: session.settings.storeDirectory, trust: records, roots: roots,
        by: session.context.userName, at: time, options: session.storeOptions)
    }
    let taken = rebuilt.generation.packs.map { "\($0.name) \($0.version)" }
    try show(
      findings: taken.map { ("taken: \($0)", ["taken": .string($0)]) }
        + rebuilt.passedOver.map {
          ("passed over: \($0.shown())", ["passedOver": .string($0)])
        }, key: "packs", "no pack was found", session)
    session.console.note(
      "generation 1 is unproven, and may hold what had been removed: see `moe-pack list`, then `moe-pack eval`; "
        + "what you revoked on your own word is forgotten: `moe-pack trust revoke` says it again"
    )
  }

  /// The namespace and the file of `namespace=file`.
  private static func parts(of word: String) -> (namespace: String, file: String) {
    guard let sign = word.firstIndex(of: "=") else { return ("", "") }
    return (String(word[..<sign]), String(word[word.index(after: sign)...]))
  }

  private func show(
    findings: [(line: String, json: JSONValue)], key: String, _ nothing: String,
    _ session: CommandSession
  ) throws {
    guard !output.json else {
      return try session.console.print(
        json: .object([JSONMember(key, .array(findings.map(\.json)))]))
    }
    for finding in findings { try session.console.print(finding.line) }
    if findings.isEmpty { try session.console.print(nothing) }
  }
}

/// Why `doctor` ends with 11 after it has told what it found.
struct DamageFound: ActionableError, Equatable {
  /// The store.
  let store: String
  /// How many things are damaged.
  let count: Int

  var code: String { "store-damaged" }
  var exitCode: MoEBase.ExitCode { .corruption }
  var message: String {
    "`\(store)` is damaged: \(count.counted("finding")), expected none"
  }
  var hint: String { "nothing was changed; what mends it stands with each finding" }
}
