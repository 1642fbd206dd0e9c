import Foundation
import MoEBase
import MoEPackFormat
import StoreTestSupport

extension FuzzTarget {
  /// Envelopes, the statements in them, and the texts of keys, as the first byte says.
  public static let envelope = FuzzTarget(
    name: "envelope", largestInput: 16 << 10,
    seeds: {
      let envelope = try signedEnvelope()
      let key = try SmallPack.key().publicKey
      return [
        [0] + envelope.bytes, [1] + envelope.payload, [2] + Array(key.text.utf8),
        [2] + Array("example/one".utf8), [2] + Array("acme/*".utf8), [2] + Array("1.2.3-rc.1".utf8),
      ]
    },
    run: { input in
      guard let mode = input.first else { return }
      let rest = Array(input.dropFirst())
      switch mode % 3 {
      case 0: tryEnvelope(rest)
      case 1: tryPayload(rest)
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
