import Foundation
import MoEBase
import MoEModel
import MoEPackFormat
import MoERuntime
import MoEStore
import MoETensor
import MoETestSupport
import Testing

@Suite struct GenerationDiffTests {
  @Test func `packs, threshold and measured figures are told, and nothing of what stayed`() throws {
    let directory = try TemporaryDirectory()
    let backbone = try TinyBackbone.make()
    let store = try Store(at: directory.url.appending(path: "store"))
    try store.addTrust(
      TrustedKey(TinyPack.key.publicKey, namespaces: .only("example")), comment: "",
      at: "2026-01-01T00:00:00Z")
    let installer = Installer(store: store, pool: ThreadPool(threads: 2)) {
      Installer.Ground(
        backbone: backbone, profile: TinyBackbone.profileDigest, probes: TinyBackbone.probes)
    }
    let change = Installer.Change(actor: "tester", time: "2026-01-02T00:00:00Z")
    func archive(_ name: String, _ topics: [Int], _ release: Int = 1) throws -> URL {
      let url = directory.url.appending(path: "\(release)-\(topics).moepack")
      try TinyPack(name, topics: topics, release: release, backbone: backbone).write(to: url)
      return url
    }
    _ = try installer.install(
      [try archive("example/ships", [0, 1]), try archive("example/privacy", [2, 3])], change)
    _ = try installer.install(
      [try archive("example/ships", [0, 1, 5], 2), try archive("example/taxes", [4])], change)
    _ = try installer.remove(["example/privacy"], change)
    _ = try installer.set(threshold: 0.9, change)
    let diff = GenerationDiff(try store.generation(1), try store.generation(4))
    #expect(diff.added.map(\.name.description) == ["example/taxes"])
    #expect(diff.removed.map(\.name.description) == ["example/privacy"])
    #expect(diff.replaced.map(\.after.release) == [2])
    #expect(diff.first.threshold == 0.5 && diff.second.threshold == 0.9 && !diff.isEmpty)
    let examples = try #require(diff.results.first { $0.figure == "examples" })
    #expect((examples.pack, examples.before, examples.after) == ("example/ships", 20, 30))
    #expect(Set(diff.results.map(\.pack)) == ["example/ships"], "the others have one report only")
    let same = GenerationDiff(try store.generation(2), try store.generation(2))
    #expect(same.isEmpty && same.results.isEmpty)
  }
}
