import Foundation
import MoEBase
import MoETestSupport
import Testing

@Suite struct TrustCommandTests {
  let bench: CommandBench

  init() throws {
    bench = try CommandBench()
  }

  @Test func `a key is made, trusted, listed and removed`() throws {
    let path = bench.directory.path("vendor.key")
    let made = try bench.run("key", "new", "--output", path, "--json").json()
    guard case .string(let keyID)? = made["keyID"] else { throw BenchFailure("no key id") }
    let mode =
      try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    #expect(mode == 0o600)
    let added = try bench.run(
      "trust", "add", path + ".pub", "--namespace", "acme", "--comment", "by phone")
    #expect(added.output == "\(keyID) may now sign packs of acme/*\n")
    let again = try bench.run("trust", "add", path + ".pub", "--namespace", "acme")
    #expect(again.output.hasSuffix("was trusted for acme/* already; nothing was changed\n"))
    let list = try bench.run("trust", "list")
    #expect(list.lines.count == 2)
    #expect(list.lines[1] == "\(keyID)  acme/*      2026-01-01T00:00:00Z  by phone")
    #expect(
      try bench.run("trust", "remove", keyID).output
        == "\(keyID) may no longer sign packs of acme/*\n")
    #expect(try bench.run("trust", "list").lines == ["No keys are trusted."])
  }

  @Test(arguments: ["vendor.key", "vendor.key.pub"])
  func `a key is never overwritten, and half a pair is never written`(existing: String) throws {
    let file = try bench.directory.write("mine".utf8, to: existing)
    let result = try bench.run("key", "new", "-o", bench.directory.path("vendor.key"))
    #expect(result.status == 1)
    #expect(
      result.messages.contains("`\(existing)` exists already, and a key is never overwritten"))
    #expect(try Data(contentsOf: file) == Data("mine".utf8))
    let files = try FileManager.default.contentsOfDirectory(atPath: bench.directory.url.path)
    #expect(files == [existing])
  }

  @Test func `the private half, a file that is no key and a missing one are refused`() throws {
    let path = bench.directory.path("vendor.key")
    try bench.run("key", "new", "-o", path)
    let half = try bench.run("trust", "add", path, "--namespace", "acme")
    #expect(half.status == 65 && half.messages.contains("is the other half of the pair"))
    let text = try bench.directory.write("x".utf8, to: "x.pub").path
    #expect(try bench.run("trust", "add", text, "--namespace", "acme").status == 65)
    let none = bench.directory.path("none.pub")
    #expect(try bench.run("trust", "add", none, "--namespace", "acme").status == 66)
    #expect(
      !FileManager.default.fileExists(atPath: bench.directory.path("moe-pack/store/store.sqlite")))
  }

  @Test func `what is no namespace is refused before anything is done`() throws {
    let result = try bench.run("trust", "add", "x.pub", "--namespace", "Ac\u{1B}me")
    #expect(result.status == 64)
    #expect(result.messages.contains("'Ac\\u{1b}me' is no namespace"))
  }
}
