import Foundation
import MoEBase
import MoEModel
import MoEPackFormat
import MoERuntime
import MoEStore
import MoETensor
import MoETestSupport
import Testing

/// The eval sets that travel in packs, read strictly: through an installation, the only way they come in.
@Suite struct EvalLineTests {
  @Test(arguments: [
    ("[]", "expected one JSON object, got an array"),
    (
      "{\"text\": \"bada\"}",
      "expected `label`: a label, or `expect` with the value `none`, got neither"
    ),
    (
      "{\"text\": \"bada\", \"label\": \"topic-9\"}",
      "expected `label`: a label of the task, got another"
    ),
    (
      "{\"text\": \"bada\", \"label\": \"topic-0\", \"expect\": \"none\"}",
      "expected `label`: a label, or `expect` with the value `none`, got both"
    ),
    ("{\"text\": \" \", \"label\": \"topic-0\"}", "expected `text`: a text, got an empty one"),
    ("{\"text\": 3, \"label\": \"topic-0\"}", "expected `text`: a string, got a whole number"),
    ("{\"text\": \"bada\", \"label\": \"topic-0\", \"x\": 1}", "got a key that is not known"),
    ("", "the text ends where a value is expected"),
  ])
  func `a bad line is refused with its number`(line: String, reason: String) throws {
    let backbone = try TinyBackbone.make()
    var pack = try TinyPack("example/ships", topics: [0, 1], backbone: backbone)
    let entry = EntryName.evaluation("issue")
    let honest = try #require(pack.entries.first { $0.name == entry }).bytes
    pack.replaceEntry(
      PackEntry(name: entry, bytes: honest + Array(line.utf8) + [0x0A]))
    let directory = try TemporaryDirectory()
    let file = directory.url.appending(path: "bad.moepack")
    try pack.write(to: file)
    let store = try Store(at: directory.url.appending(path: "store"))
    try store.addTrust(
      TrustedKey(TinyPack.key.publicKey, namespaces: .all), comment: "", at: "2026-01-01T00:00:00Z")
    let installer = Installer(store: store, pool: ThreadPool(threads: 1)) {
      Installer.Ground(
        backbone: backbone, profile: TinyBackbone.profileDigest, probes: TinyBackbone.probes)
    }
    let error = #expect(throws: RuntimeError.self) {
      try installer.install(
        [file], Installer.Change(actor: "tester", time: "2026-01-02T00:00:00Z"))
    }
    let message = try #require(error).message
    #expect(message.hasPrefix("`evals/issue.jsonl` of `example/ships 1.0.0`, line 41: "))
    #expect(message.contains(reason))
  }
}
