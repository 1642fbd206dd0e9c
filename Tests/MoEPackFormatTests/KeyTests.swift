import Foundation
import MoEBase
import MoEPackFormat
import Testing

@Suite struct KeyTests {
  private func failure(_ body: () throws(KeyError) -> Void) -> KeyError? {
    do throws(KeyError) {
      try body()
      return nil
    } catch { return error }
  }

  @Test func `keys are written and read back`() throws {
    try withDirectory { directory in
      let file = directory.appendingPathComponent("vendor.key")
      let publicFile = directory.appendingPathComponent("vendor.key.pub")
      let key = SigningKey()
      try key.write(to: file)
      try key.publicKey.write(to: publicFile)
      let again = try SigningKey(file: file)
      #expect(again.publicKey == key.publicKey)
      #expect(try PublicKey(file: publicFile) == key.publicKey)
      #expect(again.signature(of: [1]) == key.signature(of: [1]))
      let attributes = try FileManager.default.attributesOfItem(atPath: file.path)
      #expect(attributes[.posixPermissions] as? Int == 0o600)
      #expect(SigningKey().publicKey != key.publicKey)
      #expect(failure { () throws(KeyError) in try key.write(to: file) }?.reason == .exists)
      #expect(
        failure { () throws(KeyError) in try key.publicKey.write(to: publicFile) }?.reason
          == .exists)
      #expect(try SigningKey(file: file).publicKey == key.publicKey, "the old key is still there")
    }
  }

  @Test func `the texts have one form`() throws {
    let key = PackBuilder.vendor
    let text = key.publicKey.text
    #expect(text.hasPrefix("moe-pack-public-key:ed25519:") && text.hasSuffix("=\n"))
    #expect(try PublicKey(text: text) == key.publicKey)
    #expect(try PublicKey(text: String(text.dropLast())) == key.publicKey)
    for bad in [
      "", "\n", text + "\n", " " + text, text + "x", text.uppercased(), "ssh-ed25519 AAAA",
      "moe-pack-public-key:ed25519:", "moe-pack-public-key:ed25519:AAAA",
      text.replacingOccurrences(of: "=", with: ""),
      text.replacingOccurrences(of: "\n", with: "\r\n"),
    ] {
      let error = failure { () throws(KeyError) in _ = try PublicKey(text: bad) }
      #expect(error?.reason == .malformed(expected: "moe-pack-public-key:ed25519:<base64>"))
      #expect(error?.exitCode == .badData)
    }
    let other = failure { () throws(KeyError) in _ = try SigningKey(text: text) }
    #expect(other?.reason == .wrongHalf(expected: "private key"))
    #expect(
      failure { () throws(KeyError) in _ = try SigningKey(seed: [1, 2, 3]) }?.exitCode == .badData)
  }

  @Test func `a private key that others may read is refused`() throws {
    try withDirectory { directory in
      let file = directory.appendingPathComponent("k")
      try SigningKey().write(to: file)
      for mode in [0o640, 0o604, 0o644, 0o660, 0o601] {
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: file.path)
        let error = failure { () throws(KeyError) in _ = try SigningKey(file: file) }
        #expect(error?.reason == .exposed(mode: UInt32(mode)))
        #expect(error?.exitCode == .trust)
      }
      try FileManager.default.setAttributes([.posixPermissions: 0o400], ofItemAtPath: file.path)
      #expect(failure { () throws(KeyError) in _ = try SigningKey(file: file) } == nil)
      let none = directory.appendingPathComponent("none")
      #expect(
        failure { () throws(KeyError) in _ = try SigningKey(file: none) }?.reason == .notFound)
      #expect(
        failure { () throws(KeyError) in _ = try PublicKey(file: directory) }?.exitCode
          == .inputOutput)
    }
  }

  @Test func `which half of a pair it is comes before who may read it`() throws {
    try withDirectory { directory in
      let file = directory.appendingPathComponent("vendor.key.pub")
      try SigningKey().publicKey.write(to: file)
      let error = failure { () throws(KeyError) in _ = try SigningKey(file: file) }
      #expect(error == KeyError("vendor.key.pub", .wrongHalf(expected: "private key")))
      let text = directory.appendingPathComponent("text")
      try Data("hello\n".utf8).write(to: text)
      #expect(
        failure { () throws(KeyError) in _ = try SigningKey(file: text) }?.code == "key-malformed")
    }
  }

  @Test func `a key never shows its seed`() {
    let key = PackBuilder.key(0x41)
    var text = ""
    dump(key, to: &text)
    for shown in ["\(key)", String(reflecting: key), text] {
      #expect(shown.contains(key.publicKey.id.description))
      #expect(!shown.contains("QUFB") && !shown.contains("65"))
    }
  }

  @Test func `a key id is the beginning of the key's digest`() {
    let key = PackBuilder.vendor.publicKey
    #expect(key.id.description == "ed25519:\(Digest(of: key.rawBytes).hex.prefix(16))")
  }

  @Test func `each sentence says what, where, expected and got`() {
    func text(_ reason: KeyError.Reason) -> String { KeyError("v.key", reason).message }
    #expect(text(.notFound) == "key `v.key` does not exist")
    #expect(text(.exists) == "`v.key` exists already, and a key is never overwritten")
    #expect(text(.notReadable("X")) == "key `v.key` cannot be read: X")
    #expect(text(.notWritable("X")) == "key `v.key` cannot be written: X")
    #expect(
      text(.exposed(mode: 0o644))
        == "private key `v.key` may be read by others: expected mode 0600, got 0644")
    #expect(text(.malformed(expected: "a:b")) == "`v.key` is not a key: expected one line `a:b`")
    #expect(
      text(.wrongHalf(expected: "public key"))
        == "`v.key` is the other half of the pair: expected a public key, got a private key")
    #expect(
      text(.wrongHalf(expected: "private key"))
        == "`v.key` is the other half of the pair: expected a private key, got a public key")
    #expect(KeyError("\u{1B}[31m", .notFound).message == "key `\\u{1b}[31m` does not exist")
  }

  @Test func `namespaces cover what they say`() throws {
    let pack = try #require(PackName("acme/ships"))
    #expect(NamespacePattern("*")?.covers(pack) == true)
    #expect(NamespacePattern("acme")?.covers(pack) == true)
    #expect(NamespacePattern("acme/*")?.description == "acme/*")
    #expect(NamespacePattern("acm")?.covers(pack) == false)
    for bad in ["", "/*", "*/*", "acme/", "acme/x", "Acme", "a*", "-a", "acme/*/*", "é"] {
      #expect(NamespacePattern(bad) == nil, "\(bad)")
    }
  }
}
