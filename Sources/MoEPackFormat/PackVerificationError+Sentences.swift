import Foundation
import MoEBase
import SafeTensors

extension PackVerificationError {
  /// What happened, where, expected and got.
  public var message: String {
    // A path is named as a whole.
    let file = "`\(escaped(archive, atMost: 4096))`"
    return switch reason {
    case .notFound: "\(file) does not exist: expected a pack file, got nothing"
    case .notAFile(let got): "\(file) is not a pack: expected a regular file, got \(got)"
    case .notReadable(let cause):
      "\(file) cannot be read: expected a file that can be, got \(cause)"
    case .notAnArchive(let got):
      "\(file) is not a pack: expected the zstd magic 28b52ffd at byte 0, got \(got)"
    case .frame(let expected, let got): "\(file): zstd frame: expected \(expected), got \(got)"
    case .truncated(let size):
      "\(file) is cut short: expected the rest of its zstd frame, got the end of the file at byte "
        + "\(size)"
    case .trailingBytes(let count):
      "\(file) has something after its end: expected 0 bytes, got \(count) or more"
    case .noLibrary(let cause):
      "\(file) cannot be read or written: expected libarchive, got `\(escaped(cause))`"
    case .damaged(let cause):
      "\(file) is damaged: expected content that decompresses and fits its checksum, got `\(cause)`"
    case .limit(let what, let got, let limit):
      "\(file): \(what): expected at most \(limit), got \(got)"
    case .header(let index, let expected, let got):
      "\(file): header of entry \(index + 1): expected \(expected), got \(got)"
    case .notRegular(let name, let typeflag):
      "\(file): entry `\(name)` is not a regular file: expected type 0x30, got 0x"
        + Digest.hex([typeflag])
    case .hostileName(let index, let name):
      "\(file): entry \(index + 1) is named `\(name)`: expected lower-case letters, digits, `.`, `_`, "
        + "`-` in at most four parts"
    case .noEnvelope(let got):
      "\(file): the first entry: expected `\(EntryName.envelope)`, got \(got)"
    case .unexpectedEntry(let name, let expected):
      "\(file): entry `\(name)` is not the one that was signed there: expected \(expected)"
    case .duplicateEntry(let name):
      "\(file) holds entry `\(name)` twice: expected it once, got another"
    case .missingEntry(let name):
      "\(file) lacks entry `\(name)`: expected every entry of its signed list, got no more"
    case .sizeMismatch(let name, let expected, let got):
      "`\(name)` in \(file) is not the file that was signed: expected \(expected) bytes, got \(got)"
    case .digestMismatch(let name, let expected, let got):
      "`\(name)` in \(file) is not the file that was signed: expected \(expected), got \(got)"
    default: trustMessage(file)
    }
  }

  private func trustMessage(_ file: String) -> String {
    switch reason {
    case .envelope(let cause): "`\(EntryName.envelope)` in \(file) is refused: \(cause)"
    case .unsigned: "\(file) is not signed: expected at least 1 signature, got 0"
    case .unknownKey(let claims, let required):
      "\(file) is signed by no key this store trusts: 0 of \(required) required signatures"
        + Self.list(claims, before: ", it names ")
    case .signatureMismatch(let keyID):
      "\(file): the signature by trusted key `\(keyID)` does not fit: expected one over this "
        + "manifest, got one over something else"
    case .wrongNamespace(let pack, let keys):
      "\(file) is pack `\(pack)`: expected a signature by a trusted key that may sign for "
        + "`\(pack.prefix { $0 != "/" })/*`, got one by a key that may not"
        + Self.list(keys.map(\.description), before: ": ")
    case .underThreshold(let required, let keys):
      "\(file) is signed by \(keys.count) of \(required) required trusted keys"
        + Self.list(keys.map(\.description), before: ": ")
    case .revokedKey(let keyID, let reason):
      "\(file) is signed by key `\(escaped(keyID))`, which is revoked\(Self.because(reason)): expected "
        + "enough signatures without it"
    case .revokedPack(let reason):
      "\(file) is a pack that is revoked\(Self.because(reason)): expected one that is not"
    case .trustExpired(let version, let expires):
      "\(file) cannot be judged: version \(version) of the trust root expired at \(escaped(expires)), "
        + "expected one that has not"
    case .statement(let cause): "the statement in \(file) is refused: \(cause)"
    case .newerFormat(let field, let got, let known):
      "\(file) was made for a newer moe-pack: `\(field)`: expected at most \(known), got \(got)"
    case .unknownFeature(let feature):
      "\(file) needs feature `\(feature)`, which this moe-pack does not know: it knows "
        + Manifest.knownFeatures.map { "`\($0)`" }.joined(separator: ", ")
    case .manifest(let path, let expected, let got):
      "the manifest in \(file): `\(path)`: expected \(expected), got \(got)"
    case .tensors(let error): "\(file): \(error.message)"
    case .labels(let cause): "`\(EntryName.labels)` in \(file) is refused: \(cause)"
    case .notWritable(let target, let cause, let isFull):
      "\(file): \(target.sentence): expected "
        + (isFull ? "room for it, got none: \(cause)" : "to be able to, got \(cause)")
    default: "\(file) is refused"
    }
  }

  private static func because(_ reason: String) -> String {
    reason.isEmpty ? "" : " (\(escaped(reason, atMost: 300)))"
  }

  private static func list(_ words: [String], before: String) -> String {
    let named = words.filter { !$0.isEmpty }.map { "`\(escaped($0))`" }
    return named.isEmpty ? "" : before + named.joined(separator: ", ")
  }

  /// What to do now.
  public var hint: String {
    switch reason {
    case .notFound: "nothing was installed; check the path"
    case .notReadable: "nothing was installed; check the path and its permissions"
    case .notAFile, .notAnArchive:
      "nothing was installed; give the path of a `.moepack` file, as `moe-pack pack build` writes it"
    case .truncated, .trailingBytes, .damaged, .sizeMismatch, .digestMismatch:
      "nothing was installed; fetch the archive again, and tell the publisher if it happens twice"
    case .noLibrary:
      "nothing was done; `apt-get install libarchive13`, then run the command again"
    case .frame, .header, .notRegular, .hostileName, .noEnvelope, .unexpectedEntry, .duplicateEntry,
      .missingEntry, .envelope:
      "nothing was installed; the archive was not written by `moe-pack pack build`, or was altered"
    case .limit:
      "nothing was installed; SPEC.md §8 lists the limits: ask its publisher for a smaller pack"
    case .unsigned: "nothing was installed; ask its publisher for a signed archive"
    case .unknownKey:
      "nothing was installed; confirm the key with its publisher, then "
        + "`moe-pack trust add KEY.pub --namespace NS`"
    case .signatureMismatch:
      "nothing was installed; the manifest or the signature was altered: fetch the archive again"
    case .wrongNamespace:
      "nothing was installed; `moe-pack trust list` shows what each key may sign"
    case .underThreshold: "nothing was installed; ask its publisher for the missing signatures"
    case .revokedKey:
      "nothing was installed; ask its publisher for a pack signed by another key, or accept this one on "
        + "your own word: `moe-pack trust allow DIGEST`"
    case .revokedPack: "nothing was installed; ask its publisher for a release that is not revoked"
    case .trustExpired:
      "nothing was installed; what is installed still answers: `moe-pack trust import FILE` takes the next "
        + "version, `moe-pack trust rotate` makes one"
    case .newerFormat, .unknownFeature: "nothing was installed; install a newer moe-pack"
    case .statement, .manifest, .labels:
      "nothing was installed; ask its publisher to build the pack again"
    case .tensors:
      "nothing was installed; the signed pack itself is bad: tell its publisher"
    case .notWritable(let target, _, let isFull): target.hint(isFull: isFull)
    }
  }
}

extension PackVerificationError.Target {
  fileprivate var sentence: String {
    switch self {
    case .staging(let directory):
      "cannot write its unpacked content to `\(escaped(directory, atMost: 4096))`"
    case .archive(let directory):
      "cannot write the new archive to `\(escaped(directory, atMost: 4096))`"
    case .frame: "cannot compress the new archive in memory"
    }
  }

  fileprivate func hint(isFull: Bool) -> String {
    switch self {
    case .staging where isFull:
      "nothing was installed; `moe-pack gc` removes what the store no longer needs, or make room "
        + "otherwise, and try again"
    case .staging: "nothing was installed; check the permissions of the directory, and try again"
    case .archive where isFull:
      "no archive was made; make room there (`moe-pack gc` helps where the store lies on the same "
        + "disk), or give another path with `--output`"
    case .archive:
      "no archive was made; check the permissions of the directory, or give another path with "
        + "`--output`"
    case .frame: "no archive was made; try again with more memory free"
    }
  }
}

extension PackVerificationError.Reason {
  /// What `errno` says of a write that failed.
  static func writeFailed(_ target: PackVerificationError.Target) -> Self {
    let code = errno
    return .notWritable(
      target, cause: String(cString: strerror(code)),
      isFull: [ENOSPC, EDQUOT, EFBIG].contains(code))
  }
}
