import Foundation
import MoEBase
import MoEModel
import MoEPackFormat
import MoERuntime
import MoEStore
import MoETensor
import MoETestSupport
import Testing

@Suite struct SyncTests {
  let directory: TemporaryDirectory
  let backbone: Backbone
  let pool = ThreadPool(threads: 2)
  static let texts = TinyTexts.mixture(count: 200, seed: 12)

  init() throws {
    directory = try TemporaryDirectory()
    backbone = try TinyBackbone.make()
  }

  private func store(_ name: String) throws -> Store {
    let store = try Store(at: directory.url.appending(path: name))
    try store.addTrust(
      TrustedKey(TinyPack.key.publicKey, namespaces: .only("example")), comment: "",
      at: "2026-01-01T00:00:00Z")
    return store
  }

  private func installer(_ store: Store) -> Installer {
    Installer(store: store, pool: pool) { [backbone] in
      Installer.Ground(
        backbone: backbone, profile: TinyBackbone.profileDigest, probes: TinyBackbone.probes)
    }
  }

  private func change(
    _ checking: Installer.Checking = .suite, allowsDowngrade: Bool = false
  ) -> Installer.Change {
    Installer.Change(
      actor: "tester", time: "2026-01-02T00:00:00Z", reason: "for the test", checking: checking,
      allowsDowngrade: allowsDowngrade)
  }

  private func archive(
    _ name: String, topics: [Int], release: Int = 1, keys: [SigningKey] = [TinyPack.key]
  ) throws -> URL {
    let url = directory.url.appending(path: "\(name.replacing("/", with: "-"))-\(release).moepack")
    try TinyPack(name, topics: topics, release: release, backbone: backbone).write(
      to: url, keys: keys)
    return url
  }

  private func composition(_ store: Store) throws -> Composition {
    let active = try store.active()
    return try Composition(
      backbone: backbone, profile: TinyBackbone.profileDigest, generation: active.id,
      packs: active.packs, dispatcher: Dispatcher(threshold: active.threshold))
  }

  private func lock(_ store: Store) throws -> LockFile {
    LockFile(try composition(store), of: try store.active())
  }

  /// The lines of `predict`, without the number of the generation.
  private func predictions(_ store: Store) throws -> [String] {
    let composition = try composition(store)
    let encodings = Self.texts.map { backbone.tokenizer.encode($0) }
    return try composition.answer(encodings, pool: pool).map { answer in
      guard case .object(let members) = composition.json(of: answer) else { return "" }
      return JSONValue.object(members.filter { $0.key != "generation" }).text
    }
  }

  @Test
  func
    `another machine comes to the same composition and the same bytes, proven, in one generation`()
    throws
  {
    let files = [
      try archive("example/ships", topics: [0, 1]), try archive("example/privacy", topics: [2, 3]),
    ]
    let first = try store("first")
    _ = try installer(first).install(files, change())
    _ = try installer(first).set(threshold: 0.6, change())
    let locked = try lock(first)
    let second = try store("second")
    _ = try installer(second).install([try archive("example/other", topics: [4, 5])], change())
    let outcome = try installer(second).sync(
      try LockFile(parsing: Array(locked.text.utf8), file: "f"), from: files, change())
    #expect(outcome.generation.id == 2 && outcome.generation.isProven)
    #expect(outcome.generation.reason == "for the test")
    #expect(outcome.report?.packs.count == 2)
    #expect(try lock(second) == locked)
    #expect(try composition(second).digest == locked.composition)
    #expect(try predictions(second) == predictions(first))
    let again = try installer(second).sync(locked, from: [], change())
    #expect(again.generation.id == 2, "nothing to change")
  }

  @Test func `what the store's own history holds comes back without a file, like a rollback`()
    throws
  {
    let store = try store("store")
    _ = try installer(store).install([try archive("example/ships", topics: [0, 1])], change())
    let locked = try lock(store)
    let before = try predictions(store)
    _ = try installer(store).install(
      [try archive("example/ships", topics: [0, 1, 2], release: 2)], change())
    _ = try installer(store).install([try archive("example/taxes", topics: [4])], change())
    #expect(try predictions(store) != before)
    _ = try installer(store).restore(generation: 1, change())
    #expect(try predictions(store) == before)
    _ = try installer(store).restore(generation: 3, change())
    let outcome = try installer(store).sync(locked, from: [], change())
    #expect(outcome.generation.action.contains("reinstate example/ships 1.0.0 (release 1)"))
    #expect(try predictions(store) == before && lock(store) == locked)
  }

  @Test func `what cannot be had, or is another pack, is refused and nothing is changed`() throws {
    let first = try store("first")
    let file = try archive("example/ships", topics: [0, 1])
    _ = try installer(first).install([file], change(.none))
    let locked = try lock(first)
    let second = try store("second")
    let digest = try second.logicalDigest()
    func expect(_ code: String, from files: [URL], _ lock: LockFile) throws {
      do {
        _ = try installer(second).sync(lock, from: files, change(.none))
        Issue.record("expected `\(code)`")
      } catch let error as any ActionableError { #expect(error.code == code) }
      #expect(try second.logicalDigest() == digest)
    }
    func edited(_ what: String, _ instead: String) throws -> LockFile {
      try LockFile(parsing: Array(locked.text.replacing(what, with: instead).utf8), file: "f")
    }
    try expect("lock-pack-missing", from: [], locked)
    try expect("lock-pack-missing", from: [try archive("example/x", topics: [2])], locked)
    let other = directory.url.appending(path: "other.moepack")
    try TinyPack("example/ships", topics: [0, 2], backbone: backbone).write(to: other)
    try expect("lock-pack-differs", from: [other], locked)
    let nothing = "sha256:" + String(repeating: "0", count: 64)
    try expect(
      "lock-other-ground", from: [file],
      try edited(TinyBackbone.digest.description, nothing))
    try expect(
      "lock-other-ground", from: [file],
      try edited(TinyBackbone.profileDigest.description, nothing))
    try expect(
      "lock-other-ground", from: [file], try edited("\"gateVersion\": 1", "\"gateVersion\": 2"))
    try expect(
      "lock-other-composition", from: [file], try edited(locked.composition.description, nothing))
    try expect(
      "lock-other-composition", from: [file], try edited("\"threshold\": 0.5", "\"threshold\": 0.7")
    )
    try TinyPack("example/ships", topics: [0, 1], backbone: backbone).write(
      to: other, keys: [TinyPack.stranger])
    try expect("pack-unknown-key", from: [other], locked)
  }

  @Test func `a pinned pack and a lower release are not changed by a lock file`() throws {
    let first = try store("first")
    let old = try archive("example/ships", topics: [0, 1])
    _ = try installer(first).install([old], change(.none))
    let locked = try lock(first)
    let second = try store("second")
    _ = try installer(second).install(
      [try archive("example/ships", topics: [0, 1, 2], release: 2)], change(.none))
    #expect(throws: StoreError.lowerRelease(pack: "example/ships 1.0.0", release: 1, highest: 2)) {
      try installer(second).sync(locked, from: [old], change(.none))
    }
    try second.pin("example/ships")
    #expect(throws: StoreError.pinned(pack: "example/ships 1.0.0")) {
      try installer(second).sync(locked, from: [old], change(.none, allowsDowngrade: true))
    }
    try second.unpin("example/ships")
    let outcome = try installer(second).sync(
      locked, from: [old], change(.none, allowsDowngrade: true))
    #expect(outcome.generation.action.hasPrefix("downgrade example/ships"))
    #expect(try predictions(second) == predictions(first))
  }
}
