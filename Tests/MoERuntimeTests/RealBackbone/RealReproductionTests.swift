import Foundation
import MoEBase
import MoEModel
import MoEPackFormat
import MoERuntime
import MoEStore
import MoETensor
import MoETestSupport
import Testing

/// What a rollback and a lock file promise, on the real backbone: the lines of `predict`, byte for byte, on 2,000
/// texts.
@Suite(
  .enabled(if: RealGround.directory != nil, "needs the backbone: MOEPACK_BACKBONE_DIR names it"))
struct RealReproductionTests {
  let ground: RealGround
  let directory: TemporaryDirectory
  let archives: [URL]
  let pool = ThreadPool(threads: 2)
  // The heads are random, and would not pass the suite.
  let change = Installer.Change(
    actor: "tester", time: "2026-01-02T00:00:00Z", checking: .none)

  init() throws {
    ground = try RealGround.shared.get()
    directory = try TemporaryDirectory()
    archives = try ground.packs.enumerated().map { [directory] index, pack in
      let url = directory.url.appending(path: "\(index).moepack")
      try pack.write(to: url)
      return url
    }
  }

  private func store(_ name: String) throws -> Store {
    let store = try Store(at: directory.url.appending(path: name))
    try store.addTrust(
      TrustedKey(TinyPack.key.publicKey, namespaces: .only("example")), comment: "",
      at: "2026-01-01T00:00:00Z")
    return store
  }

  private func installer(_ store: Store) -> Installer {
    Installer(store: store, pool: pool) { [ground] in
      Installer.Ground(
        backbone: ground.backbone, profile: ground.profileDigest, probes: ground.profile.probes)
    }
  }

  private func composition(_ store: Store) throws -> Composition {
    let active = try store.active()
    return try Composition(
      backbone: ground.backbone, profile: ground.profileDigest, generation: active.id,
      packs: active.packs, dispatcher: Dispatcher(threshold: active.threshold))
  }

  /// The lines of `predict`, without the number of the generation.
  private func lines(_ composition: Composition, _ answers: [Answer]? = nil) throws -> [String] {
    let answers =
      try answers
      ?? composition.answer(
        ground.texts.map { composition.backbone.tokenizer.encode($0) }, pool: pool)
    return answers.map { answer in
      guard case .object(let members) = composition.json(of: answer) else { return "" }
      return JSONValue.object(members.filter { $0.key != "generation" }).text
    }
  }

  @Test func `rollback and sync give the bytes of before on 2,000 texts`() throws {
    let first = try store("first")
    _ = try installer(first).install(archives, change)
    let expected = try lines(composition(first), ground.reference)
    #expect(expected.count == 2000 && Set(expected).count > 800)
    let lock = LockFile(try composition(first), of: try first.active())
    _ = try installer(first).remove([ground.packs[0].manifest.pack.description], change)
    #expect(try composition(first).digest != lock.composition)
    _ = try installer(first).restore(generation: 1, change)
    #expect(try lines(composition(first)) == expected)
    let second = try store("second")
    _ = try installer(second).sync(
      try LockFile(parsing: Array(lock.text.utf8), file: "moepack.lock"), from: archives, change)
    #expect(try composition(second).digest == lock.composition)
    #expect(try lines(composition(second)) == expected)
  }
}
