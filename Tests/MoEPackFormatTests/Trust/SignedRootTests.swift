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
}
