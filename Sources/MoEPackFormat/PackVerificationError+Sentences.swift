import MoEBase
import SafeTensors

extension PackVerificationError {
  /// What happened, where, expected and got.
  public var message: String {
    let file = "`\(escaped(archive))`"
    return switch reason {
    case .notFound: "\(file) does not exist"
    case .notAFile: "\(file) is not a regular file"
    case .notReadable(let cause): "\(file) cannot be read: \(cause)"
    case .notAnArchive(let got):
      "\(file) is not a pack: expected the zstd magic 28b52ffd at byte 0, got \(got)"
    case .frame(let expected, let got): "\(file): zstd frame: expected \(expected), got \(got)"
    case .truncated(let size):
      "\(file) is cut short: it ends at byte \(size), before its frame does"
    case .trailingBytes(let count):
      "\(file) has something after its end: expected 0 bytes, got \(count) or more"
    case .damaged(let cause): "\(file) is damaged: \(cause)"
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
    case .duplicateEntry(let name): "\(file) holds entry `\(name)` twice"
    case .missingEntry(let name): "\(file) lacks entry `\(name)`, which its signed list names"
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
      "\(file): the signature by trusted key `\(keyID)` does not fit what it signs"
    case .wrongNamespace(let pack, let keys):
      "\(file) is pack `\(pack)`, and the trusted key that signed it may not sign for that "
        + "namespace" + Self.list(keys.map(\.description), before: ": ")
    case .underThreshold(let required, let keys):
      "\(file) is signed by \(keys.count) of \(required) required trusted keys"
        + Self.list(keys.map(\.description), before: ": ")
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
    case .notWritable(let cause):
      "\(file): writing beside it or into the staging directory: \(cause)"
    default: "\(file) is refused"
    }
  }

  private static func list(_ words: [String], before: String) -> String {
    let named = words.filter { !$0.isEmpty }.map { "`\(escaped($0))`" }
    return named.isEmpty ? "" : before + named.joined(separator: ", ")
  }

  /// What to do now.
  public var hint: String {
    switch reason {
    case .notFound: "check the path"
    case .notAFile, .notReadable: "check the path and its permissions; nothing was installed"
    case .notAnArchive:
      "give the path of a `.moepack` file, as `moe-pack pack build` writes it"
    case .truncated, .trailingBytes, .damaged, .sizeMismatch, .digestMismatch:
      "nothing was installed; fetch the archive again, and tell the publisher if it happens twice"
    case .frame, .header, .notRegular, .hostileName, .noEnvelope, .unexpectedEntry, .duplicateEntry,
      .missingEntry, .envelope:
      "nothing was installed; the archive was not written by `moe-pack pack build`, or was altered"
    case .limit: "nothing was installed; an operator may change the limits in the configuration"
    case .unsigned: "nothing was installed; ask its publisher for a signed archive"
    case .unknownKey:
      "confirm the key with its publisher, then `moe-pack trust add KEY.pub --namespace NS`"
    case .signatureMismatch:
      "nothing was installed; the manifest or the signature was altered: fetch the archive again"
    case .wrongNamespace:
      "`moe-pack trust list` shows what each key may sign; nothing was installed"
    case .underThreshold: "nothing was installed; ask its publisher for the missing signatures"
    case .newerFormat, .unknownFeature: "nothing was installed; install a newer moe-pack"
    case .statement, .manifest, .labels:
      "nothing was installed; ask its publisher to build the pack again"
    case .tensors:
      "nothing was installed; the signed pack itself is bad: tell its publisher"
    case .notWritable: "check permissions and the space left; nothing was installed"
    }
  }
}
