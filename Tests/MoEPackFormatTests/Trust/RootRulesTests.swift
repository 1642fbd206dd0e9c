import Foundation
import MoEBase
import MoEPackFormat
import Testing

/// What rules and revocations make of a pack.
@Suite struct RootRulesTests {
  private let a = Roots.a
  private let b = Roots.b
  private let c = Roots.c

  @Test func `the rule of a namespace stands before the one for all, and both before a word`()
    throws
  {
    let vendor = PackBuilder.vendor
    let archive = try PackBuilder().archive()
    func code(_ rules: [NamespaceRule], word: Bool = false) throws -> String? {
      let keys = word ? [TrustedKey(vendor.publicKey, namespaces: .all)] : []
      return try refusal(
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
      try refusal(
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
        let error = try refusal(archive, trust: trust)
        #expect(
          error?.reason
            == .revokedKey(keyID: vendor.publicKey.id.description, reason: "stolen laptop"))
        #expect(error?.exitCode == .trust)
      }
      #expect(
        try refusal(archive, trust: TrustRoot(keys: [], signed: packByRoot))?
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
    #expect(try refusal(archive, trust: allowed) == nil)
    #expect(try accepted(archive, trust: allowed).pack.assurance == .allowed)
    let both = TrustRoot(
      keys: [], signed: root, revocations: [Revocation(.digest(digest), reason: "")],
      allowedDigests: [digest])
    #expect(try refusal(archive, trust: both)?.code == "pack-revoked")
    var other = PackBuilder()
    other.manifest.release += 1
    #expect(
      try refusal(try other.archive(), trust: allowed)?.code
        == "pack-key-revoked", "another pack of that key")
    let stranger = TrustRoot(keys: [], allowedDigests: [digest])
    #expect(
      try refusal(archive, trust: stranger)?.code == "pack-unknown-key",
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
      #expect(try refusal(archive, trust: trust)?.code == code)
      #expect((trust.withdrawal(of: envelope, pack: name) == nil) == (code == nil))
    }
  }
}
