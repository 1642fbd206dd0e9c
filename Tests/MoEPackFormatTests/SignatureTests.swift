import Foundation
import MoEBase
import MoEPackFormat
import Testing

@Suite struct SignatureTests {
  private func envelope(_ change: (JSONValue) -> JSONValue) throws -> [UInt8] {
    let honest = try PackBuilder().parts()[0].bytes
    let changed = change(try JSONValue(parsing: honest)).bytes
    return try PackBuilder().archive(envelope: changed)
  }

  @Test func `the pre-authentication encoding is the one of the DSSE specification`() {
    let encoded = Envelope.preAuthenticationEncoding(
      type: "http://example.com/HelloWorld", body: Array("hello world".utf8))
    #expect(
      String(decoding: encoded, as: UTF8.self)
        == "DSSEv1 29 http://example.com/HelloWorld 11 hello world")
  }

  @Test func `Ed25519 is the one of RFC 8032`() throws {
    // RFC 8032 §7.1, test 2.
    let seed = bytes("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")
    let key = try SigningKey(seed: seed)
    #expect(
      Digest.hex(key.publicKey.rawBytes)
        == "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")
    let signature = key.signature(of: [0x72])
    #expect(
      Digest.hex(signature)
        == "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        + "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00")
    #expect(key.publicKey.isValid(signature: signature, of: [0x72]))
    #expect(!key.publicKey.isValid(signature: signature, of: [0x73]))
    #expect(!key.publicKey.isValid(signature: signature.dropLast(), of: [0x72]))
    // S + L is the same number to a careless verifier.
    let order = bytes("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010")
    var malleable = signature
    var carry = 0
    for index in 0..<32 {
      let sum = Int(malleable[32 + index]) + Int(order[index]) + carry
      malleable[32 + index] = UInt8(sum & 255)
      carry = sum >> 8
    }
    #expect(carry == 0)
    #expect(!key.publicKey.isValid(signature: malleable, of: [0x72]))
  }

  private func bytes(_ hex: String) -> [UInt8] { Digest(hex: hex)?.bytes ?? [] }

  @Test func `unsigned, unknown, altered and misplaced signatures are refused with 77`() throws {
    let vendor = PackBuilder.vendor.publicKey.id.description
    let stranger = PackBuilder.stranger.publicKey.id.description
    let unsigned = try refusal(try envelope { $0.setting(["signatures"], to: []) })
    #expect(unsigned?.reason == .unsigned)
    #expect(unsigned?.exitCode == .trust)

    var builder = PackBuilder()
    builder.keys = [PackBuilder.stranger]
    let unknown = try refusal(try builder.archive())
    #expect(unknown?.reason == .unknownKey(claims: [stranger], required: 1))
    #expect(unknown?.exitCode == .trust)
    #expect(
      try refusal(try PackBuilder().archive(), trust: TrustRoot(keys: []))?.reason
        == .unknownKey(claims: [vendor], required: 1))

    let strangers = Envelope(signing: [1], with: [PackBuilder.stranger]).signatures[0].bytes
    let foreign = Data(strangers).base64EncodedString()
    let mismatch = try refusal(
      try envelope { $0.setting(["signatures", "0", "sig"], to: .string(foreign)) })
    #expect(mismatch?.reason == .signatureMismatch(keyID: vendor))
    #expect(mismatch?.exitCode == .trust)
    #expect(
      try refusal(
        try envelope {
          $0.setting(["payload"], to: .string(Data("{}".utf8).base64EncodedString()))
        })?.reason == .signatureMismatch(keyID: vendor))

    let elsewhere = TrustRoot(keys: [
      TrustedKey(PackBuilder.vendor.publicKey, namespaces: .only("examples"))
    ])
    let misplaced = try refusal(try PackBuilder().archive(), trust: elsewhere)
    #expect(
      misplaced?.reason
        == .wrongNamespace(pack: "example/ships", keys: [PackBuilder.vendor.publicKey.id]))
    #expect(misplaced?.exitCode == .trust)
  }

  @Test func `a key id decides nothing`() throws {
    for claim in ["", "ed25519:0000000000000000", PackBuilder.stranger.publicKey.id.description] {
      #expect(
        try refusal(
          try envelope { $0.setting(["signatures", "0", "keyid"], to: .string(claim)) }) == nil)
    }
    #expect(
      try refusal(try envelope { $0.setting(["signatures", "0", "keyid"], to: nil) }) == nil)
    let vendor = PackBuilder.vendor.publicKey.id.description
    var builder = PackBuilder()
    builder.keys = [PackBuilder.stranger]
    let posing = try JSONValue(parsing: try builder.parts()[0].bytes)
      .setting(["signatures", "0", "keyid"], to: .string(vendor))
    #expect(
      try refusal(try PackBuilder().archive(envelope: posing.bytes))?.reason
        == .signatureMismatch(keyID: vendor))
  }

  @Test func `signatures count by the keys they belong to`() throws {
    let two = TrustRoot(
      keys: [
        TrustedKey(PackBuilder.vendor.publicKey, namespaces: .only("example")),
        TrustedKey(PackBuilder.vendor.publicKey, namespaces: .all),
        TrustedKey(PackBuilder.stranger.publicKey, namespaces: .all),
      ], threshold: 2)
    let once = try PackBuilder().archive()
    #expect(
      try refusal(once, trust: two)?.reason
        == .underThreshold(required: 2, keys: [PackBuilder.vendor.publicKey.id]))
    var builder = PackBuilder()
    builder.keys = [PackBuilder.vendor, PackBuilder.vendor]
    #expect(try refusal(try builder.archive(), trust: two)?.code == "pack-under-threshold")
    builder.keys = [PackBuilder.vendor, PackBuilder.stranger]
    #expect(try refusal(try builder.archive(), trust: two) == nil)
    #expect(try accepted(try builder.archive(), trust: two).pack.keyIDs.count == 2)
    builder.keys = [PackBuilder.stranger, PackBuilder.vendor]
    #expect(try refusal(try builder.archive()) == nil, "one of two fits")
  }

  @Test func `the envelope has one spelling`() throws {
    let honest = try PackBuilder().parts()[0].bytes
    let text = String(decoding: honest, as: UTF8.self)
    let json = try JSONValue(parsing: honest)
    guard case .string(let payload) = json["payload"] else {
      Issue.record("no payload")
      return
    }
    var bad: [[UInt8]] = [
      [], Array("{}".utf8), Array("[]".utf8), Array((text + " x").utf8),
      [0xEF, 0xBB, 0xBF] + honest,
      Array(
        text.replacingOccurrences(of: "{\"payload\"", with: "{\"payload\":\"\",\"payload\"").utf8),
    ]
    let changes: [([String], JSONValue?)] = [
      (["payload"], nil), (["payload"], 1), (["payload"], .string(payload + "=")),
      (["payload"], .string(payload + "\n")), (["payload"], .string(" " + payload)),
      (["payload"], "e30"), (["payload"], "e31="), (["payload"], "e3-_"), (["payloadType"], nil),
      (["payloadType"], "application/vnd.in-toto+JSON"), (["signatures"], nil),
      (["signatures"], "x"), (["signatures", "0"], 1), (["signatures", "0", "sig"], nil),
      (["signatures", "0", "sig"], 1), (["signatures", "0", "sig"], "x"),
      (["signatures", "0", "cert"], "x"), (["signatures", "0", "keyid"], 1),
      (["signatures", "0", "keyid"], "\u{1B}[31m"), (["extra"], 1),
    ]
    bad += changes.map { json.setting($0.0, to: $0.1).bytes }
    let many = [JSONValue](repeating: ["sig": ""], count: 17)
    bad.append(json.setting(["signatures"], to: .array(many)).bytes)
    for envelope in bad {
      let error = try refusal(try PackBuilder().archive(envelope: envelope))
      #expect(error?.code == "pack-envelope", "\(String(decoding: envelope, as: UTF8.self))")
      #expect(error?.exitCode == .badData)
    }
  }

  @Test func `no flipped bit of the signature, the key or the payload verifies`() throws {
    let key = PackBuilder.vendor.publicKey
    let message = Array("a message".utf8)
    let signature = PackBuilder.vendor.signature(of: message)
    for index in 0..<64 {
      for bit in 0..<8 {
        var flipped = signature
        flipped[index] ^= 1 << bit
        #expect(!key.isValid(signature: flipped, of: message))
      }
    }
    for index in 0..<32 {
      for bit in 0..<8 {
        var raw = key.rawBytes
        raw[index] ^= 1 << bit
        #expect(PublicKey(rawBytes: raw)?.isValid(signature: signature, of: message) == false)
      }
    }
  }
}
