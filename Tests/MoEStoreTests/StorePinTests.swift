import Foundation
import MoEBase
import MoEPackFormat
import MoEStore
import Testing

@Suite struct StorePinTests {
  private let directory: TemporaryDirectory
  private let kit: PackKit
  private let store: Store

  init() throws {
    directory = try TemporaryDirectory()
    kit = try PackKit()
    store = try Store.made(in: directory, kit)
    try store.install(kit.archive("example/one"))
  }

  private func rollback(to id: Int) throws {
    try store.change(by: "tester", at: "2026-01-04T00:00:00Z") { transaction in
      try transaction.restore(generation: id)
      return .unproven
    }
  }

  @Test func `a pinned pack is neither upgraded, removed nor rolled back until it is let go`()
    throws
  {
    #expect(try store.pin("example/one"))
    #expect(try !store.pin("example/one"), "it was pinned already")
    #expect(try store.pins() == ["example/one"])
    let digest = try store.logicalDigest()
    let refusal = StoreError.pinned(pack: "example/one 1.0.0")
    #expect(throws: refusal) {
      try store.install(kit.archive("example/one", version: "1.1.0", release: 2))
    }
    #expect(throws: refusal) { try store.remove("example/one") }
    #expect(throws: refusal) { try rollback(to: 0) }
    #expect(try store.logicalDigest() == digest)
    #expect(refusal.exitCode == .refused)
    try store.install(kit.archive("example/two"))
    try rollback(to: 1)
    #expect(try store.active().packs.map(\.release) == [1], "what leaves it alone goes through")
    #expect(try store.unpin("example/one"))
    #expect(try !store.unpin("example/one"))
    try store.remove("example/one")
    try store.checkLaws()
  }

  @Test func `a pin is part of what the store means, and survives opening it`() throws {
    let digest = try store.logicalDigest()
    try store.pin("example/one")
    #expect(try store.logicalDigest() != digest)
    #expect(try Store(at: directory.store).pins() == ["example/one"])
    #expect(try Store(at: directory.store, access: .readOnly).pins() == ["example/one"])
    #expect(throws: StoreError.self) { try store.pin("example/none") }
  }

  @Test func `a revocation takes a pinned pack away`() throws {
    try store.pin("example/one")
    let digest = try store.active().packs[0].digest
    try store.revoke(
      Revocation(.digest(digest), reason: "test"), by: "ada", at: "2026-01-05T00:00:00Z")
    #expect(try store.active().packs.isEmpty)
    #expect(try store.unpin("example/one"), "a pin of a pack that is gone can be let go")
  }

  @Test func `a dry run that asks only may pass a pin by`() throws {
    try store.pin("example/one")
    let digest = try store.logicalDigest()
    try store.change(by: "ada", at: "2026-01-05T00:00:00Z", isDryRun: true) { transaction in
      transaction.ignorePins()
      try transaction.remove("example/one")
      #expect(transaction.candidate.isEmpty)
      return .unproven
    }
    #expect(try store.logicalDigest() == digest)
  }

  @Test func `the reason stands in the history`() throws {
    try store.change(by: "ada", at: "2026-01-05T00:00:00Z", because: "it is old") { transaction in
      try transaction.remove("example/one")
      return .unproven
    }
    #expect(try store.active().reason == "it is old")
    #expect(try store.history().map(\.reason) == [nil, nil, "it is old"])
  }

  @Test
  func `a pack of an earlier generation comes back by its digest, and an unknown one does not`()
    throws
  {
    let digest = try store.active().packs[0].digest
    try store.install(kit.archive("example/one", version: "1.1.0", release: 2))
    try store.change(by: "ada", at: "2026-01-05T00:00:00Z") { transaction in
      let unknown = try transaction.reinstate(Digest(of: [1]))
      let back = try transaction.reinstate(digest)
      #expect(unknown == nil && back?.release == 1)
      return .unproven
    }
    #expect(try store.active().packs.map(\.digest) == [digest])
    #expect(try store.active().action == "reinstate example/one 1.0.0 (release 1)")
    try store.checkLaws()
  }
}
