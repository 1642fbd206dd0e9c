import Foundation
import MoEBase
import MoEPackFormat
import Testing

/// What a trust root may say.
@Suite struct RootDocumentTests {
  private let a = Roots.a
  private let b = Roots.b

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
    func keys(_ count: Int) throws -> [Revocation] {
      try (0..<count).map { number in
        let bytes = [UInt8(number & 255), UInt8(number >> 8)] + [UInt8](repeating: 0, count: 30)
        return Revocation(.key(try #require(PublicKey(rawBytes: bytes))), reason: "")
      }
    }
    #expect(!malformed(Roots.document(revocations: try keys(1024))))
    #expect(malformed(Roots.document(revocations: try keys(1025))), "more than can be tried")
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
}
