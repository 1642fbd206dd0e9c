import MoEBase
import MoEModel
import MoEPackFormat
import MoERuntime
import MoETensor
import MoETestSupport
import Testing

/// Invariants I1, I3 and I4 (DESIGN, *Invariants*): bytes of answers, compared on 2,000 texts.
@Suite struct InvariantTests {
  static let texts = TinyTexts.mixture(count: 2000, seed: 31)
  let backbone: Backbone
  let ships: TinyPack
  let privacy: TinyPack
  let third: TinyPack
  let pool = ThreadPool(threads: 2)

  init() throws {
    backbone = try TinyBackbone.make()
    ships = try TinyPack("example/ships", topics: [0, 1, 2], backbone: backbone)
    privacy = try TinyPack("example/privacy", topics: [2, 3], expertCount: 3, backbone: backbone)
    third = try TinyPack("example/frozen", topics: [4], expertCount: 0, backbone: backbone)
  }

  private func composition(
    _ packs: [MountedPack], on backbone: Backbone? = nil
  ) -> Composition {
    Composition(
      backbone: backbone ?? self.backbone, profile: TinyBackbone.profileDigest, generation: 1,
      packs: packs)
  }

  private func honest() throws -> [MountedPack] {
    [
      try ships.mounted(digest: Digest(of: [1])), try privacy.mounted(digest: Digest(of: [2])),
      try third.mounted(digest: Digest(of: [3])),
    ]
  }

  private func bytes(
    _ composition: Composition, texts: [String] = texts, pool: ThreadPool? = nil
  ) throws -> [[UInt8]] {
    try composition.answer(
      texts.map { composition.backbone.tokenizer.encode($0) }, pool: pool ?? self.pool
    ).map(\.invariantBytes)
  }

  @Test func `the texts reach one pack, two packs and none, so that the laws are about something`()
    throws
  {
    let answers = try composition(try honest()).answer(
      Self.texts.map { backbone.tokenizer.encode($0) }, pool: pool)
    for count in 0...2 {
      #expect(answers.count { $0.route.count == count } > 50, "\(count) packs")
    }
    #expect(Set(answers.flatMap(\.route).map(\.pack.name)).count == 3)
    #expect(answers.contains { $0.isTruncated })
  }

  @Test func `I1: a pack full of NaN that is no candidate changes no bit of any answer`() throws {
    let before = try bytes(composition(try honest()))
    let poisoned = try ships.mounted(
      digest: Digest(of: [9]),
      poisoned: [EntryName.router, EntryName.experts, EntryName.heads])
    #expect(try bytes(composition(try honest() + [poisoned])) == before)
  }

  @Test func `I1: experts and heads of NaN behind honest rows that admit nothing change no bit`()
    throws
  {
    let before = try bytes(composition(try honest()))
    let distant = try ships.mounted(
      digest: Digest(of: [9]), poisoned: [EntryName.experts, EntryName.heads], threshold: 1000)
    #expect(try bytes(composition(try honest() + [distant])) == before)
  }

  @Test func `I1: an honest pack changes no bit where its own numbers do not admit it`() throws {
    let packs = try honest()
    let encodings = Self.texts.map { backbone.tokenizer.encode($0) }
    let isTouched = try composition([packs[1]]).answer(encodings, pool: pool)
      .map { !$0.route.isEmpty }
    let before = try bytes(composition([packs[0], packs[2]]))
    let after = try bytes(composition(packs))
    let untouched = isTouched.indices.filter { !isTouched[$0] }
    #expect(untouched.count > 500 && untouched.count < 1900)
    #expect(untouched.allSatisfy { before[$0] == after[$0] })
    #expect(isTouched.indices.contains { isTouched[$0] && before[$0] != after[$0] })
  }

  @Test func `I3: an answer does not depend on batch size, neighbours or order`() throws {
    let composition = composition(try honest())
    let whole = try bytes(composition)
    for size in [1, 2, 7, 64] {
      var pieces: [[UInt8]] = []
      for start in stride(from: 0, to: Self.texts.count, by: size) {
        pieces += try bytes(
          composition, texts: Array(Self.texts[start..<min(start + size, Self.texts.count)]))
      }
      #expect(pieces == whole, "batches of \(size)")
    }
    var generator = SeededGenerator(seed: 8)
    var order = Array(Self.texts.indices)
    generator.shuffle(&order)
    let shuffled = try bytes(composition, texts: order.map { Self.texts[$0] })
    #expect(shuffled == order.map { whole[$0] })
  }

  @Test func `I3: one thread and two give the same bytes`() throws {
    let composition = composition(try honest())
    let one = try bytes(composition, pool: ThreadPool(threads: 1))
    let two = try bytes(composition, pool: ThreadPool(threads: 2))
    #expect(one == two)
  }

  @Test(arguments: KernelPath.supported)
  func `I3: every kernel path gives the same bytes`(path: KernelPath) throws {
    let best = try bytes(composition(try honest()))
    let other = try TinyBackbone.make(kernels: Kernels(path: path))
    #expect(try bytes(composition(try honest(), on: other)) == best)
  }

  @Test
  func `I4: the order in which packs are composed changes no bit, nor the composition's digest`()
    throws
  {
    let packs = try honest()
    let first = composition(packs)
    let expected = try bytes(first)
    for order in [[0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
      let other = composition(order.map { packs[$0] })
      #expect(other.digest == first.digest)
      #expect(try bytes(other) == expected)
    }
  }
}
