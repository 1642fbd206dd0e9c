public import MoEBase

/// A DSSE envelope: a payload and signatures over it and its type.
///
/// ```
/// {"payload": "<base64>", "payloadType": "application/vnd.in-toto+json",
///  "signatures": [{"keyid": "ed25519:…", "sig": "<base64>"}]}
/// ```
///
/// The payload is not parsed before its signatures are verified. Key ids are hints: each signature is
/// tried with every trusted key, and signatures count by the different keys they belong to.
///
/// Reference: DSSE v1.0.2, `protocol.md` and `envelope.md`. Differs from it: base64 in its canonical
/// standard spelling alone, no keys but these, 1 to 16 signatures, Ed25519.
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

  /// The signed bytes: an in-toto statement.
  public let payload: [UInt8]
  /// The signatures.
  public let signatures: [Signature]
  /// The archive the envelope came from, for error sentences.
  let archive: String

  /// Signs a payload.
  ///
  /// - Precondition: 1 to 16 keys.
  public init(signing payload: [UInt8], with keys: [SigningKey]) {
    precondition((1...16).contains(keys.count), "an envelope has 1 to 16 signatures")
    let message = Self.preAuthenticationEncoding(type: Self.payloadType, body: payload)
    self.payload = payload
    signatures = keys.map {
      Signature(keyIDClaim: $0.publicKey.id.description, bytes: $0.signature(of: message))
    }
    archive = EntryName.envelope
  }

  /// Reads an envelope strictly; nothing of it is trusted.
  ///
  /// - Parameters:
  ///   - bytes: The entry `moepack.dsse`.
  ///   - archive: What to call its archive in error sentences.
  /// - Throws: ``PackVerificationError``.
  public init(parsing bytes: [UInt8], archive: String) throws(PackVerificationError) {
    func refuse(_ reason: String) -> PackVerificationError {
      PackVerificationError(archive, .envelope(reason))
    }
    do {
      var reader = try JSONReader(
        try JSONValue(parsing: bytes, limits: JSONLimits(depth: 4, values: 256)))
      let type = try reader.string("payloadType")
      guard type.utf8.elementsEqual(Self.payloadType.utf8) else {
        throw refuse(
          "`payloadType`: expected `\(Self.payloadType)`, got `\(escaped(type))`")
      }
      guard let payload = StrictBase64.decoded(try reader.string("payload")) else {
        throw refuse("`payload`: expected base64 in its canonical spelling")
      }
      let list = try reader.objects("signatures")
      guard list.count <= 16 else {
        throw refuse("`signatures`: expected at most 16, got \(list.count)")
      }
      var signatures: [Signature] = []
      for source in list {
        var signature = source
        let claim = try signature.optionalString("keyid") ?? ""
        guard claim.utf8.count <= 128, claim.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) else {
          throw refuse(
            "`\(signature.path(of: "keyid"))`: expected at most 128 printable ASCII characters")
        }
        guard let bytes = StrictBase64.decoded(try signature.string("sig")) else {
          throw refuse(
            "`\(signature.path(of: "sig"))`: expected base64 in its canonical spelling")
        }
        try signature.finish()
        signatures.append(Signature(keyIDClaim: claim, bytes: bytes))
      }
      try reader.finish()
      self.payload = payload
      self.signatures = signatures
      self.archive = archive
    } catch let error as PackVerificationError {
      throw error
    } catch let error as JSONSyntaxError {
      throw refuse("it is not JSON at byte \(error.offset): \(error.reason)")
    } catch let error as JSONSchemaError {
      throw refuse("`\(escaped(error.path))`: expected \(error.expected), got \(error.got)")
    } catch {
      throw refuse("\(error)")
    }
  }

  /// The envelope as the bytes of `moepack.dsse`.
  public var bytes: [UInt8] {
    let json: JSONValue = [
      "payload": .string(StrictBase64.encoded(payload)),
      "payloadType": .string(Self.payloadType),
      "signatures": .array(
        signatures.map {
          ["keyid": .string($0.keyIDClaim), "sig": .string(StrictBase64.encoded($0.bytes))]
        }),
    ]
    return json.bytes
  }

  /// The digest of the payload: what names a pack.
  public var packDigest: Digest { Digest(of: payload) }

  /// What is signed: `DSSEv1`, the type and the body, each with its length in front.
  public static func preAuthenticationEncoding(type: String, body: [UInt8]) -> [UInt8] {
    Array("DSSEv1 \(type.utf8.count) \(type) \(body.count) ".utf8) + body
  }

  /// Verifies the signatures, then reads the manifest from the very bytes they cover.
  ///
  /// 1. Every signature is tried with every key of the trust root; none fitting is an error.
  /// 2. The statement and the manifest are read strictly.
  /// 3. The fitting keys that may sign for the pack's namespace reach the threshold.
  ///
  /// - Throws: ``PackVerificationError``. The first failure wins, in this order.
  public func verifiedManifest(
    by trustRoot: TrustRoot
  ) throws(PackVerificationError) -> VerifiedManifest {
    let fitting = fittingKeys(among: trustRoot)
    guard !fitting.isEmpty else { throw distrust(trustRoot) }
    let manifest = try statement()
    let counted = fitting.intersection(trustRoot.keys(for: manifest.pack))
    guard !counted.isEmpty else {
      throw PackVerificationError(
        archive,
        .wrongNamespace(
          pack: manifest.pack.description, keys: Self.ids(of: fitting)))
    }
    guard counted.count >= trustRoot.threshold else {
      throw PackVerificationError(
        archive,
        .underThreshold(
          required: trustRoot.threshold, keys: Self.ids(of: counted)))
    }
    return VerifiedManifest(
      manifest: manifest, digest: packDigest, keyIDs: Self.ids(of: counted), envelope: self)
  }

  /// Reads what the payload claims, without looking at a signature.
  ///
  /// - Throws: ``PackVerificationError``.
  public func unverifiedManifest() throws(PackVerificationError) -> UnverifiedManifest {
    UnverifiedManifest(
      manifest: try statement(), digest: packDigest, keyIDClaims: signatures.map(\.keyIDClaim))
  }

  private func fittingKeys(among trustRoot: TrustRoot) -> Set<PublicKey> {
    let message = Self.preAuthenticationEncoding(type: Self.payloadType, body: payload)
    var fitting: Set<PublicKey> = []
    for key in Set(trustRoot.keys.map(\.publicKey)) {
      if signatures.contains(where: { key.isValid(signature: $0.bytes, of: message) }) {
        fitting.insert(key)
      }
    }
    return fitting
  }

  private func distrust(_ trustRoot: TrustRoot) -> PackVerificationError {
    guard !signatures.isEmpty else { return PackVerificationError(archive, .unsigned) }
    let claims = signatures.map(\.keyIDClaim)
    let known = trustRoot.keys.map(\.publicKey.id.description)
    if let claim = claims.first(where: known.contains) {
      return PackVerificationError(archive, .signatureMismatch(keyID: claim))
    }
    return PackVerificationError(
      archive, .unknownKey(claims: claims, required: trustRoot.threshold))
  }

  private func statement() throws(PackVerificationError) -> Manifest {
    do { return try Statement.manifest(in: payload) } catch {
      throw PackVerificationError(archive, error)
    }
  }

  private static func ids(of keys: Set<PublicKey>) -> [KeyID] {
    keys.map(\.id).sorted { $0.description < $1.description }
  }
}

/// A manifest whose signatures have been verified; only ``Envelope/verifiedManifest(by:)`` makes one.
public struct VerifiedManifest: Sendable {
  /// The manifest.
  public let manifest: Manifest
  /// The pack's digest.
  public let digest: Digest
  /// The trusted keys that signed it and may sign for it, sorted.
  public let keyIDs: [KeyID]
  /// The envelope it came in.
  public let envelope: Envelope

  fileprivate init(manifest: Manifest, digest: Digest, keyIDs: [KeyID], envelope: Envelope) {
    self.manifest = manifest
    self.digest = digest
    self.keyIDs = keyIDs
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
