import Foundation
import MoEBase
import MoEStore
import MoETestSupport
import Testing

@Suite struct DoctorCommandTests {
  private let bench: CommandBench
  private let archive: String

  init() throws {
    bench = try CommandBench()
    try bench.trust()
    archive = try bench.archive("example/ships", topics: [0, 1])
    try #require(try bench.run("install", archive, "--no-eval").status == 0)
  }

  private func router() throws -> URL {
    let pack = try #require(try bench.storeLook().active().packs.first)
    return try #require(pack.entry("router.safetensors")).url
  }

  @Test func `a store that is whole, or not there yet, is told to be so`() throws {
    let whole = try bench.run("doctor")
    #expect(whole.status == 0)
    #expect(whole.output == "nothing is wrong with the store\n")
    let none = try bench.run("doctor", "--store", bench.directory.path("none"))
    #expect(none.status == 0 && none.output.contains("no store yet"))
    #expect(!FileManager.default.fileExists(atPath: bench.directory.path("none")))
  }

  @Test func `damage is explained, mended from the archive, and gone`() throws {
    let digest = try bench.storeLook().logicalDigest()
    let url = try router()
    chmod(url.path, 0o644)
    try Data([1]).write(to: url)
    let told = try bench.run("doctor")
    #expect(told.status == 11)
    #expect(told.output.contains("damage: example/ships 1.0.0: router.safetensors"))
    #expect(told.output.contains("--repair"))
    #expect(told.messages.contains("is damaged: 1 finding, expected none"))
    let json = try bench.run("doctor", "--json")
    #expect(json.status == 11)
    #expect(try json.json()["findings"]?.kind == "an array")
    let mended = try bench.run("doctor", "--repair", archive)
    #expect(mended.status == 0, "\(mended.messages)")
    #expect(mended.output.hasPrefix("mended: "))
    #expect(try bench.storeLook().logicalDigest() == digest)
    #expect(try bench.run("doctor").status == 0)
    #expect(try bench.run("doctor", "--repair", archive).output == "nothing was mended\n")
  }

  @Test func `what the archive does not hold stays damaged, with exit code 11`() throws {
    let url = try router()
    try FileManager.default.removeItem(at: url)
    let other = try bench.archive("example/birds", topics: [2, 3])
    let result = try bench.run("doctor", "--repair", other)
    #expect(result.status == 11)
    #expect(result.output == "nothing was mended\n")
    #expect(result.messages.contains("router.safetensors"))
  }

  @Test func `a lost index is explained and made anew with the keys that are named`() throws {
    let before = try bench.storeLook().active().packs
    try FileManager.default.removeItem(
      atPath: bench.directory.path("moe-pack/store/store.sqlite"))
    let lost = try bench.run("list")
    #expect(lost.status == 11)
    #expect(lost.messages.contains("moe-pack doctor --rebuild"))
    #expect(try bench.run("doctor").status == 11)
    let key = bench.directory.path("vendor.pub")
    let rebuilt = try bench.run("doctor", "--rebuild", "--trust", "example=\(key)")
    #expect(rebuilt.status == 0, "\(rebuilt.messages)")
    #expect(rebuilt.output == "taken: example/ships 1.0.0\n")
    #expect(rebuilt.messages.contains("unproven"))
    #expect(try bench.storeLook().active().packs == before)
    let again = try bench.run("doctor", "--rebuild", "--trust", "example=\(key)")
    #expect(again.status == 1)
    #expect(again.messages.contains("is whole"))
  }

  @Test(arguments: [
    ["--rebuild"], ["--trust", "example=key.pub"], ["--rebuild", "--trust", "Example=key.pub"],
    ["--rebuild", "--trust", "key.pub"], ["--rebuild", "--trust", "*=k", "--repair", "x"],
  ])
  func `options that contradict each other are refused`(options: [String]) throws {
    let result = try bench.run(words: ["doctor"] + options)
    #expect(result.status == 64)
    #expect(result.messages.contains("hint: "))
  }
}
