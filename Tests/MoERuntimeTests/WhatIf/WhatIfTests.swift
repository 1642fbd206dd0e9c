import Foundation
import MoEBase
import MoEEval
import MoEModel
import MoEPackFormat
import MoERuntime
import MoEStore
import MoETensor
import MoETestSupport
import Testing

@Suite struct WhatIfTests {
  let directory: TemporaryDirectory
  let backbone: Backbone
  let store: Store
  let pool = ThreadPool(threads: 2)

  init() throws {
    directory = try TemporaryDirectory()
    backbone = try TinyBackbone.make()
    store = try Store(at: directory.url.appending(path: "store"))
    try store.addTrust(
      TrustedKey(TinyPack.key.publicKey, namespaces: .only("example")), comment: "",
      at: "2026-01-01T00:00:00Z")
  }

  private var change: Installer.Change {
    Installer.Change(
      actor: "tester", time: "2026-01-02T00:00:00Z", checking: .none, allowsDowngrade: true)
  }

  private func installer() -> Installer {
    Installer(store: store, pool: pool) { [backbone] in
      Installer.Ground(
        backbone: backbone, profile: TinyBackbone.profileDigest, probes: TinyBackbone.probes)
    }
  }

  private func archive(
    _ name: String, topics: [Int], release: Int = 1, experts: Int = 1,
    changing edit: (inout TinyPack) -> Void = { _ in }
  ) throws -> URL {
    var pack = try TinyPack(
      name, topics: topics, release: release, expertCount: experts, backbone: backbone)
    edit(&pack)
    let url = directory.url.appending(path: "\(name.replacing("/", with: "-"))-\(release).moepack")
    try pack.write(to: url)
    return url
  }

  /// What the store answers now, text by text.
  private func answers(_ questions: [Question]) throws -> [[UInt8]] {
    let active = try store.active()
    return try Composition(
      backbone: backbone, profile: TinyBackbone.profileDigest, generation: active.id,
      packs: active.packs, dispatcher: Dispatcher(threshold: active.threshold)
    ).answer(questions.map { backbone.tokenizer.encode($0.text) }, pool: pool).map(\.invariantBytes)
  }

  private func ask(
    _ questions: [Question]? = nil, adding archives: [URL] = [], removing names: [String] = []
  ) throws -> WhatIf {
    try installer().preview(adding: archives, removing: names, change) { preview in
      try WhatIf(
        asking: try questions ?? preview.allPacks.flatMap { try $0.questions() },
        before: preview.active, after: preview.candidate, pool: pool)
    }.result
  }

  private static let mixed = TinyTexts.mixture(count: 240, seed: 8).enumerated().map {
    Question(text: $1, origin: .request(id: .integer($0), line: $0 + 1), expectation: nil)
  }

  /// Asks what would be, checks that nothing was changed, then really makes the change, and holds the list to
  /// a comparison of every answer's bytes.
  private func expectExactly(
    adding archives: [URL] = [], removing names: [String] = [],
    location: SourceLocation = #_sourceLocation
  ) throws -> WhatIf {
    let digest = try store.logicalDigest()
    let whatIf = try ask(Self.mixed, adding: archives, removing: names)
    #expect(try store.logicalDigest() == digest, sourceLocation: location)
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: store.directory.path + "/staging")
        .isEmpty,
      sourceLocation: location)
    let before = try answers(Self.mixed)
    if !names.isEmpty { _ = try installer().remove(names, change) }
    if !archives.isEmpty { _ = try installer().install(archives, change) }
    let after = try answers(Self.mixed)
    let changed = before.indices.filter { before[$0] != after[$0] }
    let listed = whatIf.changes.map { change in
      if case .request(.integer(let id)?, _) = change.question.origin { Int(id) } else { -1 }
    }
    #expect(listed == changed, sourceLocation: location)
    #expect(whatIf.before.map(\.invariantBytes) == before, sourceLocation: location)
    #expect(whatIf.after.map(\.invariantBytes) == after, sourceLocation: location)
    #expect(!changed.isEmpty && changed.count < before.count, sourceLocation: location)
    return whatIf
  }

  @Test func `an install lists exactly the answers that it changes`() throws {
    _ = try installer().install([try archive("example/ships", topics: [0, 1])], change)
    let whatIf = try expectExactly(adding: [
      try archive("example/privacy", topics: [2, 3], experts: 2)
    ])
    #expect(whatIf.count(.routeGained) > 20 && whatIf.count(.routeLost) == 0)
    #expect(whatIf.changes.allSatisfy { $0.flip == nil }, "nobody said what is right")
  }

  @Test func `a removal, an upgrade and a swap list exactly the answers that they change`() throws {
    _ = try installer().install(
      [
        try archive("example/ships", topics: [0, 1]),
        try archive("example/privacy", topics: [2, 3]),
      ], change)
    let removed = try expectExactly(removing: ["example/privacy"])
    #expect(removed.count(.routeLost) > 20 && removed.count(.routeGained) == 0)
    let upgraded = try expectExactly(adding: [
      try archive("example/ships", topics: [0, 1], release: 2) { $0.replaceHeads(with: 0) }
    ])
    #expect(upgraded.count(.labelChanged) > 5 && upgraded.count(.numbersChanged) > 5)
    #expect(upgraded.count(.routeGained) + upgraded.count(.routeLost) == 0)
    let swapped = try expectExactly(
      adding: [try archive("example/taxes", topics: [0, 4])], removing: ["example/ships"])
    #expect(swapped.count(.routeChanged) > 5)
    #expect(swapped.changes.count == AnswerChange.Kind.allCases.map(swapped.count).reduce(0, +))
  }

  @Test func `on eval sets it knows right from wrong, and says where each text stands`() throws {
    _ = try installer().install([try archive("example/ships", topics: [0, 1])], change)
    let whatIf = try ask(adding: [try archive("example/privacy", topics: [2, 3])])
    #expect(whatIf.questions.count == 80, "both packs' sets")
    #expect(whatIf.count(.wrongToRight) >= 18, "the new pack's own texts")
    let gained = try #require(whatIf.changes.first { $0.flip == .wrongToRight })
    #expect(gained.kind == .routeGained && gained.before.route.isEmpty)
    #expect(gained.question.origin.label.hasPrefix("example/privacy issue, line "))
    let worse = try ask(adding: [
      try archive("example/ships", topics: [0, 1], release: 2) { $0.replaceHeads(with: 0) }
    ])
    #expect(worse.count(.rightToWrong) >= 8, "half of them have the second label")
    let lost = try ask(removing: ["example/ships"])
    #expect(lost.count(.rightToWrong) >= 18 && lost.count(.routeLost) >= 18)
  }

  @Test func `a pack that changes nothing leaves an empty list`() throws {
    _ = try installer().install([try archive("example/ships", topics: [0, 1])], change)
    let whatIf = try ask(
      Self.mixed,
      adding: [
        try archive("example/shy", topics: [4]) { $0.manifest.dispatcher.threshold = 1e6 }
      ])
    #expect(whatIf.changes.isEmpty && whatIf.questions.count == 240)
  }

  @Test func `a pack that is not trusted, or not there, is refused as an install refuses it`()
    throws
  {
    let stranger = directory.url.appending(path: "stranger.moepack")
    try TinyPack("example/x", topics: [1], backbone: backbone).write(
      to: stranger, keys: [TinyPack.stranger])
    let digest = try store.logicalDigest()
    #expect(throws: PackVerificationError.self) { try ask(adding: [stranger]) }
    #expect(throws: StoreError.self) { try ask(removing: ["example/none"]) }
    #expect(throws: RuntimeError.namedTwice(pack: "a")) { try ask(removing: ["a", "a"]) }
    #expect(try store.logicalDigest() == digest)
  }

  @Test func `a pin does not stand in the way of a question`() throws {
    _ = try installer().install([try archive("example/ships", topics: [0, 1])], change)
    try store.pin("example/ships")
    #expect(try ask(removing: ["example/ships"]).count(.routeLost) > 0)
    #expect(try store.pins() == ["example/ships"])
    #expect(throws: StoreError.pinned(pack: "example/ships 1.0.0")) {
      try installer().remove(["example/ships"], change)
    }
  }
}
