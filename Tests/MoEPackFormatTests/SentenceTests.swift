import MoEBase
import MoEPackFormat
import SafeTensors
import Testing

@Suite struct SentenceTests {
  typealias Reason = PackVerificationError.Reason

  static let sentences: [(Reason, String)] = [
    (.notFound, "`p.moepack` does not exist"),
    (.notAFile, "`p.moepack` is not a regular file"),
    (.notReadable("Permission denied"), "`p.moepack` cannot be read: Permission denied"),
    (
      .notAnArchive(got: "504b0304"),
      "`p.moepack` is not a pack: expected the zstd magic 28b52ffd at byte 0, got 504b0304"
    ),
    (
      .frame(expected: "no dictionary", got: "one"),
      "`p.moepack`: zstd frame: expected no dictionary, got one"
    ),
    (
      .truncated(size: 100),
      "`p.moepack` is cut short: it ends at byte 100, before its frame does"
    ),
    (
      .trailingBytes(count: 5),
      "`p.moepack` has something after its end: expected 0 bytes, got 5 or more"
    ),
    (.damaged("checksum"), "`p.moepack` is damaged: checksum"),
    (
      .limit(what: "entries", got: 9, limit: 8), "`p.moepack`: entries: expected at most 8, got 9"
    ),
    (
      .header(index: 1, expected: "a", got: "b"),
      "`p.moepack`: header of entry 2: expected a, got b"
    ),
    (
      .notRegular(name: "n", typeflag: 0x32),
      "`p.moepack`: entry `n` is not a regular file: expected type 0x30, got 0x32"
    ),
    (
      .hostileName(index: 0, name: "../x"),
      "`p.moepack`: entry 1 is named `../x`: expected lower-case letters, digits, `.`, `_`, `-` in "
        + "at most four parts"
    ),
    (
      .noEnvelope(got: "`x`"), "`p.moepack`: the first entry: expected `moepack.dsse`, got `x`"
    ),
    (
      .unexpectedEntry(name: "x", expected: "`y`"),
      "`p.moepack`: entry `x` is not the one that was signed there: expected `y`"
    ),
    (.duplicateEntry(name: "x"), "`p.moepack` holds entry `x` twice"),
    (.missingEntry(name: "x"), "`p.moepack` lacks entry `x`, which its signed list names"),
    (
      .sizeMismatch(name: "x", expected: 1, got: 2),
      "`x` in `p.moepack` is not the file that was signed: expected 1 bytes, got 2"
    ),
    (
      .digestMismatch(name: "x", expected: Digest(of: [1]), got: Digest(of: [2])),
      "`x` in `p.moepack` is not the file that was signed: expected \(Digest(of: [1])), got "
        + "\(Digest(of: [2]))"
    ),
    (.envelope("no"), "`moepack.dsse` in `p.moepack` is refused: no"),
    (.unsigned, "`p.moepack` is not signed: expected at least 1 signature, got 0"),
    (
      .unknownKey(claims: ["ed25519:ab"], required: 1),
      "`p.moepack` is signed by no key this store trusts: 0 of 1 required signatures, it names "
        + "`ed25519:ab`"
    ),
    (
      .signatureMismatch(keyID: "ed25519:ab"),
      "`p.moepack`: the signature by trusted key `ed25519:ab` does not fit what it signs"
    ),
    (
      .wrongNamespace(pack: "a/b", keys: []),
      "`p.moepack` is pack `a/b`, and the trusted key that signed it may not sign for that namespace"
    ),
    (
      .underThreshold(required: 2, keys: [PackBuilder.vendor.publicKey.id]),
      "`p.moepack` is signed by 1 of 2 required trusted keys: `\(PackBuilder.vendor.publicKey.id)`"
    ),
    (.statement("no"), "the statement in `p.moepack` is refused: no"),
    (
      .newerFormat(field: "formatVersion", got: "2", known: "1"),
      "`p.moepack` was made for a newer moe-pack: `formatVersion`: expected at most 1, got 2"
    ),
    (
      .unknownFeature("rank"),
      "`p.moepack` needs feature `rank`, which this moe-pack does not know: it knows `classify`"
    ),
    (
      .manifest(path: "predicate.release", expected: "1", got: "0"),
      "the manifest in `p.moepack`: `predicate.release`: expected 1, got 0"
    ),
    (
      .tensors(SafeTensorsError("heads.safetensors", .missingTensor(name: "w"))),
      "`p.moepack`: `heads.safetensors` lacks tensor `w`"
    ),
    (.labels("no"), "`labels.json` in `p.moepack` is refused: no"),
    (
      .notWritable("No space left on device"),
      "`p.moepack`: writing beside it or into the staging directory: No space left on device"
    ),
  ]

  @Test(arguments: sentences)
  func `each sentence says what, where, expected and got`(reason: Reason, sentence: String) {
    let error = PackVerificationError("p.moepack", reason)
    #expect(error.message == sentence)
    #expect(!error.hint.isEmpty && !error.hint.hasSuffix("."))
    #expect(!error.message.hasSuffix("."))
    #expect(error.code.hasPrefix("pack-"))
  }

  @Test func `exit codes are those of the contract`() {
    for (reason, _) in Self.sentences {
      let expected: ExitCode =
        switch reason {
        case .unsigned, .unknownKey, .signatureMismatch, .wrongNamespace, .underThreshold: .trust
        case .notFound: .notFound
        case .notAFile, .notReadable, .notWritable: .inputOutput
        default: .badData
        }
      #expect(PackVerificationError("p", reason).exitCode == expected)
    }
  }
}
