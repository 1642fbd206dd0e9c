import MoEBase
import MoEPackFormat
import SafeTensors
import Testing

@Suite struct SentenceTests {
  typealias Reason = PackVerificationError.Reason

  static let sentences: [(Reason, String)] = [
    (.notFound, "`p.moepack` does not exist: expected a pack file, got nothing"),
    (
      .notAFile(got: "a directory"),
      "`p.moepack` is not a pack: expected a regular file, got a directory"
    ),
    (
      .notReadable("Permission denied"),
      "`p.moepack` cannot be read: expected a file that can be, got Permission denied"
    ),
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
      "`p.moepack` is cut short: expected the rest of its zstd frame, got the end of the file at byte 100"
    ),
    (
      .trailingBytes(count: 5),
      "`p.moepack` has something after its end: expected 0 bytes, got 5 or more"
    ),
    (
      .damaged("checksum"),
      "`p.moepack` is damaged: expected content that decompresses and fits its checksum, got `checksum`"
    ),
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
    (
      .duplicateEntry(name: "x"), "`p.moepack` holds entry `x` twice: expected it once, got another"
    ),
    (
      .missingEntry(name: "x"),
      "`p.moepack` lacks entry `x`: expected every entry of its signed list, got no more"
    ),
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
      "`p.moepack`: the signature by trusted key `ed25519:ab` does not fit: expected one over this "
        + "manifest, got one over something else"
    ),
    (
      .wrongNamespace(pack: "a/b", keys: [PackBuilder.vendor.publicKey.id]),
      "`p.moepack` is pack `a/b`: expected a signature by a trusted key that may sign for `a/*`, got "
        + "one by a key that may not: `\(PackBuilder.vendor.publicKey.id)`"
    ),
    (
      .underThreshold(required: 2, keys: [PackBuilder.vendor.publicKey.id]),
      "`p.moepack` is signed by 1 of 2 required trusted keys: `\(PackBuilder.vendor.publicKey.id)`"
    ),
    (.statement("no"), "the statement in `p.moepack` is refused: no"),
    (
      .revokedKey(keyID: "ed25519:00", reason: "stolen"),
      "`p.moepack` is signed by key `ed25519:00`, which is revoked (stolen): expected enough signatures "
        + "without it"
    ),
    (
      .revokedPack(reason: ""),
      "`p.moepack` is a pack that is revoked: expected one that is not"
    ),
    (
      .trustExpired(version: 3, expires: "2027-01-31T00:00:00Z"),
      "`p.moepack` cannot be judged: version 3 of the trust root expired at 2027-01-31T00:00:00Z, "
        + "expected one that has not"
    ),
    (
      .newerFormat(field: "formatVersion", got: "2", known: "1"),
      "`p.moepack` was made for a newer moe-pack: `formatVersion`: expected at most 1, got 2"
    ),
    (
      .unknownFeature("rank"),
      "`p.moepack` needs feature `rank`, which this moe-pack does not know: it knows `choose`, "
        + "`classify`, `generate`, `perplexity`, `tag`"
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
      .notWritable(.staging(directory: "/s/1"), cause: "No space left on device", isFull: true),
      "`p.moepack`: cannot write its unpacked content to `/s/1`: expected room for it, got none: "
        + "No space left on device"
    ),
    (
      .notWritable(.archive(directory: "/d"), cause: "Permission denied", isFull: false),
      "`p.moepack`: cannot write the new archive to `/d`: expected to be able to, got Permission denied"
    ),
    (
      .notWritable(.frame, cause: "no memory", isFull: false),
      "`p.moepack`: cannot compress the new archive in memory: expected to be able to, got no memory"
    ),
  ]

  @Test(arguments: sentences)
  func `each sentence says what, where, expected and got`(reason: Reason, sentence: String) {
    let error = PackVerificationError("p.moepack", reason)
    #expect(error.message == sentence)
    #expect(!error.hint.isEmpty && !error.hint.hasSuffix("."))
    #expect(!error.message.hasSuffix("."))
    #expect(error.code.hasPrefix("pack-"))
    let isMade = error.hint.hasPrefix("no archive was made; ")
    #expect(isMade || error.hint.hasPrefix("nothing was installed; "))
  }

  /// Reasons, and what their hints tell to do.
  static let hints: [(Reason, String)] = [
    (.notFound, "check the path"),
    (.notAFile(got: "a device"), "give the path of a `.moepack` file"),
    (.notAnArchive(got: "00"), "give the path of a `.moepack` file"),
    (.limit(what: "entries", got: 9, limit: 8), "SPEC.md §8 lists the limits: ask its publisher"),
    (.unknownKey(claims: [], required: 1), "`moe-pack trust add KEY.pub --namespace NS`"),
    (.wrongNamespace(pack: "a/b", keys: []), "`moe-pack trust list` shows"),
    (.revokedKey(keyID: "", reason: ""), "`moe-pack trust allow DIGEST`"),
    (.revokedPack(reason: ""), "ask its publisher for a release that is not revoked"),
    (.trustExpired(version: 1, expires: ""), "`moe-pack trust import FILE` takes the next version"),
    (.notWritable(.staging(directory: "/s"), cause: "", isFull: true), "`moe-pack gc` removes"),
    (.notWritable(.staging(directory: "/s"), cause: "", isFull: false), "check the permissions"),
    (.notWritable(.archive(directory: "/d"), cause: "", isFull: true), "make room there"),
    (.notWritable(.archive(directory: "/d"), cause: "", isFull: false), "`--output`"),
  ]

  @Test(arguments: hints)
  func `each hint says what to do now`(reason: Reason, piece: String) {
    let hint = PackVerificationError("p.moepack", reason).hint
    #expect(hint.contains(piece), "\(hint)")
  }

  @Test func `a path is named as a whole, however long`() {
    let path = String(repeating: "/directory", count: 40) + "/p.moepack"
    #expect(PackVerificationError(path, .notFound).message.hasPrefix("`\(path)` does not exist"))
  }

  @Test func `exit codes are those of the contract`() {
    for (reason, _) in Self.sentences {
      let expected: ExitCode =
        switch reason {
        case .unsigned, .unknownKey, .signatureMismatch, .wrongNamespace, .underThreshold,
          .revokedKey,
          .revokedPack, .trustExpired:
          .trust
        case .notFound: .notFound
        case .notReadable, .notWritable: .inputOutput
        default: .badData
        }
      #expect(PackVerificationError("p", reason).exitCode == expected)
    }
  }
}
