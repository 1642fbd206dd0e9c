public import ArgumentParser
import MoEBase
import MoEPackFormat
import MoEStore

/// `moe-pack trust list`.
public struct TrustListCommand: MoECommand {
  /// Name and help.
  public static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "List what is trusted: keys and their namespaces, the signed root, what is revoked.",
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
    let store = try session.storeForReading()
    let records = try store?.trustRecords() ?? []
    let root = try store?.signedRoots().last
    let revocations = try store?.revocations() ?? []
    let allowed = try store?.allowedPacks() ?? []
    guard !output.json else {
      return try session.console.print(json: [
        "keys": .array(records.map(\.json)),
        "root": root.map { record in
          [
            "digest": .digest(record.root.digest), "addedAt": .string(record.addedAt),
            "document": record.root.document.json,
          ]
        } ?? .null,
        "revoked": .array(revocations.map(\.json)), "allowed": .array(allowed.map(\.json)),
      ])
    }
    if let root {
      try print(root, session)
      if !records.isEmpty {
        try session.console.print(
          "\nOn your word, for the namespaces the signed root has no rule for:")
      }
    }
    if !records.isEmpty || root == nil { try print(records, session) }
    for record in revocations {
      try session.console.print(
        "revoked  \(record.revocation.subject), \(record.addedAt)  \(record.revocation.reason.shown())"
      )
    }
    for pack in allowed {
      try session.console.print(
        "allowed  \(pack.digest), \(pack.addedAt)  \(pack.comment.shown())")
    }
  }

  private func print(_ record: SignedRootRecord, _ session: CommandSession) throws {
    let document = record.root.document
    let expired = document.expires <= session.context.timestamp
    try session.console.print(
      "signed trust root, version \(document.version), "
        + (expired ? "expired at \(document.expires)" : "good until \(document.expires)"))
    try document.printRules(to: session.console)
  }

  private func print(_ records: [TrustRecord], _ session: CommandSession) throws {
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

extension RootDocument {
  /// Its root keys, rules and revocations, a line each.
  func printRules(to console: Console) throws {
    try console.print(
      "root       \(rootThreshold) of "
        + rootKeys.map(\.id.description).joined(separator: ", "))
    for rule in rules {
      let keys =
        rule.keys.isEmpty ? "no key" : rule.keys.map(\.id.description).joined(separator: ", ")
      try console.print(
        "namespace  \(rule.namespaces): \(rule.threshold) of \(keys)"
          + (rule.level == .enforce ? "" : "; level \(rule.level.rawValue)"))
    }
    for revocation in revocations {
      try console.print(
        "revoked    \(revocation.subject)  \(revocation.reason.shown())")
    }
  }
}

extension RevocationRecord {
  /// One thing the operator revoked.
  fileprivate var json: JSONValue {
    [
      "subject": .string(revocation.subject.description), "reason": .string(revocation.reason),
      "addedAt": .string(addedAt),
    ]
  }
}

extension AllowedPack {
  /// One pack the operator accepts.
  fileprivate var json: JSONValue {
    [
      "digest": .digest(digest), "comment": .string(comment), "addedAt": .string(addedAt),
    ]
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
