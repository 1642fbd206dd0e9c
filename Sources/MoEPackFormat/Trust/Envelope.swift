public import MoEBase

/// The DSSE envelope of a pack: an in-toto statement and signatures over it and its type.
///
/// ```
/// {"payload": "<base64>", "payloadType": "application/vnd.in-toto+json",
///  "signatures": [{"keyid": "ed25519:…", "sig": "<base64>"}]}
/// ```
///
/// The payload is not parsed before its signatures are verified. Key ids are hints: each signature is
/// tried with every trusted key, and signatures count by the different keys they belong to.
public struct Envelope: Sendable, Equatable {
  /// The one payload type there is.
  public static let payloadType = "application/vnd.in-toto+json"

  /// One signature of an envelope.
  public struct Signature: Sendable, Equatable {
    /// What the envelope calls the key: a hint, not covered by the signature.
    public let keyIDClaim: String
    /// The signature's bytes.
    public let bytes: [UInt8]
  }

  /// The envelope, whatever it carries.
  private(set) var dsse: DSSEEnvelope
  /// The archive the envelope came from, for error sentences.
  let archive: String

  /// The signed bytes: an in-toto statement.
  public var payload: [UInt8] { dsse.payload }
  /// The signatures.
  public var signatures: [Signature] { dsse.signatures }

  /// Signs a payload.
  ///
  /// - Precondition: 1 to 16 keys.
  public init(signing payload: [UInt8], with keys: [SigningKey]) {
    precondition((1...16).contains(keys.count), "an envelope has 1 to 16 signatures")
    dsse = DSSEEnvelope(signing: payload, type: Self.payloadType, with: keys)
    archive = EntryName.envelope
  }

  /// Reads an envelope strictly; nothing of it is trusted.
  ///
  /// - Parameters:
  ///   - bytes: The entry `moepack.dsse`.
  ///   - archive: What to call its archive in error sentences.
  /// - Throws: ``PackVerificationError``.
  public init(parsing bytes: [UInt8], archive: String) throws(PackVerificationError) {
    do throws(EnvelopeFault) {
      dsse = try DSSEEnvelope(parsing: bytes, type: Self.payloadType)
    } catch {
      throw PackVerificationError(archive, .envelope(error.reason))
    }
    self.archive = archive
  }

  /// The envelope as the bytes of `moepack.dsse`.
  public var bytes: [UInt8] { dsse.json.bytes }

  /// The digest of the payload: what names a pack.
  public var packDigest: Digest { Digest(of: payload) }

  /// The same envelope with the signatures of more keys; one that has signed it signs it no second time.
  ///
  /// - Throws: ``PackVerificationError`` when there would be more than 16 signatures.
  public func signed(by keys: [SigningKey]) throws(PackVerificationError) -> Envelope {
    var result = self
    result.dsse.sign(with: keys)
    guard result.signatures.count <= DSSEEnvelope.mostSignatures else {
      throw PackVerificationError(
        archive,
        .limit(
          what: "signatures", got: result.signatures.count, limit: DSSEEnvelope.mostSignatures))
    }
    return result
  }

  /// What is signed: `DSSEv1`, the type and the body, each with its length in front.
  public static func preAuthenticationEncoding(type: String, body: [UInt8]) -> [UInt8] {
    DSSEEnvelope.preAuthenticationEncoding(type: type, body: body)
  }

  /// Verifies the signatures, then reads the manifest from the very bytes they cover.
  ///
  /// 1. The signed trust root has not expired, and the digest is not revoked.
  /// 2. Every signature is tried with every known key. Where none fits that is not revoked, the pack is
  ///    refused, unless some namespace takes packs without signatures.
  /// 3. The statement and the manifest are read strictly.
  /// 4. The fitting keys that may sign for the pack's namespace reach its threshold. Where they do not,
  ///    its level decides; a revoked key among the signers is refused at every level.
  ///
  /// - Throws: ``PackVerificationError``. The first failure wins, in this order.
  public func verifiedManifest(
    by trustRoot: TrustRoot
  ) throws(PackVerificationError) -> VerifiedManifest {
    if let expired = trustRoot.expired {
      throw refused(.trustExpired(version: expired.version, expires: expired.expires))
    }
    if let revocation = trustRoot.revocation(of: .digest(packDigest)) {
      throw refused(.revokedPack(reason: revocation.reason))
    }
    let standing = trustRoot.standing(of: self)
    if standing.valid.isEmpty {
      if let revoked = standing.revoked.first { throw refused(revoked) }
      guard trustRoot.isLenient else { throw distrust(trustRoot) }
    }
    let manifest = try statement()
    let rule = trustRoot.rule(for: manifest.pack)
    let counted = standing.valid.intersection(rule.keys)
    let assurance: Assurance
    if standing.isAllowed {
      assurance = .allowed
    } else if counted.count >= rule.threshold {
      assurance = .signed
    } else {
      let lack = lack(of: counted, standing, manifest.pack, rule, trustRoot)
      guard rule.level != .enforce, standing.revoked.isEmpty else { throw lack }
      assurance = .tolerated(rule.level, lack.reason)
    }
    return VerifiedManifest(
      manifest: manifest, digest: packDigest,
      keyIDs: (standing.isAllowed ? standing.valid : counted).sortedIDs,
      assurance: assurance, envelope: self)
  }

  /// What a pack says that lacks signatures.
  private func lack(
    of counted: Set<PublicKey>, _ standing: TrustRoot.Standing, _ pack: PackName,
    _ rule: NamespaceRule, _ trustRoot: TrustRoot
  ) -> PackVerificationError {
    if let revoked = standing.revoked.first { return refused(revoked) }
    if standing.valid.isEmpty { return distrust(trustRoot) }
    guard !counted.isEmpty else {
      return refused(
        .wrongNamespace(pack: pack.description, keys: standing.valid.sortedIDs))
    }
    return refused(.underThreshold(required: rule.threshold, keys: counted.sortedIDs))
  }

  /// Reads what the payload claims, without looking at a signature.
  ///
  /// - Throws: ``PackVerificationError``.
  public func unverifiedManifest() throws(PackVerificationError) -> UnverifiedManifest {
    UnverifiedManifest(
      manifest: try statement(), digest: packDigest, keyIDClaims: signatures.map(\.keyIDClaim))
  }

  private func refused(_ reason: PackVerificationError.Reason) -> PackVerificationError {
    PackVerificationError(archive, reason)
  }

  private func refused(_ revocation: Revocation) -> PackVerificationError {
    refused(
      .revokedKey(keyID: revocation.subject.description, reason: revocation.reason))
  }

  private func distrust(_ trustRoot: TrustRoot) -> PackVerificationError {
    guard !signatures.isEmpty else { return refused(.unsigned) }
    let claims = signatures.map(\.keyIDClaim)
    let known = trustRoot.knownKeys.map(\.id.description)
    if let claim = claims.first(where: known.contains) {
      return refused(.signatureMismatch(keyID: claim))
    }
    return refused(.unknownKey(claims: claims, required: trustRoot.threshold))
  }

  private func statement() throws(PackVerificationError) -> Manifest {
    do { return try Statement.manifest(in: payload) } catch { throw refused(error) }
  }
}

/// What a pack was accepted on.
public enum Assurance: Sendable, Equatable {
  /// Enough trusted keys signed it.
  case signed
  /// The operator accepts this very pack, though a key that signed it is revoked.
  case allowed
  /// It lacks signatures, and its namespace's level lets it pass.
  case tolerated(TrustLevel, PackVerificationError.Reason)
}

/// A manifest whose signatures have been verified; only ``Envelope/verifiedManifest(by:)`` makes one.
public struct VerifiedManifest: Sendable {
  /// The manifest.
  public let manifest: Manifest
  /// The pack's digest.
  public let digest: Digest
  /// The trusted keys that signed it and may sign for it, sorted.
  public let keyIDs: [KeyID]
  /// What it was accepted on.
  public let assurance: Assurance
  /// The envelope it came in.
  public let envelope: Envelope

  fileprivate init(
    manifest: Manifest, digest: Digest, keyIDs: [KeyID], assurance: Assurance, envelope: Envelope
  ) {
    self.manifest = manifest
    self.digest = digest
    self.keyIDs = keyIDs
    self.assurance = assurance
    self.envelope = envelope
  }
}

/// What a pack claims to be; nobody vouches for it.
public struct UnverifiedManifest: Sendable {
  /// The claimed manifest.
  public let manifest: Manifest
  /// The digest of the payload.
  public let digest: Digest
  /// What the signatures call their keys.
  public let keyIDClaims: [String]
}
