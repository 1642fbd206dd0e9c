import Foundation
import MoEBase
import Testing

@Suite struct AccessCommandTests {
  private let bench: CommandBench
  private let keys: String

  init() throws {
    bench = try CommandBench()
    keys = bench.directory.path("keys.json")
  }

  @Test func `a key is shown once, and its file holds a digest that only its owner can read`()
    throws
  {
    let made = try bench.run(
      "access", "add", "acme", "--keys", keys, "--pack", "acme/*", "--region", "EU", "--json")
    #expect(made.status == 0)
    guard case .string(let key)? = try made.json()["key"] else {
      Issue.record("expected a key")
      return
    }
    let text = String(decoding: try Data(contentsOf: URL(fileURLWithPath: keys)), as: UTF8.self)
    #expect(!text.contains(key))
    #expect(text.contains(Digest(of: Array(key.utf8)).description))
    let mode = try FileManager.default.attributesOfItem(atPath: keys)[.posixPermissions] as? Int
    #expect(mode == 0o600)
    let list = try bench.run("access", "list", "--keys", keys)
    #expect(list.output.contains("acme/* about EU"))
    #expect(try bench.run("access", "add", "acme", "--keys", keys).status == 1)
    #expect(try bench.run("access", "remove", "acme", "--keys", keys).status == 0)
    #expect(try bench.run("access", "remove", "acme", "--keys", keys).status == 66)
    #expect(try bench.run("access", "list", "--keys", keys).output == "There are no keys.\n")
  }

  @Test(arguments: [
    ["a b"], ["acme", "--pack", "acme"], ["acme", "--pack", "a/b", "--kind", "sing"],
    ["acme", "--region", "EU"], ["acme", "--administrator", "--pack", "*"],
  ])
  func `rules that mean nothing are usage`(arguments: [String]) throws {
    let result = try bench.run(words: ["access", "add"] + arguments + ["--keys", keys])
    #expect(result.status == 64)
    #expect(!FileManager.default.fileExists(atPath: keys))
  }

  @Test func `a server that others can reach, or whose keys are damaged, does not start`() throws {
    #expect(try bench.run("serve", "--host", "0.0.0.0", "--port", "0").status == 78)
    try bench.directory.write("{".utf8, to: "keys.json")
    #expect(try bench.run("serve", "--keys", keys, "--port", "0").status == 78)
    #expect(try bench.run("serve", "--port", "70000").status == 64)
  }
}
