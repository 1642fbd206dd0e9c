import Foundation
import MoETestSupport
import Testing

@Suite struct ConfigurationTests {
  private func bench(_ configuration: String) throws -> CommandBench {
    var bench = try CommandBench()
    bench.environment["XDG_CONFIG_HOME"] = bench.directory.path("config")
    let directory = bench.directory.url.appending(path: "config/moe-pack")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    try Data(configuration.utf8).write(to: directory.appending(path: "config.json"))
    return bench
  }

  @Test func `limits of the configuration hold for install, verify and inspect`() throws {
    let bench = try bench(#"{"limits": {"entries": 3}}"#)
    try bench.trust()
    let archive = try bench.archive("example/ships", topics: [0])
    for words in [["install", "--no-eval", archive], ["verify", archive]] {
      let result = try bench.run(words: words)
      #expect(result.status == 65)
      #expect(result.messages.contains("entries: expected at most 3, got"), "\(result.messages)")
    }
    #expect(try bench.run("pack", "inspect", archive).status == 0, "it reads the envelope alone")
    let small = try self.bench(#"{"limits": {"envelopeBytes": 10}}"#)
    #expect(try small.run("pack", "inspect", archive).status == 65)
    #expect(try small.run("trust", "explain", archive).status == 65)
  }

  @Test func `an empty configuration, or none, changes nothing`() throws {
    for text in ["{}", #"{"limits": {}}"#, #"{"limits": {"entries": 4096, "tensors": 65536}}"#] {
      #expect(try bench(text).run("list").status == 0)
    }
    #expect(try CommandBench().run("list").status == 0)
  }

  @Test(arguments: [
    (#"{"limits": {"entries": 4097}}"#, "`limits.entries` to be a whole number from 1 to 4096"),
    (#"{"limits": {"entries": 0}}"#, "`limits.entries`"),
    (#"{"limits": {"entrys": 5}}"#, "`limits.entrys` to be one of the keys"),
    (#"{"limit": {}}"#, "`limit` to be one of the keys `gate`, `limits`"),
    (#"{"limits": []}"#, "`limits` to be an object"),
    (#"{"limits": {"entries": 5, "entries": 6}}"#, "expected JSON"),
    (#"{"limits": {"entries": 5},}"#, "expected JSON"), ("", "expected JSON"),
    ("\u{FEFF}{}", "expected JSON"), ("{\"\u{1B}\": 1}", "expected JSON"),
    (#"{"\u001b[31m": 1}"#, "`\\u{1b}[31m` to be one of the keys"),
  ])
  func `what is not exactly a configuration stops every command`(text: String, says: String) throws
  {
    let result = try bench(text).run("list")
    #expect(result.status == 78)
    #expect(result.messages.contains(says), "\(result.messages)")
    #expect(result.messages.contains("/moe-pack/config.json` is refused"))
    #expect(result.messages.contains("hint: nothing was done; correct the file or move it away"))
  }

  @Test func `a configuration that cannot be read stops every command`() throws {
    var bench = try CommandBench()
    bench.environment["XDG_CONFIG_HOME"] = bench.directory.path("config")
    try FileManager.default.createDirectory(
      at: bench.directory.url.appending(path: "config/moe-pack/config.json"),
      withIntermediateDirectories: true)
    #expect(try bench.run("list").status == 78)
    bench.environment["XDG_CONFIG_HOME"] = "relative"
    #expect(try bench.run("list").status == 0, "the XDG specification has relative paths ignored")
  }
}
