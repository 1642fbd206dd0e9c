import Foundation
import MoEBase
import MoEPackFormat
import Testing

/// The first root and its successors, case by case after TUF's conformance suite.
@Suite struct SignedRootTests {
  private let a = Roots.a
  private let b = Roots.b
  private let c = Roots.c

  private func refusal(
    first document: RootDocument, by keys: [SigningKey]
  ) throws -> TrustError.Reason? {
    let root = try Roots.unverified(document, by: keys)
    return rootRefusal { _ = try root.verifiedFirst() }
  }

  private func refusal(
    after root: SignedRoot, _ document: RootDocument, by keys: [SigningKey]
  ) throws -> TrustError.Reason? {
    let next = try Roots.unverified(document, by: keys)
    return rootRefusal { _ = try next.verified(after: root) }
  }

  // MARK: - The first

  @Test func `the first root needs the threshold of its own keys`() throws {
    let document = Roots.document(rootKeys: [a, b, c], threshold: 2)
    #expect(try refusal(first: document, by: [a, b]) == nil)
    #expect(try refusal(first: document, by: [c, b, a]) == nil)
    #expect(
      try refusal(first: document, by: [a])
        == .underThreshold(of: .own, required: 2, keys: [a.publicKey.id]))
    #expect(
      try refusal(first: document, by: [])
        == .underThreshold(of: .own, required: 2, keys: []))
  }

  @Test func `keys that are no root keys count for nothing`() throws {
    let document = Roots.document(rootKeys: [a], rules: [try Roots.rule("acme/*", [b])])
    #expect(
      try refusal(first: document, by: [b, c])
        == .underThreshold(of: .own, required: 1, keys: []))
  }

  @Test func `one key that signs twice counts once`() throws {
    let document = Roots.document(rootKeys: [a, b], threshold: 2)
    let once = try Roots.unverified(document, by: [a])
    guard case .array(let signatures)? = once.json["signatures"] else {
      Issue.record("no signatures")
      return
    }
    let twice = once.json.setting(["signatures"], to: .array(signatures + signatures))
    let root = try UnverifiedRoot(parsing: twice.bytes, source: "x")
    #expect(
      rootRefusal { _ = try root.verifiedFirst() }
        == .underThreshold(of: .own, required: 2, keys: [a.publicKey.id]))
    var again = once
    try again.sign(with: [a])
    #expect(again.json == once.json, "nobody signs a second time")
  }

  @Test func `a payload that was altered, or is of another type, is refused`() throws {
    let honest = try Roots.unverified(Roots.document())
    let other = try Roots.unverified(Roots.document(version: 2))
    let altered = honest.json.setting(["payload"], to: other.json["payload"] ?? .null)
    let root = try UnverifiedRoot(parsing: altered.bytes, source: "x")
    #expect(
      rootRefusal { _ = try root.verifiedFirst() }
        == .underThreshold(of: .own, required: 1, keys: []))
    let pack = honest.json.setting(["payloadType"], to: .string(Envelope.payloadType))
    #expect(
      rootRefusal { _ = try UnverifiedRoot(parsing: pack.bytes, source: "x") }
        == .envelope(
          "`payloadType`: expected `application/vnd.moe-pack.trust-root.v1+json`, got "
            + "`application/vnd.in-toto+json`"))
  }

  @Test func `a root is no pack, and a pack no root, though one key signed both`() throws {
    let document = Roots.document(rootKeys: [PackBuilder.vendor])
    let root = try Roots.unverified(document, by: [PackBuilder.vendor])
    let posing = root.json.setting(["payloadType"], to: .string(Envelope.payloadType))
    let error = #expect(throws: PackVerificationError.self) {
      _ = try Envelope(parsing: posing.bytes, archive: "x").verifiedManifest(by: PackBuilder.trust)
    }
    #expect(error?.code == "pack-signature-mismatch")
  }

  // MARK: - The next

  @Test func `version N + 1 needs the thresholds of N and of its own`() throws {
    let first = try Roots.first(Roots.document(rootKeys: [a]))
    let same = first.document.next
    #expect(try refusal(after: first, same, by: [a]) == nil)
    var rotated = same
    rotated.rootKeys = [b.publicKey]
    #expect(try refusal(after: first, rotated, by: [a, b]) == nil)
    #expect(
      try refusal(after: first, rotated, by: [b])
        == .underThreshold(of: .version(1), required: 1, keys: []))
    #expect(
      try refusal(after: first, rotated, by: [a])
        == .underThreshold(of: .own, required: 1, keys: []))
    #expect(
      try refusal(after: first, rotated, by: [])
        == .underThreshold(of: .version(1), required: 1, keys: []))
  }

  @Test func `a threshold that rises asks for both, one that falls still for the old`() throws {
    let one = try Roots.first(Roots.document(rootKeys: [a, b, c], threshold: 1))
    var raised = one.document.next
    raised.rootThreshold = 2
    #expect(
      try refusal(after: one, raised, by: [a])
        == .underThreshold(of: .own, required: 2, keys: [a.publicKey.id]))
    #expect(try refusal(after: one, raised, by: [a, c]) == nil)
    let two = try Roots.first(
      Roots.document(rootKeys: [a, b, c], threshold: 2), by: [a, b])
    var lowered = two.document.next
    lowered.rootThreshold = 1
    #expect(
      try refusal(after: two, lowered, by: [a])
        == .underThreshold(of: .version(1), required: 2, keys: [a.publicKey.id]))
    #expect(try refusal(after: two, lowered, by: [a, b]) == nil)
  }

  @Test func `a gap, a repeat and a step back are refused`() throws {
    let first = try Roots.first(Roots.document())
    let second = try Roots.unverified(first.document.next).verified(after: first)
    #expect(second.document.version == 2)
    for version in [1, 2, 4, 1 << 53] {
      #expect(
        try refusal(after: second, Roots.document(version: version), by: [a])
          == .wrongVersion(expected: 3, got: version))
    }
  }

  @Test func `a key that was rotated out signs nothing more`() throws {
    let first = try Roots.first(Roots.document(rootKeys: [a]))
    var rotated = first.document.next
    rotated.rootKeys = [b.publicKey]
    let second = try Roots.unverified(rotated, by: [a, b]).verified(after: first)
    #expect(
      try refusal(after: second, second.document.next, by: [a])
        == .underThreshold(of: .version(2), required: 1, keys: []))
    #expect(try refusal(after: second, second.document.next, by: [b]) == nil)
    #expect(
      try refusal(after: first, second.document.next, by: [b])
        == .underThreshold(of: .version(1), required: 1, keys: []), "no step is left out")
  }

  @Test func `a root key that is revoked signs nothing more`() throws {
    let first = try Roots.first(Roots.document(rootKeys: [a, b]))
    var document = first.document.next
    document.revoke(Revocation(.key(a.publicKey), reason: "stolen"))
    #expect(document.rootKeys == [b.publicKey])
    let second = try Roots.unverified(document, by: [b]).verified(after: first)
    #expect(
      try refusal(after: second, second.document.next, by: [a])
        == .underThreshold(of: .version(2), required: 1, keys: []))
  }

  @Test func `an old version that has expired is a step on the way`() throws {
    let first = try Roots.first(Roots.document(expires: "2020-01-01T00:00:00Z"))
    var document = first.document.next
    document.expires = "2021-01-01T00:00:00Z"
    let second = try Roots.unverified(document).verified(after: first)
    document = second.document.next
    document.expires = Roots.expires
    let third = try Roots.unverified(document).verified(after: second)
    #expect(
      TrustRoot(keys: [], signed: second, time: "2026-01-01T00:00:00Z").expired?.version == 2)
    #expect(TrustRoot(keys: [], signed: third, time: "2026-01-01T00:00:00Z").expired == nil)
  }

  @Test func `it expires at the second it names`() throws {
    let root = try Roots.first(Roots.document(expires: "2026-06-30T12:00:00Z"))
    let archive = try PackBuilder().archive()
    func code(at time: String) throws -> String? {
      try MoEPackFormatTests.refusal(
        archive, trust: TrustRoot(keys: PackBuilder.trust.keys, signed: root, time: time))?.code
    }
    #expect(try code(at: "2026-06-30T11:59:59Z") == nil)
    #expect(try code(at: "2026-06-30T12:00:00Z") == "pack-trust-expired")
    #expect(try code(at: "2026-06-30T12:00:01Z") == "pack-trust-expired")
    #expect(try code(at: "2126-01-01T00:00:00Z") == "pack-trust-expired")
  }

  // MARK: - What it says

  static let malformed: [([String], JSONValue?)] = [
    (["formatVersion"], nil), (["formatVersion"], 0), (["version"], 0), (["version"], -1),
    (["version"], 1.0), (["version"], 9_007_199_254_740_993), (["version"], "1"),
    (["expires"], nil), (["expires"], "2027-01-31"), (["expires"], "2027-02-30T00:00:00Z"),
    (["expires"], "2027-01-31T24:00:00Z"), (["expires"], "2027-01-31T00:00:60Z"),
    (["expires"], "2027-01-31T00:00:00+00:00"), (["expires"], "2027-01-31 00:00:00Z"),
    (["expires"], "9999-12-31T23:59:59.0Z"),
    (["root", "threshold"], 0), (["root", "threshold"], 2), (["root", "threshold"], 17),
    (["root", "keys"], []), (["root", "keys"], ["x"]), (["root", "role"], "root"),
    (["namespaces", "0", "namespace"], "Acme/*"), (["namespaces", "0", "namespace"], "acme"),
    (["namespaces", "0", "namespace"], "acme/*/*"), (["namespaces", "0", "namespace"], "**"),
    (["namespaces", "0", "level"], "Enforce"), (["namespaces", "0", "level"], "none"),
    (["namespaces", "0", "threshold"], 0), (["namespaces", "0", "threshold"], 17),
    (["namespaces", "0", "keys"], "x"), (["namespaces", "0", "extra"], 1),
    (["revoked", "0", "reason"], "two\nlines"), (["revoked", "0", "reason"], "\u{1B}[31m"),
    (["revoked", "0", "reason"], nil), (["revoked", "0", "digest"], "sha256:00"),
    (["revoked", "0", "key"], "x"), (["delegations"], []), (["revoked"], nil),
  ]

  @Test func `a document that is not exactly one is refused`() throws {
    let document = Roots.document(
      rules: [try Roots.rule("acme/*", [b])],
      revocations: [Revocation(.digest(Digest(of: [1])), reason: "wrong")])
    let honest = try Roots.unverified(document).json
    func reason(_ payload: [UInt8]) -> TrustError.Reason? {
      let envelope = honest.setting(
        ["payload"], to: .string(Data(payload).base64EncodedString()))
      return rootRefusal {
        _ = try UnverifiedRoot(parsing: envelope.bytes, source: "x").claims()
      }
    }
    #expect(reason(document.json.bytes) == nil)
    for (path, value) in Self.malformed {
      let changed = document.json.setting(path, to: value)
      guard case .malformed? = reason(changed.bytes) else {
        Issue.record("\(path): \(value?.text ?? "nothing") is taken")
        continue
      }
    }
    #expect(reason(document.json.setting(["formatVersion"], to: 2).bytes) == .newerFormat(got: "2"))
    for bytes in [[], Array("{}".utf8), Array("[]".utf8), document.json.bytes + [0x7B]] {
      guard case .malformed? = reason(bytes) else {
        Issue.record("\(bytes) is taken")
        continue
      }
    }
  }

  @Test func `a document that contradicts itself is refused`() throws {
    func malformed(_ document: RootDocument) -> Bool {
      guard case .malformed? = rootRefusal({ try document.checked(source: "x") }) else {
        return false
      }
      return true
    }
    let rule = try Roots.rule("acme/*", [b])
    #expect(!malformed(Roots.document(rules: [rule])))
    #expect(malformed(Roots.document(rules: [rule, rule])), "one namespace twice")
    #expect(malformed(Roots.document(rootKeys: [a, a])), "one root key twice")
    #expect(malformed(Roots.document(rootKeys: [a], threshold: 2)), "more than there are")
    #expect(malformed(Roots.document(rules: [try Roots.rule("acme/*", [b, b])])))
    let revoked = Revocation(.key(b.publicKey), reason: "")
    #expect(malformed(Roots.document(rules: [rule], revocations: [revoked])), "trusted and revoked")
    #expect(
      malformed(Roots.document(rootKeys: [b], revocations: [revoked])), "root key and revoked")
    #expect(malformed(Roots.document(revocations: [revoked, revoked])), "revoked twice")
  }

  @Test func `no flipped bit of a root is taken for another root`() throws {
    let bytes = try Roots.unverified(
      Roots.document(rules: [try Roots.rule("acme/*", [b])])
    ).json.bytes
    let honest = try UnverifiedRoot(parsing: bytes, source: "x").verifiedFirst()
    var same = 0
    for index in stride(from: 0, to: bytes.count, by: Soak.count(7, 1)) {
      for bit in 0..<8 {
        var flipped = bytes
        flipped[index] ^= 1 << bit
        guard let root = try? UnverifiedRoot(parsing: flipped, source: "x").verifiedFirst() else {
          continue
        }
        same += 1
        #expect(root.document == honest.document && root.digest == honest.digest)
      }
    }
    #expect(same < bytes.count, "only the key id, which is a hint, may change: \(same)")
  }

  // MARK: - Rules

  @Test func `the rule of a namespace stands before the one for all, and both before a word`()
    throws
  {
    let vendor = PackBuilder.vendor
    let archive = try PackBuilder().archive()
    func code(_ rules: [NamespaceRule], word: Bool = false) throws -> String? {
      let keys = word ? [TrustedKey(vendor.publicKey, namespaces: .all)] : []
      return try MoEPackFormatTests.refusal(
        archive,
        trust: TrustRoot(keys: keys, signed: try Roots.first(Roots.document(rules: rules))))?.code
    }
    let all = try Roots.rule("*", [vendor])
    let other = try Roots.rule("example/*", [b])
    #expect(try code([all]) == nil)
    #expect(try code([all, other]) == "pack-wrong-namespace", "the narrower rule speaks alone")
    #expect(try code([other, all]) == "pack-wrong-namespace", "whatever the order")
    #expect(try code([other], word: true) == "pack-wrong-namespace", "a word does not help")
    #expect(
      try code([try Roots.rule("other/*", [b])], word: true) == nil, "no rule: the word counts")
    #expect(try code([try Roots.rule("example/*", [])]) == "pack-unknown-key", "nobody may sign")
    #expect(try code([try Roots.rule("example/*", [a])]) == "pack-unknown-key")
    #expect(
      try code([try Roots.rule("example/*", [vendor], threshold: 2)]) == "pack-under-threshold")
  }

  @Test func `a root key signs no packs`() throws {
    let root = try Roots.first(Roots.document(rules: [try Roots.rule("example/*", [b])]))
    var builder = PackBuilder()
    builder.keys = [a]
    #expect(
      try MoEPackFormatTests.refusal(
        try builder.archive(), trust: TrustRoot(keys: [], signed: root))?.code
        == "pack-unknown-key")
  }

  // MARK: - Revocations

  @Test func `what is revoked is refused at every level, by the root and on a word`() throws {
    let vendor = PackBuilder.vendor
    let archive = try PackBuilder().archive()
    let digest = try accepted(archive).digest
    let key = Revocation(.key(vendor.publicKey), reason: "stolen laptop")
    let pack = Revocation(.digest(digest), reason: "wrong labels")
    for level in TrustLevel.allCases {
      let rule = try Roots.rule("example/*", [b], level: level)
      let keyByRoot = try Roots.first(Roots.document(rules: [rule], revocations: [key]))
      let packByRoot = try Roots.first(
        Roots.document(
          rules: [try Roots.rule("example/*", [vendor], level: level)], revocations: [pack]))
      for trust in [
        TrustRoot(keys: [], signed: keyByRoot),
        TrustRoot(
          keys: [], signed: try Roots.first(Roots.document(rules: [rule])), revocations: [key]),
      ] {
        let error = try MoEPackFormatTests.refusal(archive, trust: trust)
        #expect(
          error?.reason
            == .revokedKey(keyID: vendor.publicKey.id.description, reason: "stolen laptop"))
        #expect(error?.exitCode == .trust)
      }
      #expect(
        try MoEPackFormatTests.refusal(archive, trust: TrustRoot(keys: [], signed: packByRoot))?
          .reason == .revokedPack(reason: "wrong labels"))
    }
  }

  @Test func `a digest the operator allows passes a revoked key, not its own revocation`() throws {
    let vendor = PackBuilder.vendor
    let archive = try PackBuilder().archive()
    let digest = try accepted(archive).digest
    let key = Revocation(.key(vendor.publicKey), reason: "")
    let root = try Roots.first(
      Roots.document(rules: [try Roots.rule("example/*", [b])], revocations: [key]))
    let allowed = TrustRoot(keys: [], signed: root, allowedDigests: [digest])
    #expect(try MoEPackFormatTests.refusal(archive, trust: allowed) == nil)
    #expect(try accepted(archive, trust: allowed).pack.assurance == .allowed)
    let both = TrustRoot(
      keys: [], signed: root, revocations: [Revocation(.digest(digest), reason: "")],
      allowedDigests: [digest])
    #expect(try MoEPackFormatTests.refusal(archive, trust: both)?.code == "pack-revoked")
    var other = PackBuilder()
    other.manifest.release += 1
    #expect(
      try MoEPackFormatTests.refusal(try other.archive(), trust: allowed)?.code
        == "pack-key-revoked", "another pack of that key")
    let stranger = TrustRoot(keys: [], allowedDigests: [digest])
    #expect(
      try MoEPackFormatTests.refusal(archive, trust: stranger)?.code == "pack-unknown-key",
      "it lifts a revocation, and gives no trust")
  }

  @Test func `a revoked key does not count, and what is left may suffice`() throws {
    let vendor = PackBuilder.vendor
    var builder = PackBuilder()
    builder.keys = [vendor, b]
    let archive = try builder.archive()
    let envelope = try Envelope(
      parsing: try builder.parts()[0].bytes, archive: "x.moepack")
    let name = builder.manifest.pack
    let revoked = [Revocation(.key(vendor.publicKey), reason: "")]
    for (threshold, code) in [(1, nil), (2, "pack-key-revoked")] as [(Int, String?)] {
      let rule = try Roots.rule("example/*", [b, c], threshold: threshold)
      let trust = TrustRoot(
        keys: [],
        signed: try Roots.first(Roots.document(rules: [rule], revocations: revoked)))
      #expect(try MoEPackFormatTests.refusal(archive, trust: trust)?.code == code)
      #expect((trust.withdrawal(of: envelope, pack: name) == nil) == (code == nil))
    }
  }
}
