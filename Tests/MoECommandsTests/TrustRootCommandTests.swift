import Foundation
import MoEBase
import MoEPackFormat
import MoETestSupport
import Testing

/// The signed trust root, from the command line.
@Suite struct TrustRootCommandTests {
  let bench: CommandBench

  init() throws {
    bench = try CommandBench()
    for name in ["a.key", "b.key", "c.key"] { try bench.run("key", "new", "-o", path(name)) }
    try TinyPack.key.publicKey.write(to: URL(fileURLWithPath: path("vendor.pub")))
  }

  private func path(_ name: String) -> String { bench.directory.path(name) }

  private func id(_ name: String) throws -> String {
    try PublicKey(file: URL(fileURLWithPath: path(name))).id.description
  }

  private func install(_ archive: String) throws -> CommandBench.Result {
    try bench.run("install", "--no-eval", archive)
  }

  @Test func `a root is made of the trusted keys, rotated, and followed by another store`() throws {
    try bench.trust()
    let made = try bench.run("trust", "create", "--key", path("a.key"))
    #expect(made.status == 0, "\(made.messages)")
    #expect(made.lines[0] == "version 1 of the trust root is in force until 2027-01-01T00:00:00Z")
    #expect(try bench.run("trust", "create", "--key", path("a.key")).status == 1)
    let rotated = try bench.run(
      "trust", "rotate", "--add-root", path("b.key.pub"), "--root-threshold", "2", "--namespace",
      "example", "--threshold", "1", "--days", "30", "--key", path("a.key"), "--key", path("b.key"))
    #expect(rotated.status == 0, "\(rotated.messages)")
    let list = try bench.run("trust", "list")
    #expect(
      list.lines[0] == "signed trust root, version 2, good until 2026-01-31T00:00:00Z")
    #expect(
      list.lines[1] == "root       2 of \(try id("a.key.pub")), \(try id("b.key.pub"))")
    let vendor = TinyPack.key.publicKey.id
    #expect(list.lines[2] == "namespace  example/*: 1 of \(vendor)")

    let other = path("other-store")
    for number in ["1", "2"] {
      let file = path("root-\(number).json")
      #expect(try bench.run("trust", "export", "--number", number, "-o", file).status == 0)
    }
    let gap = try bench.run("trust", "import", path("root-1.json"), "--store", other)
    #expect(gap.status == 0)
    #expect(
      try bench.run("trust", "import", path("root-1.json"), "--store", other).output
        .contains("in force already"))
    #expect(try bench.run("trust", "import", path("root-2.json"), "--store", other).status == 0)
    let back = try bench.run("trust", "import", path("root-1.json"), "--store", other)
    #expect(back.status == 77 && back.messages.contains("root keys of version 2"))
    #expect(
      try bench.run("trust", "list", "--json", "--store", other).json()["root"]?["document"]
        == bench.run("trust", "list", "--json").json()["root"]?["document"])
  }

  @Test func `several people sign a version that is passed around as a file`() throws {
    let file = path("root.json")
    let made = try bench.run(
      "trust", "create", "--key", path("a.key"), "--root", path("b.key.pub"), "--root",
      path("c.key.pub"), "--root-threshold", "2", "-o", file)
    #expect(made.status == 0 && made.output.contains("1 of 2 signatures"))
    let early = try bench.run("trust", "import", file)
    #expect(early.status == 77 && early.messages.contains("signed by 1 of the 2 root keys"))
    let key = try Data(contentsOf: URL(fileURLWithPath: path("b.key")))
    let signed = try bench.run("trust", "sign", file, "--key", "-", input: Array(key))
    #expect(signed.status == 0, "\(signed.messages)")
    #expect(signed.output.contains("signed by 2 of the 2 root keys it asks for itself"))
    let digest = try bench.run("trust", "sign", file, "--json").json()["digest"]
    guard case .string(let digest)? = digest else { throw BenchFailure("no digest") }
    let wrong = "sha256:" + String(repeating: "0", count: 64)
    #expect(try bench.run("trust", "import", file, "--digest", wrong).status == 77)
    #expect(try bench.run("trust", "import", file, "--digest", digest).status == 0)
  }

  @Test func `a revocation takes the pack out at once, and names itself afterwards`() throws {
    try bench.trust()
    let archive = try bench.archive("example/ships", topics: [0])
    #expect(try install(archive).status == 0)
    try bench.run("trust", "create", "--key", path("a.key"))
    let vendor = TinyPack.key.publicKey.id.description
    let revoked = try bench.run(
      "trust", "revoke", vendor, "--reason", "stolen laptop", "--key", path("a.key"), "--json")
    #expect(revoked.status == 0, "\(revoked.messages)")
    let json = try revoked.json()
    #expect(json["version"] == 2 && json["generation"] == 2)
    #expect(try bench.run("list", "--json").json()["packs"] == .array([]))
    let again = try install(archive)
    #expect(again.status == 77)
    #expect(again.messages.contains("is revoked (stolen laptop)"))
    #expect(try bench.run("rollback", "1").status == 77)
    let digest = try bench.run("info", archive, "--json").json()["digest"]
    guard case .string(let digest)? = digest else { throw BenchFailure("no digest") }
    let allowed = try bench.run("trust", "allow", digest, "--comment", "signed before the theft")
    #expect(allowed.output == "\(digest) is accepted by its digest\n")
    #expect(try install(archive).status == 0)
    #expect(
      try bench.run("verify", archive).output.contains(
        "accepted by its digest, though a key that signed it is revoked"))
    let undone = try bench.run("trust", "allow", digest, "--undo")
    #expect(undone.output.contains("removed  example/ships 1.0.0, release 1"))
    #expect(try bench.run("history").output.contains("disallow \(digest)"))
  }

  @Test func `a store without a signed root revokes on a word`() throws {
    try bench.trust()
    #expect(try install(try bench.archive("example/ships", topics: [0])).status == 0)
    let revoked = try bench.run("trust", "revoke", path("vendor.pub"))
    #expect(revoked.output.contains("is revoked in this store"))
    #expect(revoked.output.contains("removed  example/ships 1.0.0, release 1"))
    #expect(try bench.run("trust", "list").output.contains("revoked  ed25519:"))
    #expect(try bench.run("trust", "revoke", path("vendor.pub")).output.contains("already"))
    let unknown = try bench.run("trust", "revoke", "ed25519:0000000000000000")
    #expect(unknown.status == 66)
    #expect(try bench.run("trust", "rotate", "--key", path("a.key")).status == 66)
  }

  @Test func `explain shows the chain on one screen, and ends as install would`() throws {
    let archive = try bench.archive("example/ships", topics: [0])
    let nobody = try bench.run("trust", "explain", archive)
    #expect(nobody.status == 77)
    #expect(nobody.output.contains("nobody's word: no key is trusted for it"))
    #expect(nobody.output.hasSuffix("verdict     not trusted\n"))
    try bench.trust()
    #expect(try install(archive).status == 0)
    for _ in 0..<9 {
      let command =
        try bench.run("trust", "list", "--json").json()["root"] == .null
        ? "create" : "rotate"
      #expect(try bench.run("trust", command, "--key", path("a.key")).status == 0)
    }
    let chain = try bench.run("trust", "explain", "example/ships")
    #expect(chain.status == 0, "\(chain.messages)")
    #expect(chain.lines.count <= 24, "\(chain.output)")
    for piece in [
      "pack        example/ships 1.0.0, release 1", "where       installed, in generation 1",
      "fits, and may sign for example/*", "rule        example/*: 1 of 1 required",
      "rests on    the signed trust root, version 9, good until 2027-01-01T00:00:00Z",
      "version 1: the operator's word, 2026-01-01T00:00:00Z",
      "releases    the highest this store has seen is 1", "verdict     trusted",
    ] {
      #expect(chain.output.contains(piece), "\(piece) in\n\(chain.output)")
    }
    let json = try bench.run("trust", "explain", archive, "--json").json()
    #expect(json["trusted"] == true && json["assurance"] == "signed")
    #expect(json["root"]?["version"] == 9)
  }

  @Test func `a pack may be signed by several, at once or one after the other`() throws {
    try bench.trust()
    let archive = try bench.archive("example/ships", topics: [0])
    let before = try bench.run("info", archive, "--json").json()["digest"]
    try bench.run("trust", "create", "--key", path("a.key"))
    let rule = try bench.run(
      "trust", "rotate", "--namespace", "example", "--add", path("b.key.pub"), "--threshold", "2",
      "--key", path("a.key"))
    #expect(rule.status == 0, "\(rule.messages)")
    #expect(try install(archive).messages.contains("signed by 1 of 2 required trusted keys"))
    let signed = try bench.run("pack", "sign", archive, "--key", path("b.key"))
    #expect(signed.status == 0, "\(signed.messages)")
    #expect(signed.output.hasSuffix(": 2 signatures\n"))
    #expect(
      try bench.run("pack", "sign", archive, "--key", path("b.key")).output
        .hasSuffix(": 2 signatures\n"), "one key signs once")
    #expect(try bench.run("info", archive, "--json").json()["digest"] == before)
    #expect(try install(archive).status == 0)
  }

  @Test func `a private key comes by file or standard input, and nobody else may read it`() throws {
    try FileManager.default.setAttributes([.posixPermissions: 0o640], ofItemAtPath: path("a.key"))
    let exposed = try bench.run("trust", "create", "--key", path("a.key"))
    #expect(exposed.status == 77 && exposed.messages.contains("expected mode 0600, got 0640"))
    let half = try bench.run("trust", "create", "--key", path("b.key.pub"))
    #expect(half.status == 65)
    #expect(try bench.run("trust", "create", "--key", "-", input: Array("x\n".utf8)).status == 65)
    #expect(try bench.run("trust", "create", "--key", "-", "--key", "-").status == 64)
    let key = try Data(contentsOf: URL(fileURLWithPath: path("c.key")))
    #expect(try bench.run("trust", "create", "--key", "-", input: Array(key)).status == 0)
    #expect(
      try !bench.run("trust", "list", "--json").output.contains("moe-pack-private-key"))
  }

  @Test func `what contradicts itself is refused before anything is done`() throws {
    for words in [
      ["rotate"], ["create"], ["rotate", "--key", "k", "--add", "x.pub"],
      ["rotate", "--key", "k", "--namespace", "A"],
      ["rotate", "--key", "k", "--namespace", "a", "--level", "loose"],
      ["rotate", "--key", "k", "--namespace", "a", "--threshold", "0"],
      ["create", "--key", "k", "--days", "0"], ["allow", "sha256:00"],
      ["revoke", "x", "--reason", "a\nb"], ["revoke", "x", "-o", "f"],
      ["import", "x", "--digest", "1"],
    ] {
      #expect(try bench.run(words: ["trust"] + words).status == 64, "\(words)")
    }
  }
}
