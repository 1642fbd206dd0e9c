import Foundation
import MoEBase
import MoEPackFormat
import Testing

/// Ten envelopes against six trust roots: what becomes of each of the 60 pairs.
@Suite struct SignatureMatrixTests {
  private static let (a, b, c) = (PackBuilder.key(1), PackBuilder.key(2), PackBuilder.key(3))

  /// The envelopes, each of one signed payload.
  static let envelopes = [
    "none", "A", "B", "C", "A and B", "A twice", "A named B", "A of another payload",
    "A with S + L", "A without the encoding",
  ]

  /// The trust roots, with what becomes of each envelope in turn.
  static let expectations: [(trust: String, codes: [String])] = [
    (
      "A for example",
      [
        "unsigned", "signed", "unknown-key", "unknown-key", "signed", "signed", "signed",
        "signature-mismatch", "signature-mismatch", "signature-mismatch",
      ]
    ),
    (
      "A for another namespace",
      [
        "unsigned", "wrong-namespace", "unknown-key", "unknown-key", "wrong-namespace",
        "wrong-namespace", "wrong-namespace", "signature-mismatch", "signature-mismatch",
        "signature-mismatch",
      ]
    ),
    (
      "A and B on a word, both needed",
      [
        "unsigned", "under-threshold", "under-threshold", "unknown-key", "signed",
        "under-threshold", "under-threshold", "signature-mismatch", "signature-mismatch",
        "signature-mismatch",
      ]
    ),
    (
      "A and B by a signed root, both needed",
      [
        "unsigned", "under-threshold", "under-threshold", "unknown-key", "signed",
        "under-threshold", "under-threshold", "signature-mismatch", "signature-mismatch",
        "signature-mismatch",
      ]
    ),
    (
      "A by a signed root that revokes B",
      [
        "unsigned", "signed", "key-revoked", "unknown-key", "signed", "signed", "signed",
        "signature-mismatch", "signature-mismatch", "signature-mismatch",
      ]
    ),
    (
      "A by a signed root at level warn",
      [
        "warn unsigned", "signed", "warn unknown-key", "warn unknown-key", "signed", "signed",
        "signed", "warn signature-mismatch", "warn signature-mismatch", "warn signature-mismatch",
      ]
    ),
  ]

  @Test func `each of 60 pairs comes to what it has to`() throws {
    let payload = try PackBuilder().payload(try PackBuilder().completed())
    var cases = 0
    for expectation in Self.expectations {
      let trust = try Self.trust(expectation.trust)
      for (name, expected) in zip(Self.envelopes, expectation.codes) {
        let envelope = try Self.envelope(name, payload)
        cases += 1
        #expect(
          Self.outcome(envelope, trust) == expected, "\(name), trusting \(expectation.trust)")
      }
    }
    #expect(cases == 60)
  }

  @Test func `whatever the level, content that is not what was signed is refused`() throws {
    let trust = try Self.trust("A by a signed root at level warn")
    var builder = PackBuilder()
    builder.keys = [Self.c]
    var parts = try builder.parts()
    #expect(try refusal(try PackWriter.archive(parts), trust: trust) == nil)
    parts[6] = PackEntry(name: parts[6].name, bytes: Array("# Shops\n".utf8))
    #expect(
      try refusal(try PackWriter.archive(parts), trust: trust)?.code == "pack-digest-mismatch")
  }

  private static func outcome(_ envelope: [UInt8], _ trust: TrustRoot) -> String {
    do throws(PackVerificationError) {
      let verified = try Envelope(parsing: envelope, archive: "x.moepack")
        .verifiedManifest(by: trust)
      switch verified.assurance {
      case .signed: return "signed"
      case .allowed: return "allowed"
      case .tolerated(let level, let reason):
        return "\(level.rawValue) " + word(PackVerificationError("x", reason))
      }
    } catch { return word(error) }
  }

  private static func word(_ error: PackVerificationError) -> String {
    String(error.code.dropFirst("pack-".count))
  }

  private static func trust(_ name: String) throws -> TrustRoot {
    func local(_ namespaces: NamespacePattern, _ keys: SigningKey...) -> [TrustedKey] {
      keys.map { TrustedKey($0.publicKey, namespaces: namespaces) }
    }
    func signed(
      _ rule: NamespaceRule, _ revocations: [Revocation] = []
    ) throws -> TrustRoot {
      TrustRoot(
        keys: [],
        signed: try Roots.first(Roots.document(rules: [rule], revocations: revocations)))
    }
    switch name {
    case "A for example": return TrustRoot(keys: local(.only("example"), a))
    case "A for another namespace": return TrustRoot(keys: local(.only("examples"), a))
    case "A and B on a word, both needed":
      return TrustRoot(keys: local(.only("example"), a, b), threshold: 2)
    case "A and B by a signed root, both needed":
      return try signed(try Roots.rule("example/*", [a, b], threshold: 2))
    case "A by a signed root that revokes B":
      return try signed(
        try Roots.rule("example/*", [a]), [Revocation(.key(b.publicKey), reason: "stolen")])
    default: return try signed(try Roots.rule("example/*", [a], level: .warn))
    }
  }

  private static func envelope(_ name: String, _ payload: [UInt8]) throws -> [UInt8] {
    func signature(_ key: SigningKey, _ name: SigningKey? = nil, _ bytes: [UInt8]? = nil)
      -> JSONValue
    {
      let message = Envelope.preAuthenticationEncoding(type: Envelope.payloadType, body: payload)
      return [
        "keyid": .string((name ?? key).publicKey.id.description),
        "sig": .string(Data(bytes ?? key.signature(of: message)).base64EncodedString()),
      ]
    }
    let honest = Envelope(signing: payload, with: [a]).signatures[0].bytes
    let list: [JSONValue] =
      switch name {
      case "none": []
      case "A": [signature(a)]
      case "B": [signature(b)]
      case "C": [signature(c)]
      case "A and B": [signature(a), signature(b)]
      case "A twice": [signature(a), signature(a)]
      case "A named B": [signature(a, b)]
      case "A of another payload":
        [
          signature(a, nil, Envelope(signing: [1], with: [a]).signatures[0].bytes)
        ]
      case "A with S + L": [signature(a, nil, malleable(honest))]
      default: [signature(a, nil, a.signature(of: payload))]
      }
    let json: JSONValue = [
      "payload": .string(Data(payload).base64EncodedString()),
      "payloadType": .string(Envelope.payloadType), "signatures": .array(list),
    ]
    return json.bytes
  }

  /// The same signature with S + L for S, which a careless verifier takes for the same number.
  private static func malleable(_ signature: [UInt8]) -> [UInt8] {
    let order: [UInt8] =
      [
        0xED, 0xD3, 0xF5, 0x5C, 0x1A, 0x63, 0x12, 0x58, 0xD6, 0x9C, 0xF7, 0xA2, 0xDE, 0xF9, 0xDE,
        0x14,
      ] + [UInt8](repeating: 0, count: 15) + [0x10]
    var result = signature
    var carry = 0
    for index in 0..<32 {
      let sum = Int(result[32 + index]) + Int(order[index]) + carry
      result[32 + index] = UInt8(sum & 255)
      carry = sum >> 8
    }
    return result
  }
}
