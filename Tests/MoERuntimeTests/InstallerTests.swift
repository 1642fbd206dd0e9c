import MoEEval
import Foundation
import MoEBase
import MoEModel
import MoEPackFormat
import MoERuntime
import MoEStore
import MoETensor
import MoETestSupport
import Testing

@Suite struct InstallerTests {
  let directory: TemporaryDirectory
  let backbone: Backbone
  let ships: TinyPack
  let privacy: TinyPack

  init() throws {
    directory = try TemporaryDirectory()
    backbone = try TinyBackbone.make()
    ships = try TinyPack("example/ships", topics: [0, 1], backbone: backbone)
    privacy = try TinyPack("example/privacy", topics: [2, 3], expertCount: 2, backbone: backbone)
  }

  // MARK: - Support

  private func store(_ name: String = "store") throws -> Store {
    let store = try Store(at: directory.url.appending(path: name))
    try store.addTrust(
      TrustedKey(TinyPack.key.publicKey, namespaces: .only("example")), comment: "",
      at: "2026-01-01T00:00:00Z")
    return store
  }

  private func installer(
    _ store: Store, profile: Digest? = TinyBackbone.profileDigest,
    probes: [String] = TinyBackbone.probes, progress: @escaping ProgressHandler = { _ in }
  ) -> Installer {
    Installer(store: store, pool: ThreadPool(threads: 2), progress: progress) { [backbone] in
      Installer.Ground(backbone: backbone, profile: profile, probes: probes)
    }
  }

  private func change(
    _ checking: Installer.Checking = .suite, isDryRun: Bool = false
  ) -> Installer.Change {
    Installer.Change(
      actor: "tester", time: "2026-01-02T00:00:00Z", checking: checking, isDryRun: isDryRun)
  }

  private func archive(
    _ pack: TinyPack, _ name: String, keys: [SigningKey] = [TinyPack.key],
    changing edit: (inout TinyPack) -> Void = { _ in }
  ) throws -> URL {
    var pack = pack
    edit(&pack)
    let url = directory.url.appending(path: "\(name).moepack")
    try pack.write(to: url, keys: keys)
    return url
  }

  /// Expects an error with this code, and a store that is as it was.
  private func expectRefusal(
    _ code: String, _ exitCode: ExitCode, of store: Store,
    sourceLocation: SourceLocation = #_sourceLocation, _ body: () throws -> Void
  ) throws {
    let before = try store.logicalDigest()
    do {
      try body()
      Issue.record("expected `\(code)`, got no error", sourceLocation: sourceLocation)
    } catch let error as any ActionableError {
      #expect(error.code == code, sourceLocation: sourceLocation)
      #expect(error.exitCode == exitCode, sourceLocation: sourceLocation)
    }
    #expect(try store.logicalDigest() == before, sourceLocation: sourceLocation)
    try store.verify().check()
  }

  private func answers(_ store: Store) throws -> [[UInt8]] {
    let active = try store.active()
    let composition = try Composition(
      backbone: backbone, profile: TinyBackbone.profileDigest, generation: active.id,
      packs: active.packs)
    return try composition.answer(
      InvariantTests.texts.map { backbone.tokenizer.encode($0) }, pool: ThreadPool(threads: 2)
    ).map(\.invariantBytes)
  }

  // MARK: - What works

  @Test func `an install proves the pack on its evals and the probes, and keeps the report`() throws
  {
    let store = try store()
    let outcome = try installer(store).install([try archive(ships, "ships")], change())
    #expect(outcome.generation.id == 1 && outcome.generation.isProven)
    #expect(outcome.generation.actor == "tester")
    let report = try #require(outcome.report)
    #expect(report.probes == 300)
    #expect(report.packs.map(\.name) == ["example/ships"])
    #expect(report.packs[0].evals[0].result.accuracy > 0.9)
    #expect(report.packs[0].probesSelected <= 6)
    #expect(report.compared == 0)
    #expect(try store.active().report == report.json)
    try store.verify().check()
  }

  @Test func `a second pack is compared with the first on probes and eval texts, byte by byte`()
    throws
  {
    let store = try store()
    _ = try installer(store).install([try archive(ships, "ships")], change())
    let outcome = try installer(store).install([try archive(privacy, "privacy")], change())
    #expect(outcome.generation.packs.count == 2)
    let report = try #require(outcome.report)
    #expect(report.compared >= 200)
  }

  @Test func `I2: installing and removing gives the same bytes everywhere`() throws {
    let store = try store()
    _ = try installer(store).install([try archive(ships, "ships")], change())
    let before = try answers(store)
    _ = try installer(store).install([try archive(privacy, "privacy")], change())
    #expect(try answers(store) != before)
    let outcome = try installer(store).remove(["example/privacy"], change())
    #expect(outcome.packs.map(\.name.description) == ["example/privacy"])
    #expect(outcome.generation.isProven && (outcome.report?.compared ?? 0) >= 200)
    #expect(try answers(store) == before)
    try store.verify().check()
  }

  @Test func `I4: two packs installed in both orders give the same bytes and the same composition`()
    throws
  {
    let files = [try archive(ships, "ships"), try archive(privacy, "privacy")]
    let stores = [try store("one"), try store("two"), try store("both")]
    for file in files { _ = try installer(stores[0]).install([file], change()) }
    for file in files.reversed() { _ = try installer(stores[1]).install([file], change()) }
    _ = try installer(stores[2]).install(files, change())
    let digests = try stores.map { store in
      let active = try store.active()
      return try Composition(
        backbone: backbone, profile: TinyBackbone.profileDigest, generation: active.id,
        packs: active.packs
      ).digest
    }
    #expect(Set(digests).count == 1)
    let first = try answers(stores[0])
    #expect(try answers(stores[1]) == first)
    #expect(try answers(stores[2]) == first)
  }

  @Test func `an upgrade replaces the pack, and a rollback brings it back`() throws {
    let store = try store()
    _ = try installer(store).install([try archive(ships, "ships")], change())
    let newer = try archive(ships, "newer") {
      $0.manifest.release = 2
      $0.manifest.summary = "A newer pack for tests"
    }
    let upgraded = try installer(store).install([newer], change())
    #expect(upgraded.generation.action.hasPrefix("upgrade example/ships"))
    #expect(upgraded.generation.packs.map(\.release) == [2])
    let back = try installer(store).restore(generation: 1, change())
    #expect(back.generation.id == 3 && back.generation.packs.map(\.release) == [1])
    #expect(back.generation.isProven)
  }

  @Test func `without the suite the generation is marked unproven, and no profile is needed`()
    throws
  {
    let store = try store()
    let outcome = try installer(store, profile: nil, probes: [])
      .install([try archive(ships, "ships")], change(.none))
    #expect(!outcome.generation.isProven && outcome.report == nil)
    let active = try store.active()
    #expect(!active.isProven)
  }

  @Test func `a dry run does everything but the change`() throws {
    let store = try store()
    let before = try store.logicalDigest()
    let outcome = try installer(store).install(
      [try archive(ships, "ships")], change(isDryRun: true))
    #expect(outcome.generation.id == 1 && outcome.report?.packs.count == 1)
    #expect(try store.logicalDigest() == before)
    #expect(try store.active().id == 0)
  }

  @Test func `removing the last pack needs no backbone`() throws {
    let store = try store()
    _ = try installer(store).install([try archive(ships, "ships")], change())
    let blind = Installer(store: store, pool: ThreadPool(threads: 1)) {
      throw TestFailure("the backbone was asked for")
    }
    #expect(try blind.remove(["example/ships"], change()).generation.packs.isEmpty)
  }

  @Test func `a damaged pack does not stand in the way of its own removal`() throws {
    let store = try store()
    _ = try installer(store).install(
      [try archive(ships, "ships"), try archive(privacy, "privacy")], change())
    let heads = try #require(
      try store.installedPack(named: "example/privacy").entry(EntryName.heads))
    try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: heads.url.path)
    try Data([1, 2, 3]).write(to: heads.url)
    #expect(try installer(store).remove(["example/privacy"], change()).generation.packs.count == 1)
  }

  @Test func `progress is told for every stage`() throws {
    let stages = StageRecorder()
    let store = try store()
    _ = try installer(store, progress: stages.record)
      .install([try archive(ships, "ships")], change())
    #expect(stages.seen.contains("verifying ships.moepack"))
    #expect(stages.seen.contains("neutral probes"))
    #expect(stages.seen.contains("`issue` of example/ships"))
  }

  // MARK: - What is refused

  @Test func `a pack for another backbone, tokenizer or profile is refused`() throws {
    let store = try store()
    let other = Digest(of: [9])
    for (code, edit) in [
      ("pack-wrong-backbone", { $0.manifest.backbone.digest = other }),
      ("pack-wrong-tokenizer", { $0.manifest.tokenizer = other }),
      ("pack-wrong-profile", { $0.manifest.profile = other }),
    ] as [(String, (inout TinyPack) -> Void)] {
      let file = try archive(ships, code, changing: edit)
      try expectRefusal(code, .badData, of: store) {
        _ = try installer(store).install([file], change())
      }
    }
  }

  @Test func `a pack whose result lies under its own floor is refused with exit code 10`() throws {
    let store = try store()
    let file = try archive(ships, "proud") { pack in
      pack.manifest.evals[0].floor = 1
      pack.manifest.evals[0].value = 1
      pack.replaceHeads(with: 0)
    }
    try expectRefusal("below-floor", .regression, of: store) {
      _ = try installer(store).install([file], change())
    }
  }

  @Test func `a pack that does not reproduce its claim is refused with exit code 10`() throws {
    let store = try store()
    let file = try archive(ships, "boastful") { pack in
      pack.manifest.evals[0].floor = 0
      pack.manifest.evals[0].value = 1
      pack.manifest.evals[0].tolerance = 0.01
      pack.replaceHeads(with: 0)
    }
    try expectRefusal("below-claim", .regression, of: store) {
      _ = try installer(store).install([file], change())
    }
  }

  @Test func `a pack that takes the neutral probes is refused with exit code 10`() throws {
    let store = try store()
    let file = try archive(ships, "greedy") { $0.manifest.dispatcher.threshold = -1000 }
    try expectRefusal("router-capture", .regression, of: store) {
      _ = try installer(store).install([file], change())
    }
  }

  @Test func `a pack that is not selected for its own texts is refused with exit code 10`() throws {
    let store = try store()
    let file = try archive(ships, "shy") { $0.manifest.dispatcher.threshold += 100 }
    try expectRefusal("own-texts-missed", .regression, of: store) {
      _ = try installer(store).install([file], change())
    }
  }

  @Test func `an eval set that is not the claimed one is refused`() throws {
    let store = try store()
    let file = try archive(ships, "miscounted") { $0.manifest.evals[0].examples += 1 }
    try expectRefusal("pack-eval-set", .badData, of: store) {
      _ = try installer(store).install([file], change())
    }
  }

  @Test func `one bad pack of two means that none is installed`() throws {
    let store = try store()
    let files = [
      try archive(ships, "ships"), try archive(privacy, "stranger", keys: [TinyPack.stranger]),
    ]
    try expectRefusal("pack-unknown-key", .trust, of: store) {
      _ = try installer(store).install(files, change())
    }
  }

  @Test func `installing twice, and removing what is not there, are refused`() throws {
    let store = try store()
    let file = try archive(ships, "ships")
    _ = try installer(store).install([file], change())
    try expectRefusal("already-installed", .refused, of: store) {
      _ = try installer(store).install([file], change())
    }
    try expectRefusal("not-installed", .notFound, of: store) {
      _ = try installer(store).remove(["example/none"], change())
    }
  }

  @Test func `a profile with too few probes proves nothing`() throws {
    let store = try store()
    let file = try archive(ships, "ships")
    try expectRefusal("too-few-probes", .regression, of: store) {
      _ = try installer(store, probes: ["one"]).install([file], change())
    }
  }
}
