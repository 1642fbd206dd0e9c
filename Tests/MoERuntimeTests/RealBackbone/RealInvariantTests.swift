import Foundation
import MoEBase
import MoEModel
import MoEPackFormat
import MoERuntime
import MoEStore
import MoETensor
import MoETestSupport
import Testing

/// Invariants I1 to I4 (DESIGN, *Invariants*) on the real backbone: bytes of answers, compared on 2,000
/// texts.
///
/// Each test answers all texts once and differs from the reference (one batch of everything, two threads,
/// the best kernels) in two things named in its title, so that all of it takes less than a minute; should
/// one fail, `InvariantTests` on the small backbone tells the two apart.
@Suite(
  .enabled(if: RealGround.directory != nil, "needs the backbone: MOEPACK_BACKBONE_DIR names it"))
struct RealInvariantTests {
  let ground: RealGround
  let reference: [[UInt8]]

  init() throws {
    ground = try RealGround.shared.get()
    reference = ground.reference.map(\.invariantBytes)
  }

  private func composition(
    _ packs: [MountedPack], on backbone: Backbone? = nil
  ) -> Composition {
    Composition(
      backbone: backbone ?? ground.backbone, profile: ground.profileDigest, generation: 1,
      packs: packs)
  }

  /// The bytes of the answers to all texts, or to those in `order`, in batches of so many.
  private func bytes(
    _ composition: Composition, batch: Int, threads: Int = 2, order: [Int]? = nil
  ) throws -> [[UInt8]] {
    let order = order ?? Array(ground.texts.indices)
    let pool = ThreadPool(threads: threads)
    return try stride(from: 0, to: order.count, by: batch).flatMap { start in
      let texts = order[start..<min(start + batch, order.count)].map { ground.texts[$0] }
      return try composition.answer(
        texts.map { composition.backbone.tokenizer.encode($0) }, pool: pool
      ).map(\.invariantBytes)
    }
  }

  @Test func `the 2,000 texts reach each pack, both and none, short and cut ones`() throws {
    #expect(ground.texts.count == 2000 && Set(ground.texts).count == 2000)
    let answers = ground.reference
    #expect(answers.count { $0.route.isEmpty } > 300)
    #expect(answers.count { $0.route.count == 2 } > 20)
    for pack in ground.packs {
      let name = pack.manifest.pack.description
      #expect(answers.count { $0.route.first?.pack.name == name } > 200, "\(name)")
    }
    #expect(answers.count { $0.isTruncated } >= 5)
    #expect(Set(reference).count > 800)
  }

  @Test func `I3: batches of one`() throws {
    let packs = try ground.mounted()
    #expect(try bytes(composition(packs), batch: 1) == reference)
  }

  @Test func `I1: packs full of NaN that are no candidates change no bit, in batches of two`()
    throws
  {
    let pack = ground.packs[0]
    let poisoned = [
      try pack.mounted(
        digest: Digest(of: [8]),
        poisoned: [EntryName.router, EntryName.experts, EntryName.heads]),
      try ground.packs[1].mounted(
        digest: Digest(of: [9]), poisoned: [EntryName.experts, EntryName.heads], threshold: 100_000),
    ]
    let packs = try ground.mounted()
    #expect(try bytes(composition(poisoned + packs), batch: 2) == reference)
  }

  @Test func `I3: shuffled, in one batch`() throws {
    var order = Array(ground.texts.indices)
    var generator = SeededGenerator(seed: 3)
    generator.shuffle(&order)
    let packs = try ground.mounted()
    let shuffled = try bytes(composition(packs), batch: order.count, order: order)
    #expect(shuffled == order.map { reference[$0] })
  }

  /// The portable path, in C without vectors, takes half a second a text and sees a sample: `InvariantTests`
  /// shows it all 2,000 of the small backbone.
  @Test(arguments: KernelPath.supported.filter { $0 != .best })
  func `I3: another kernel path, batches of 64`(path: KernelPath) throws {
    let backbone = try Backbone(
      .miniLM, files: ground.backbone.files, kernels: Kernels(path: path))
    let packs = try ground.mounted()
    // The wider AVX-512 paths differ from it in reduced precision alone.
    let count = path == .portable ? 5 : path == .avx2 ? ground.texts.count : 300
    let got = try bytes(
      composition(packs, on: backbone), batch: 64, order: Array(0..<count))
    #expect(got == Array(reference.prefix(count)))
  }

  @Test func `I1: each pack changes no bit where its own numbers do not admit it`() throws {
    let encodings = ground.texts.map { ground.backbone.tokenizer.encode($0) }
    let alone = try ground.mounted().map {
      try composition([$0]).answer(encodings, pool: ThreadPool(threads: 2))
    }
    for (index, answers) in alone.enumerated() {
      let untouched = answers.indices.filter { answers[$0].route.isEmpty }
      #expect(untouched.count > 500 && untouched.count < 1900)
      let other = alone[1 - index]
      #expect(untouched.allSatisfy { other[$0].invariantBytes == reference[$0] })
    }
  }

  @Test(arguments: [([0, 1], 64, 2), ([1, 0], 7, 1)])
  func `I4 and I2: archives installed in either order, batches of 64, or of 7 on one thread`(
    order: [Int], batch: Int, threads: Int
  ) throws {
    let directory = try TemporaryDirectory()
    let store = try store(directory)
    let installer = installer(store)
    let change = Installer.Change(actor: "test", time: "2026-01-01T00:00:00Z", checking: .none)
    for index in order {
      let file = directory.url.appending(path: "\(index).moepack")
      try ground.packs[index].write(to: file)
      _ = try installer.install([file], change)
    }
    let installed = try loaded(store)
    #expect(installed.digest == composition(try ground.mounted()).digest)
    #expect(try bytes(installed, batch: batch, threads: threads) == reference)
    // The pack that came last goes again: a sample is answered as by the first one alone.
    let last = ground.packs[order[1]].manifest.pack.description
    _ = try installer.remove([last], change)
    let first = composition([try ground.mounted()[order[0]]])
    let sample = Array(0..<300)
    let removed = try loaded(store)
    #expect(removed.digest == first.digest)
    #expect(
      try bytes(removed, batch: 300, order: sample) == bytes(first, batch: 64, order: sample))
  }

  private func store(_ directory: TemporaryDirectory) throws -> Store {
    let store = try Store(at: directory.url.appending(path: "store"))
    try store.addTrust(
      TrustedKey(TinyPack.key.publicKey, namespaces: try #require(NamespacePattern("example"))),
      comment: "", at: "2026-01-01T00:00:00Z")
    return store
  }

  private func installer(_ store: Store) -> Installer {
    Installer(store: store, pool: ThreadPool(threads: 2)) { [ground] in
      Installer.Ground(backbone: ground.backbone, profile: ground.profileDigest, probes: [])
    }
  }

  private func loaded(_ store: Store) throws -> Composition {
    let active = try store.active()
    return try Composition(
      backbone: ground.backbone, profile: ground.profileDigest, generation: active.id,
      packs: active.packs)
  }
}
