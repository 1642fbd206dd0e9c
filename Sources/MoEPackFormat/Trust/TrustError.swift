public import MoEBase

/// Why a trust root, or a change of trust, is refused; what was trusted before still is.
public struct TrustError: ActionableError, Equatable {
  /// What it came from, for people.
  public let source: String
  /// What was wrong.
  public let reason: Reason

  /// Whose signatures were counted.
  public enum RootKeys: Equatable, Sendable {
    /// Those that the document itself names.
    case own
    /// Those of the version before.
    case version(Int)
  }

  /// What can be wrong.
  public enum Reason: Error, Equatable, Sendable {
    /// There is no such file.
    case notFound
    /// The system refused to read it.
    case notReadable(String)
    /// It is not the envelope it has to be.
    case envelope(String)
    /// It was made for a newer reader.
    case newerFormat(got: String)
    /// What it says cannot be read or cannot stand.
    case malformed(String)
    /// Too few root keys signed it.
    case underThreshold(of: RootKeys, required: Int, keys: [KeyID])
    /// It is not the version that follows.
    case wrongVersion(expected: Int, got: Int)
    /// It has more signatures than an envelope may have.
    case tooManySignatures(Int)
    /// It is not the document the operator said it would be.
    case otherDigest(expected: Digest, got: Digest)
    /// The store has no signed trust root.
    case noSignedRoot
    /// The store has one already.
    case hasSignedRoot(version: Int)
    /// The signed root speaks for this namespace, not the operator's word.
    case governed(namespaces: String, version: Int)
    /// The trust root names no such key.
    case unknownKey(String)
    /// A key that is revoked cannot be trusted at the same time.
    case revokedKey(String)
  }

  /// Makes the error.
  public init(_ source: String, _ reason: Reason) {
    self.source = source
    self.reason = reason
  }

  /// A stable word for machines.
  public var code: String {
    switch reason {
    case .notFound: "trust-root-not-found"
    case .notReadable: "trust-root-not-readable"
    case .envelope: "trust-root-envelope"
    case .newerFormat: "trust-root-newer-format"
    case .malformed: "trust-root-malformed"
    case .underThreshold: "trust-root-under-threshold"
    case .wrongVersion: "trust-root-version"
    case .tooManySignatures: "trust-root-signatures"
    case .otherDigest: "trust-root-digest"
    case .noSignedRoot: "trust-root-none"
    case .hasSignedRoot: "trust-root-exists"
    case .governed: "trust-governed"
    case .unknownKey: "trust-unknown-key"
    case .revokedKey: "trust-revoked-key"
    }
  }

  /// What happened, where, expected and got.
  public var message: String {
    let name = "`\(escaped(source, atMost: 4096))`"
    return switch reason {
    case .notFound: "\(name) does not exist: expected a trust root, got nothing"
    case .notReadable(let cause): "\(name) cannot be read: expected a trust root, got \(cause)"
    case .envelope(let cause): "\(name) is not a trust root: \(cause)"
    case .newerFormat(let got):
      "\(name) was made for a newer moe-pack: `formatVersion`: expected at most "
        + "\(RootDocument.knownFormatVersion), got \(got)"
    case .malformed(let cause): "the trust root in \(name) is refused: \(cause)"
    case .underThreshold(.own, let required, let keys):
      "\(name) is signed by \(keys.count) of the \(required) root keys it asks for itself"
        + Self.list(keys)
    case .underThreshold(.version(let version), let required, let keys):
      "\(name) is signed by \(keys.count) of \(required) required root keys of version \(version), which "
        + "this store trusts" + Self.list(keys)
    case .wrongVersion(let expected, let got):
      "\(name) is version \(got) of the trust root: expected version \(expected), got \(got)"
    case .tooManySignatures(let count):
      "\(name) would have \(count) signatures: expected at most \(DSSEEnvelope.mostSignatures)"
    case .otherDigest(let expected, let got):
      "\(name) is another trust root: expected \(expected), got \(got)"
    case .noSignedRoot: "\(name) has no signed trust root: expected one, got none"
    case .hasSignedRoot(let version):
      "\(name) has a signed trust root already: expected none, got version \(version)"
    case .governed(let namespaces, let version):
      "packs of `\(namespaces)` are a matter of the signed trust root: expected a namespace that version "
        + "\(version) has no rule for"
    case .unknownKey(let id):
      "\(name) names no key `\(escaped(id))`: expected the id of one it names, or the file of a public key"
    case .revokedKey(let id):
      "key `\(escaped(id))` is revoked: expected a key that is not"
    }
  }

  private static func list(_ keys: [KeyID]) -> String {
    keys.isEmpty ? "" : ": " + keys.map { "`\($0)`" }.joined(separator: ", ")
  }

  /// What to do now.
  public var hint: String {
    let state = "nothing was changed"
    return switch reason {
    case .notFound, .notReadable: "\(state); check the path and its permissions"
    case .envelope, .malformed:
      "\(state); a trust root is what `moe-pack trust create`, `rotate` and `revoke` write, unaltered"
    case .newerFormat: "\(state); install a newer moe-pack"
    case .underThreshold:
      "\(state); let the holders of the other root keys sign it: `moe-pack trust sign FILE --key KEY`"
    case .wrongVersion(let expected, let got) where got > expected:
      "\(state); import the versions between first, in their order, from `moe-pack trust export --number N`"
    case .wrongVersion: "\(state); this version is an old one, ask for the newest"
    case .tooManySignatures: "\(state); \(DSSEEnvelope.mostSignatures) signatures are enough"
    case .otherDigest: "\(state); ask its publisher, by another way than it came, for the digest"
    case .noSignedRoot: "\(state); `moe-pack trust create` makes one, `trust import` takes one over"
    case .hasSignedRoot: "\(state); `moe-pack trust rotate` makes its next version"
    case .governed:
      "\(state); `moe-pack trust rotate --add KEY.pub --namespace NS --key ROOT.key` changes the signed root"
    case .unknownKey: "\(state); `moe-pack trust list` shows the keys"
    case .revokedKey: "\(state); `moe-pack trust list` shows what is revoked and why"
    }
  }

  /// The status the process exits with.
  public var exitCode: ExitCode {
    switch reason {
    case .notFound, .noSignedRoot, .unknownKey: .notFound
    case .notReadable: .inputOutput
    case .envelope, .newerFormat, .malformed, .tooManySignatures: .badData
    case .underThreshold, .wrongVersion, .otherDigest, .governed, .revokedKey: .trust
    case .hasSignedRoot: .refused
    }
  }
}
