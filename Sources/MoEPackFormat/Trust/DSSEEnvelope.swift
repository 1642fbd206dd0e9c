import MoEBase

/// Why bytes are not a DSSE envelope, as the end of a sentence.
struct EnvelopeFault: Error {
  let reason: String
}

/// A DSSE envelope of one payload type: what packs and trust roots are signed in.
///
/// ```
/// {"payload": "<base64>", "payloadType": "…", "signatures": [{"keyid": "ed25519:…", "sig": "<base64>"}]}
/// ```
///
/// The payload is not parsed here. Key ids are hints: a signature is tried with every key.
///
/// Reference: DSSE v1.0.2, `protocol.md` and `envelope.md`. Differs from it: base64 in its canonical
/// standard spelling alone, no keys but these, 1 to 16 signatures, Ed25519.
struct DSSEEnvelope: Sendable, Equatable {
  /// The most signatures there may be.
  static let mostSignatures = 16

  let payloadType: String
  /// The signed bytes.
  let payload: [UInt8]
  private(set) var signatures: [Envelope.Signature]

  /// Signs a payload.
  init(signing payload: [UInt8], type: String, with keys: [SigningKey]) {
    payloadType = type
    self.payload = payload
    signatures = []
    sign(with: keys)
  }

  /// Reads an envelope strictly; nothing of it is trusted.
  init(parsing bytes: [UInt8], type: String) throws(EnvelopeFault) {
    do {
      var reader = try JSONReader(
        try JSONValue(parsing: bytes, limits: JSONLimits(depth: 4, values: 256)))
      let claimed = try reader.string("payloadType")
      guard claimed.utf8.elementsEqual(type.utf8) else {
        throw EnvelopeFault(reason: "`payloadType`: expected `\(type)`, got `\(escaped(claimed))`")
      }
      guard let payload = StrictBase64.decoded(try reader.string("payload")) else {
        throw EnvelopeFault(reason: "`payload`: expected base64 in its canonical spelling")
      }
      let list = try reader.objects("signatures")
      guard list.count <= Self.mostSignatures else {
        throw EnvelopeFault(
          reason: "`signatures`: expected at most \(Self.mostSignatures), got \(list.count)")
      }
      payloadType = type
      self.payload = payload
      signatures = try list.map(Self.signature)
      try reader.finish()
    } catch let error as EnvelopeFault {
      throw error
    } catch let error as JSONSyntaxError {
      throw EnvelopeFault(reason: "it is not JSON at byte \(error.offset): \(error.reason)")
    } catch let error as JSONSchemaError {
      throw EnvelopeFault(
        reason: "`\(escaped(error.path))`: expected \(error.expected), got \(error.got)")
    } catch {
      throw EnvelopeFault(reason: "\(error)")
    }
  }

  private static func signature(_ source: JSONReader) throws -> Envelope.Signature {
    var reader = source
    let claim = try reader.optionalString("keyid") ?? ""
    guard claim.utf8.count <= 128, claim.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) else {
      throw EnvelopeFault(
        reason: "`\(reader.path(of: "keyid"))`: expected at most 128 printable ASCII characters")
    }
    guard let bytes = StrictBase64.decoded(try reader.string("sig")) else {
      throw EnvelopeFault(
        reason: "`\(reader.path(of: "sig"))`: expected base64 in its canonical spelling")
    }
    try reader.finish()
    return Envelope.Signature(keyIDClaim: claim, bytes: bytes)
  }

  /// The envelope as JSON.
  var json: JSONValue {
    [
      "payload": .string(StrictBase64.encoded(payload)),
      "payloadType": .string(payloadType),
      "signatures": .array(
        signatures.map {
          ["keyid": .string($0.keyIDClaim), "sig": .string(StrictBase64.encoded($0.bytes))]
        }),
    ]
  }

  /// Adds the signature of each key that has not signed yet.
  mutating func sign(with keys: [SigningKey]) {
    let message = signedBytes
    for key in keys where fitting(among: [key.publicKey]).isEmpty {
      signatures.append(
        Envelope.Signature(
          keyIDClaim: key.publicKey.id.description, bytes: key.signature(of: message)))
    }
  }

  /// The keys among these that a signature fits.
  ///
  /// However often a key has signed, it is there once; and one signature speaks for one key.
  func fitting(among keys: Set<PublicKey>) -> Set<PublicKey> {
    let message = signedBytes
    return Set(signatures.compactMap { $0.key(among: keys, message: message) })
  }

  /// The bytes the signatures cover.
  var signedBytes: [UInt8] {
    Self.preAuthenticationEncoding(type: payloadType, body: payload)
  }

  /// What is signed: `DSSEv1`, the type and the body, each with its length in front.
  static func preAuthenticationEncoding(type: String, body: [UInt8]) -> [UInt8] {
    Array("DSSEv1 \(type.utf8.count) \(type) \(body.count) ".utf8) + body
  }
}

extension Envelope.Signature {
  /// The key that this is a signature of `message` by.
  ///
  /// The key id saves work where it is right, and decides nothing.
  func key(among keys: Set<PublicKey>, message: [UInt8]) -> PublicKey? {
    func fits(_ key: PublicKey) -> Bool { key.isValid(signature: bytes, of: message) }
    return keys.first { $0.id.description.utf8.elementsEqual(keyIDClaim.utf8) && fits($0) }
      ?? keys.first(where: fits)
  }
}
