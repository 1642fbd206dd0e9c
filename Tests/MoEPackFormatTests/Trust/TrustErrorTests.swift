import MoEBase
import MoEPackFormat
import Testing

@Suite struct TrustErrorTests {
  typealias Reason = TrustError.Reason

  static let key = PackBuilder.vendor.publicKey.id

  static let sentences: [(Reason, String, ExitCode, String)] = [
    (.notFound, "trust-root-not-found", .notFound, "does not exist: expected a trust root"),
    (
      .notReadable("Permission denied"), "trust-root-not-readable", .inputOutput,
      "cannot be read: expected a trust root, got Permission denied"
    ),
    (.envelope("no"), "trust-root-envelope", .badData, "`r.json` is not a trust root: no"),
    (
      .newerFormat(got: "2"), "trust-root-newer-format", .badData,
      "was made for a newer moe-pack: `formatVersion`: expected at most 1, got 2"
    ),
    (
      .malformed("no"), "trust-root-malformed", .badData,
      "the trust root in `r.json` is refused: no"
    ),
    (
      .underThreshold(of: .own, required: 2, keys: [key]), "trust-root-under-threshold", .trust,
      "signed by 1 of the 2 root keys it asks for itself: `\(key)`"
    ),
    (
      .underThreshold(of: .version(3), required: 2, keys: []), "trust-root-under-threshold", .trust,
      "signed by 0 of 2 required root keys of version 3, which this store trusts"
    ),
    (
      .wrongVersion(expected: 4, got: 6), "trust-root-version", .trust,
      "expected version 4, got 6"
    ),
    (.tooManySignatures(17), "trust-root-signatures", .badData, "expected at most 16"),
    (
      .otherDigest(expected: Digest(of: [1]), got: Digest(of: [2])), "trust-root-digest", .trust,
      "expected \(Digest(of: [1])), got \(Digest(of: [2]))"
    ),
    (.noSignedRoot, "trust-root-none", .notFound, "expected one, got none"),
    (.hasSignedRoot(version: 2), "trust-root-exists", .refused, "expected none, got version 2"),
    (
      .governed(namespaces: "acme/*", version: 2), "trust-governed", .trust,
      "packs of `acme/*` are a matter of the signed trust root: expected a namespace that version 2"
    ),
    (.unknownKey("ed25519:0"), "trust-unknown-key", .notFound, "names no key `ed25519:0`"),
    (.revokedKey("ed25519:0"), "trust-revoked-key", .trust, "key `ed25519:0` is revoked"),
  ]

  @Test(arguments: sentences)
  func `each error has its code, its exit code and its sentences`(
    reason: Reason, code: String, exitCode: ExitCode, piece: String
  ) {
    let error = TrustError("r.json", reason)
    #expect(error.code == code && error.exitCode == exitCode)
    #expect(error.message.contains(piece), "\(error.message)")
    #expect(!error.message.hasSuffix(".") && !error.hint.hasSuffix("."))
    #expect(error.hint.hasPrefix("nothing was changed; "))
  }

  @Test func `a version to come asks for those between, an old one for the newest`() {
    func hint(_ expected: Int, _ got: Int) -> String {
      TrustError("r", .wrongVersion(expected: expected, got: got)).hint
    }
    #expect(hint(4, 6).contains("import the versions between first"))
    #expect(hint(4, 3).contains("this version is an old one"))
  }

  @Test func `what comes from outside is shown without control characters`() {
    let error = TrustError("\u{1B}[31m", .unknownKey("\u{1B}]0;x\u{7}"))
    #expect(error.message.hasPrefix("`\\u{1b}[31m` names no key `\\u{1b}]0;x\\u{7}`"))
  }
}
