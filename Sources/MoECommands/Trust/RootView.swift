import MoEBase
import MoEPackFormat
import MoEStore

/// A version of the trust root that a store took over, and what that did.
struct RootView {
  let root: SignedRoot
  let change: TrustChange

  var json: JSONValue {
    .object(
      [
        JSONMember("version", .integer(root.document.version)),
        JSONMember("digest", .digest(root.digest)),
        JSONMember("expires", .string(root.document.expires)),
        JSONMember("signers", .array(root.signers.map { .string($0.description) })),
      ] + change.members)
  }

  func print(to console: Console, _ format: OutputOptions) throws {
    guard !format.json else { return try console.print(json: json) }
    let document = root.document
    try console.print(
      change.isNew
        ? "version \(document.version) of the trust root is in force until \(document.expires)"
        : "version \(document.version) of the trust root is in force already; nothing was changed")
    try console.print("digest   \(root.digest)")
    try console.print(
      "root     \(root.signers.count) of \(document.rootThreshold) required root keys signed it: "
        + root.signers.map(\.description).joined(separator: ", "))
    try change.print(to: console)
  }
}

extension TrustChange {
  /// What a machine is told of it.
  var members: [JSONMember] {
    [
      JSONMember("changed", .boolean(isNew)),
      JSONMember("withdrawn", .array(withdrawn.map(\.summaryJSON))),
      JSONMember("generation", generation.map { .integer($0.id) } ?? .null),
    ]
  }

  /// Says which packs had to go.
  func print(to console: Console) throws {
    for pack in withdrawn {
      try console.print("removed  \(pack.name) \(pack.version), release \(pack.release)")
    }
    guard let generation else { return }
    try console.print(
      "generation \(generation.id) (unproven: no regression suite ran), "
        + generation.packs.count.counted("pack"))
  }
}

extension Assurance {
  /// What a machine is told.
  var word: String {
    switch self {
    case .signed: "signed"
    case .allowed: "allowed"
    case .tolerated(let level, _): level.rawValue
    }
  }

  /// The end of a sentence about the pack.
  func sentence(signers: [String]) -> String {
    switch self {
    case .signed: "signed by \(signers.joined(separator: ", ")), which this store trusts for it"
    case .allowed: "accepted by its digest, though a key that signed it is revoked"
    case .tolerated(let level, _):
      "not signed as it should be: its namespace has level `\(level.rawValue)`, and takes it"
    }
  }
}
