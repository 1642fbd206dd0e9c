import Foundation
import MoEBase
import MoEModel
import MoEPackFormat
import MoERuntime
import MoEStore
import MoETensor
import MoETestSupport
import Testing

/// Changes that are not proven: what arrives is held to the backbone, and the backbone is not loaded.
@Suite struct UnprovenChangeTests {
  private let directory: TemporaryDirectory
  private let backbone: Backbone
  private let store: Store

  init() throws {
    directory = try TemporaryDirectory()
    backbone = try TinyBackbone.make()
    store = try Store(at: directory.url.appending(path: "store"))
    try store.addTrust(
      TrustedKey(TinyPack.key.publicKey, namespaces: .only("example")), comment: "",
      at: "2026-01-01T00:00:00Z")
  }

  /// An installer whose backbone must not be asked for.
  private func installer(profile: Digest = TinyBackbone.profileDigest) -> Installer {
    Installer(
      store: store, pool: ThreadPool(threads: 1),
      outlineFor: { [backbone] _ in
        Installer.Outline(backbone: backbone.outline, profile: profile)
      },
      groundFor: { _, _ in throw RuntimeError.nothingToForce })
  }

  private func archive(
    _ name: String, changing edit: (inout TinyPack) -> Void = { _ in }
  ) throws -> URL {
    var pack = try TinyPack("example/\(name)", topics: [0, 1], backbone: backbone)
    edit(&pack)
    let url = directory.url.appending(path: "\(UUID().uuidString).moepack")
    try pack.write(to: url, keys: [TinyPack.key])
    return url
  }

  private let change = Installer.Change(
    actor: "tester", time: "2026-01-02T00:00:00Z", checking: .none)

  @Test func `install, restore and remove do without the backbone's weights`() throws {
    let made = try installer().install([try archive("ships")], change).generation
    #expect(made.packs.count == 1 && !made.isProven)
    #expect(try installer().remove(["example/ships"], change).generation.packs.isEmpty)
    #expect(try installer().restore(generation: made.id, change).generation.packs.count == 1)
    var proven = change
    proven.checking = .suite
    #expect(throws: RuntimeError.self) {
      try installer().install([try archive("others")], proven)
    }
  }

  @Test func `a pack for another backbone, profile or shape is refused all the same`() throws {
    let before = try store.logicalDigest()
    let other = Digest(of: [9])
    for edit: (inout TinyPack) -> Void in [
      { $0.manifest.backbone.digest = other }, { $0.manifest.tokenizer = other },
      { $0.manifest.profile = other },
      { $0.manifest.experts?.layers = [0, TinyBackbone.layerCount] },
    ] {
      #expect(throws: (any Error).self) {
        try installer().install([try archive("ships", changing: edit)], change)
      }
    }
    #expect(throws: RuntimeError.self) {
      try installer(profile: other).install([try archive("ships")], change)
    }
    #expect(try store.logicalDigest() == before)
  }
}
