import MoEBase
import MoEPackFormat
import MoEStore

/// Why a pack is trusted, laid out so that the whole chain fits a screen.
struct TrustChainView {
  let explanation: TrustExplanation
  /// The keys trusted on the operator's word.
  let records: [TrustRecord]
  /// The versions of the signed root.
  let roots: [SignedRootRecord]
  let highestRelease: Int?
  /// The generation the pack is installed in; `nil` for a file.
  let installedIn: Int?

  private var manifest: Manifest { explanation.claims.manifest }

  // MARK: - For a person

  func print(to console: Console) throws {
    func line(_ title: String, _ text: String) throws {
      try console.print(title.padded(to: 12) + text.shown())
    }
    try line("pack", "\(manifest.pack) \(manifest.version), release \(manifest.release)")
    try line("digest", "\(explanation.claims.digest)")
    try line(
      "where",
      installedIn.map { "installed, in generation \($0)" } ?? "a file, not installed by this")
    for (index, signature) in explanation.signatures.enumerated() {
      try line(index == 0 ? "signatures" : "", sentence(signature))
    }
    if explanation.signatures.isEmpty { try line("signatures", "none") }
    try line("rule", ruleSentence)
    for (index, text) in sourceSentences.enumerated() {
      try line(index == 0 ? "rests on" : "", text)
    }
    try line("revoked", revocationSentence)
    try line(
      "releases",
      highestRelease.map { "the highest this store has seen is \($0)" } ?? "none seen yet")
    try line("verdict", console.styled(verdictSentence, .bold))
  }

  private func sentence(_ signature: TrustExplanation.Signature) -> String {
    guard let key = signature.key else {
      let claim = signature.keyIDClaim.isEmpty ? "a key without a name" : signature.keyIDClaim
      return "\(claim): fits no key this store knows"
    }
    if let revocation = signature.revocation {
      return "\(key.id): fits, and is revoked"
        + (revocation.reason.isEmpty ? "" : ": \(revocation.reason)")
    }
    return "\(key.id): fits, and may \(signature.isForNamespace ? "" : "not ")sign for "
      + "\(manifest.pack.namespace)/*"
  }

  private var ruleSentence: String {
    let rule = explanation.rule
    return "\(rule.namespaces): \(countedKeys) of \(rule.threshold) required, of "
      + "\(rule.keys.count.counted("key")) that may; level \(rule.level.rawValue)"
  }

  private var countedKeys: Int {
    Set(
      explanation.signatures.compactMap {
        $0.isForNamespace && $0.revocation == nil ? $0.key : nil
      }
    ).count
  }

  /// Whose word it rests on: the newest version first, the first one last.
  private var sourceSentences: [String] {
    guard let root = explanation.root else {
      let own = records.filter { $0.key.namespaces.covers(manifest.pack) }
      guard !own.isEmpty else { return ["nobody's word: no key is trusted for it"] }
      return own.map { record in
        "the operator's word: \(record.key.publicKey.id) for \(record.key.namespaces), since "
          + record.addedAt + (record.comment.isEmpty ? "" : ", \(record.comment)")
      }
    }
    var lines = [
      "the signed trust root, version \(root.document.version), good until \(root.document.expires)"
    ]
    // Of a long chain the newest steps and the first.
    let shown = roots.count <= 6 ? roots : [roots[0]] + roots.suffix(5)
    for record in shown.reversed() {
      let document = record.root.document
      let signers = record.root.signers.map(\.description).joined(separator: ", ")
      lines.append(
        document.version == roots.first?.root.document.version
          ? "version \(document.version): the operator's word, \(record.addedAt), signed by \(signers)"
          : "version \(document.version): the keys of version \(document.version - 1), and its own: "
            + signers)
    }
    return lines
  }

  private var revocationSentence: String {
    if let revocation = explanation.revocation {
      return "its digest" + (revocation.reason.isEmpty ? "" : ": \(revocation.reason)")
    }
    let keys = explanation.signatures.compactMap { $0.revocation?.subject.description }
    guard !keys.isEmpty else { return "neither its digest nor a key that signed it" }
    return keys.joined(separator: ", ")
      + (explanation.isAllowed ? "; the operator accepts this very pack" : "")
  }

  private var verdictSentence: String {
    switch explanation.verdict {
    case .success(let verified):
      switch verified.assurance {
      case .signed: "trusted"
      case .allowed: "trusted, by its digest"
      case .tolerated(let level, let reason):
        "taken, not trusted (level \(level.rawValue)): "
          + PackVerificationError(manifest.pack.description, reason).message
      }
    case .failure: "not trusted"
    }
  }

  // MARK: - For a machine

  var json: JSONValue {
    var members: [JSONMember] = [
      JSONMember("pack", .string(manifest.pack.description)),
      JSONMember("version", .string(manifest.version.description)),
      JSONMember("release", .integer(manifest.release)),
      JSONMember("digest", .digest(explanation.claims.digest)),
      JSONMember("installedIn", installedIn.map(JSONValue.integer) ?? .null),
      JSONMember("highestRelease", highestRelease.map(JSONValue.integer) ?? .null),
      JSONMember(
        "signatures",
        .array(
          explanation.signatures.map { signature in
            [
              "keyIDClaim": .string(signature.keyIDClaim),
              "keyID": signature.key.map { .string($0.id.description) } ?? .null,
              "forNamespace": .boolean(signature.isForNamespace),
              "revoked": .boolean(signature.revocation != nil),
            ]
          })),
      JSONMember(
        "rule",
        [
          "namespaces": .string(explanation.rule.namespaces.description),
          "level": .string(explanation.rule.level.rawValue),
          "threshold": .integer(explanation.rule.threshold), "signed": .integer(countedKeys),
          "keyIDs": .array(explanation.rule.keys.map { .string($0.id.description) }),
        ]),
      JSONMember(
        "root",
        explanation.root.map { root in
          [
            "version": .integer(root.document.version), "digest": .digest(root.digest),
            "expires": .string(root.document.expires),
          ]
        } ?? .null),
      JSONMember("revoked", .boolean(explanation.revocation != nil)),
      JSONMember("allowed", .boolean(explanation.isAllowed)),
    ]
    switch explanation.verdict {
    case .success(let verified):
      members.append(JSONMember("trusted", true))
      members.append(JSONMember("assurance", .string(verified.assurance.word)))
    case .failure(let refusal):
      members.append(JSONMember("trusted", false))
      members.append(JSONMember("reason", .string(refusal.code)))
    }
    return .object(members)
  }
}
