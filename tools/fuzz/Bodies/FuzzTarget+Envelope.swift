import Foundation
import MoEBase
import MoEPackFormat
import StoreTestSupport

extension FuzzTarget {
  /// Envelopes, the statements in them, trust roots, what roots say, and the texts of keys, as the first byte says.
  public static let envelope = FuzzTarget(
    name: "envelope", largestInput: 16 << 10,
    seeds: {
      let envelope = try signedEnvelope()
      let key = try SmallPack.key().publicKey
      return [
        [0] + envelope.bytes, [1] + envelope.payload, [2] + Array(key.text.utf8),
        [3] + (try signedRoot().json.bytes), [4] + Array(try rootPayload()),
        [2] + Array("example/one".utf8), [2] + Array("acme/*".utf8), [2] + Array("1.2.3-rc.1".utf8),
      ]
    },
    run: { input in
      guard let mode = input.first else { return }
      let rest = Array(input.dropFirst())
      switch mode % 5 {
      case 0: tryEnvelope(rest)
      case 1: tryPayload(rest)
      case 3: tryRoot(rest)
      case 4: tryRoot(enveloped(rest))
      default: tryText(String(decoding: rest, as: UTF8.self))
      }
    })

  private static let known: (trust: TrustRoot, digest: Digest, key: SigningKey) = {
    guard let key = try? SmallPack.key(), let envelope = try? signedEnvelope() else {
      fatalError("the pack of the tests cannot be made")
    }
    let trust = TrustRoot(keys: [TrustedKey(key.publicKey, namespaces: .all)])
    return (trust, envelope.packDigest, key)
  }()

  private static func signedEnvelope() throws -> Envelope {
    let pack = try SmallPack("example/one")
    let staging = scratch("envelope")
    let contents = try UnverifiedPack(bytes: pack.archive, name: "fuzz")
      .integrityCheckedIgnoringSignatures(staging: staging).contents
    defer {
      for entry in [contents.envelope] + contents.entries {
        try? FileManager.default.removeItem(at: entry.url)
      }
    }
    return try Envelope(
      parsing: Array(try Data(contentsOf: contents.envelope.url)), archive: "fuzz")
  }

  private static func tryEnvelope(_ bytes: [UInt8]) {
    guard let envelope = try? Envelope(parsing: bytes, archive: "fuzz") else { return }
    let again = try? Envelope(parsing: envelope.bytes, archive: "fuzz")
    require(again == envelope, "an envelope reads otherwise when it is written")
    _ = try? envelope.unverifiedManifest()
    if let verified = try? envelope.verifiedManifest(by: known.trust) {
      require(verified.digest == known.digest, "a payload that nobody signed was verified")
    }
  }

  private static func tryPayload(_ payload: [UInt8]) {
    let envelope = Envelope(signing: payload, with: [known.key])
    guard let manifest = try? envelope.unverifiedManifest().manifest else { return }
    let again = try? Manifest(json: manifest.json)
    require(again?.json == manifest.json, "a manifest reads otherwise when it is written")
  }

  /// A trust root that the key of the tests signed.
  private static func signedRoot() throws -> UnverifiedRoot {
    let key = try SmallPack.key()
    let document = RootDocument(
      expires: "2099-01-01T00:00:00Z", rootKeys: [key.publicKey],
      rules: [NamespaceRule(.all, keys: [key.publicKey], level: .warn)],
      revocations: [Revocation(.digest(Digest(of: [1])), reason: "seed")])
    return try UnverifiedRoot(signing: document, with: [key])
  }

  private static func rootPayload() throws -> Data {
    guard case .string(let payload)? = try signedRoot().json["payload"],
      let data = Data(base64Encoded: payload)
    else { fatalError("a trust root without a payload") }
    return data
  }

  /// An envelope around what a root may say, without signatures.
  private static func enveloped(_ payload: [UInt8]) -> [UInt8] {
    JSONValue.object([
      JSONMember("payload", .string(Data(payload).base64EncodedString())),
      JSONMember("payloadType", .string(RootDocument.payloadType)),
      JSONMember(
        "signatures",
        [["keyid": "", "sig": .string(Data(count: 64).base64EncodedString())]]),
    ]).bytes
  }

  private static let root: SignedRoot = {
    guard let root = try? signedRoot().verifiedFirst() else { fatalError("a root nobody signed") }
    return root
  }()

  private static func tryRoot(_ bytes: [UInt8]) {
    guard let unverified = try? UnverifiedRoot(parsing: bytes, source: "fuzz") else { return }
    let again = try? UnverifiedRoot(parsing: unverified.json.bytes, source: "fuzz")
    require(again?.json == unverified.json, "a root reads otherwise when it is written")
    _ = try? unverified.claims()
    if let verified = try? unverified.verifiedFirst() {
      let claims = try? unverified.claims()
      require(verified.document == claims, "a verified root is not the one that was read")
    }
    let next = try? unverified.verified(after: root)
    require(next == nil, "a version that the root's key did not sign was verified")
  }

  private static func tryText(_ text: String) {
    if let key = try? PublicKey(text: text) {
      let again = try? PublicKey(text: key.text)
      require(again == key, "a key reads otherwise when it is written")
    }
    if let name = PackName(text) {
      require(PackName(name.description) == name, "a name reads otherwise when it is written")
      require(name.description.utf8.elementsEqual(text.utf8), "a name has two spellings")
    }
    if let pattern = NamespacePattern(text) {
      require(NamespacePattern(pattern.description) == pattern, "a pattern reads otherwise")
    }
    if let version = SemanticVersion(text) {
      require(version.description.utf8.elementsEqual(text.utf8), "a version has two spellings")
    }
  }
}
