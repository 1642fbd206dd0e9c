import Foundation
import MoEBase
import MoEPackFormat
import MoEStore
import MoETestSupport
import Testing

/// Archives that are none, are damaged, or are signed by the wrong hand: each refused by `install` with a
/// sentence, a hint, its exit code and an unchanged store.
@Suite struct BadPackTests {
  let bench: CommandBench
  let bytes: [UInt8]

  init() throws {
    bench = try CommandBench()
    try bench.trust()
    try bench.run("install", "--no-eval", try bench.archive("example/ships", topics: [0, 1]))
    let file = try bench.archive("example/privacy", topics: [2, 3])
    bytes = Array(try Data(contentsOf: URL(fileURLWithPath: file)))
  }

  private func file(_ bytes: some Sequence<UInt8>, _ name: String = "x.moepack") throws {
    try bench.directory.write(bytes, to: name)
  }

  private func refused(
    _ name: String, _ status: Int32, _ says: String..., hint: String,
    file: String = "@x.moepack"
  ) throws {
    try bench.expect(
      Refusal(
        name: name, arguments: ["install", "--no-eval", file], status: status, says: says,
        hint: hint))
  }

  @Test func `an archive cut at any of many places`() throws {
    var places = [
      1, 2, 3, 4, 5, 8, 12, 100, 511, bytes.count - 5, bytes.count - 4, bytes.count - 1,
    ]
    places += stride(from: 700, to: bytes.count, by: bytes.count / 12)
    for place in places {
      try file(bytes.prefix(place))
      try refused(
        "cut at \(place)", 65, "/x.moepack` is cut short: expected the rest of its zstd frame",
        "got the end of the file at byte \(place)",
        hint: "nothing was installed; fetch the archive again")
    }
  }

  @Test func `an archive with a bit flipped at any of many places`() throws {
    for place in stride(from: 0, to: bytes.count, by: bytes.count / 40) {
      var flipped = bytes
      flipped[place] ^= UInt8(1 << (place % 8))
      try file(flipped)
      let before = try bench.storeLook().logicalDigest()
      let result = try bench.run("install", "--no-eval", bench.directory.path("x.moepack"))
      // A flip in the frame's window changes no content: the pack is then the very pack that was signed.
      if place <= 5, result.status == 0 {
        try bench.run("rollback", "--no-eval")
        continue
      }
      #expect([65, 77].contains(result.status), "byte \(place): \(result.messages)")
      #expect(result.messages.hasPrefix("error: ") && result.messages.contains("\n\nhint: "))
      #expect(try bench.storeLook().logicalDigest() == before)
    }
  }

  @Test func `what is no archive at all`() throws {
    for (name, content, got) in [
      ("empty", [], "an empty file"), ("text", Array("hello\n".utf8), "68656c6c"),
      ("gzip", [0x1F, 0x8B, 8, 0, 0, 0], "1f8b0800"),
      ("tar", Array(repeating: 0, count: 1024), "00000000"),
    ] as [(String, [UInt8], String)] {
      try file(content)
      try refused(
        name, 65, "is not a pack: expected the zstd magic 28b52ffd at byte 0, got \(got)",
        hint: "give the path of a `.moepack` file")
    }
    for (path, got) in [("/dev/null", "a device"), (bench.directory.url.path, "a directory")] {
      try refused(
        path, 65, "`\(path)` is not a pack: expected a regular file, got \(got)",
        hint: "nothing was installed; give the path of a `.moepack` file", file: path)
    }
    try refused(
      "missing", 66,
      "`\(bench.directory.path("none.moepack"))` does not exist: expected a pack file",
      hint: "nothing was installed; check the path", file: "@none.moepack")
    try refused("no path", 64, "the value '' is invalid", hint: "moe-pack install", file: "")
  }

  @Test func `something after the end`() throws {
    for tail in [[0], bytes] {
      try file(bytes + tail)
      try refused(
        "tail", 65, "something after its end", "expected 0 bytes, got",
        hint: "fetch the archive again")
    }
  }

  @Test func `an envelope that is not signed, or not by a key that is trusted for it`() throws {
    let pack = try AlteredPack(
      TinyPack("example/privacy", topics: [2, 3], backbone: try bench.backbone))
    try file(try pack.archive { $0 }, "whole.moepack")
    #expect(try bench.run("verify", bench.directory.path("whole.moepack")).status == 0)
    try file(try pack.archive(signatures: ""))
    try refused(
      "unsigned", 77, "is not signed: expected at least 1 signature, got 0",
      hint: "ask its publisher for a signed archive")
    try file(try pack.archive { $0.replacing(#""signatures""#, with: #""signature""#) })
    try refused("no list", 65, "`signatures`", "expected", hint: "nothing was installed")
    let forged = Data(repeating: 7, count: 64).base64EncodedString()
    for keyID in ["", TinyPack.key.publicKey.id.description] {
      try file(try pack.archive(signatures: #"{"keyid":"\#(keyID)","sig":"\#(forged)"}"#))
      try refused(
        "forged", 77, "sign", hint: keyID.isEmpty ? "trust add" : "fetch the archive again")
    }
    try file(try pack.archive { _ in "{" })
    try refused("no JSON", 65, "`moepack.dsse`", "is refused", hint: "nothing was installed")
    _ = try bench.archive("example/privacy", topics: [2], keys: [TinyPack.stranger])
    try refused(
      "stranger", 77, "is signed by no key this store trusts: 0 of 1",
      TinyPack.stranger.publicKey.id.description,
      hint: "moe-pack trust add", file: "@example-privacy-1.moepack")
    _ = try bench.archive("other/ships", topics: [0])
    try refused(
      "namespace", 77, "is pack `other/ships`: expected a signature by a trusted key that may",
      "may sign for `other/*`, got one by a key that may not: `ed25519:",
      hint: "moe-pack trust list", file: "@other-ships-1.moepack")
  }

  @Test func `a pack made for something else`() throws {
    let other = Digest(of: [9])
    let cases: [(String, (inout Manifest) -> Void)] = [
      ("was made for backbone `tiny`", { $0.backbone.digest = other }),
      ("was made with another tokenizer: expected", { $0.tokenizer = other }),
      ("another backbone profile: expected", { $0.profile = other }),
    ]
    for (sentence, change) in cases {
      let path = try bench.archive("example/privacy", topics: [2, 3]) { change(&$0.manifest) }
      try refused(sentence, 65, sentence, "\(other)", hint: "nothing was changed", file: path)
    }
  }

  @Test func `a release that does not rise, and the same pack again`() throws {
    try refused(
      "again", 1, "`example/ships 1.0.0` is installed already: expected", "got the very same",
      hint: "moe-pack list", file: "@example-ships-1.moepack")
    _ = try bench.archive("example/ships", topics: [0])
    try refused(
      "same release", 1, "another pack of that release: expected sha256:", "got sha256:",
      hint: "--allow-downgrade", file: "@example-ships-1.moepack")
    let path = bench.directory.path("example-privacy-1.moepack")
    try bench.expect(
      Refusal(
        name: "twice", arguments: ["install", path, path], status: 64,
        says: ["`example/privacy 1.0.0` is named twice, expected every pack once"],
        hint: "nothing was changed"))
  }

  @Test func `one bad pack among good ones installs none`() throws {
    try file(bytes.dropLast(9))
    try bench.expect(
      Refusal(
        name: "second is cut",
        arguments: ["install", "@example-privacy-1.moepack", "@x.moepack"], status: 65,
        says: ["/x.moepack` is cut short"], hint: "nothing was installed"))
    #expect(try bench.storeLook().verify().blobCount > 0)
    #expect(try bench.run("list").output.contains("example/privacy") == false)
  }
}
