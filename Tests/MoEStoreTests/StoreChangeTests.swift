import Foundation
import MoEBase
import MoEPackFormat
import MoEStore
import Testing

@Suite struct StoreChangeTests {
  private let directory: TemporaryDirectory
  private let kit: PackKit
  private let store: Store

  init() throws {
    directory = try TemporaryDirectory()
    kit = try PackKit()
    store = try Store.made(in: directory, kit)
  }

  private func names(_ generation: Generation) -> [String] {
    generation.packs.map { "\($0.name) \($0.version)" }
  }

  /// Expects `body` to be refused and the store to be as it was, bytes of the referenced blobs included.
  private func expectRefused(
    sourceLocation: SourceLocation = #_sourceLocation, _ body: () throws -> Void
  ) throws -> StoreError? {
    let digest = try store.logicalDigest()
    let blobs = try store.blobNames()
    let error = #expect(throws: StoreError.self, sourceLocation: sourceLocation) { try body() }
    #expect(try store.logicalDigest() == digest, sourceLocation: sourceLocation)
    #expect(try store.blobNames() == blobs, sourceLocation: sourceLocation)
    try store.checkLaws(sourceLocation: sourceLocation)
    return error
  }

  @Test func `an install makes the next generation with who, when, what and the suite's word`()
    throws
  {
    let generation = try store.change(by: "ada", at: "2026-02-03T04:05:06Z") { transaction in
      let pack = try UnverifiedPack(bytes: kit.archive("example/one"), name: "one").verified(
        by: transaction.trustRoot(), staging: transaction.makeStagingDirectory())
      try transaction.install(pack)
      #expect(transaction.active.packs.isEmpty)
      #expect(transaction.candidate.map(\.name.description) == ["example/one"])
      return .proven(["passed": 3])
    }
    #expect(generation.id == 1)
    #expect(generation.parent == 0)
    #expect(generation.createdAt == "2026-02-03T04:05:06Z")
    #expect(generation.actor == "ada")
    #expect(generation.action == "install example/one 1.0.0 (release 1)")
    #expect(generation.isProven)
    #expect(generation.report == ["passed": 3])
    #expect(try store.active() == generation)
    #expect(try Store(at: directory.store).active() == generation)
    try store.checkLaws()
  }

  @Test func `without the suite a generation is unproven`() throws {
    #expect(try !store.install(kit.archive("example/one")) { _ in .unproven }.isProven)
    try store.checkLaws()
  }

  @Test func `packs are ordered by name whatever the order of installs`() throws {
    try store.install(kit.archive("b/two"))
    try store.install(kit.archive("a/three"), kit.archive("b/one"))
    #expect(names(try store.active()) == ["a/three 1.0.0", "b/one 1.0.0", "b/two 1.0.0"])
    try store.checkLaws()
  }

  @Test func `install then remove leaves the packs and, after gc, the blobs as they were`() throws {
    try store.install(kit.archive("example/one"))
    let before = try store.active().packs
    let blobs = try store.blobNames()
    try store.install(kit.archive("example/two", value: 2))
    #expect(try store.blobNames().count > blobs.count)
    let generation = try store.remove("example/two")
    #expect(generation.id == 3)
    #expect(generation.action == "remove example/two 1.0.0 (release 1)")
    #expect(try store.active().packs == before)
    _ = try store.gc(keep: 1, graceSeconds: 0, now: .distantFuture)
    #expect(try store.blobNames() == blobs)
    try store.checkLaws()
  }

  @Test func `a higher release replaces the lower one`() throws {
    try store.install(kit.archive("example/one"))
    let generation = try store.install(
      kit.archive("example/one", version: "1.1.0", release: 2, value: 2))
    #expect(names(generation) == ["example/one 1.1.0"])
    #expect(generation.action == "upgrade example/one 1.1.0 (release 2)")
    try store.checkLaws()
  }

  @Test func `installing twice is refused`() throws {
    let archive = try kit.archive("example/one")
    try store.install(archive)
    let error = try expectRefused { try store.install(archive) }
    #expect(error?.code == "already-installed")
    #expect(error?.exitCode == .refused)
    let twice = try kit.archive("example/two")
    #expect(try expectRefused { try store.install(twice, twice) }?.code == "already-installed")
  }

  @Test func `a lower release and another pack of a seen release are refused, removed or not`()
    throws
  {
    try store.install(kit.archive("example/one", version: "2.0.0", release: 2))
    let lower = try kit.archive("example/one", release: 1)
    let same = try kit.archive("example/one", version: "2.0.1", release: 2, value: 2)
    for _ in 0..<2 {
      #expect(
        try expectRefused { try store.install(lower) }
          == .lowerRelease(pack: "example/one 1.0.0", release: 1, highest: 2))
      #expect(try expectRefused { try store.install(same) }?.code == "same-release")
      if try store.active().packs.isEmpty { break }
      try store.remove("example/one")
    }
    #expect(try store.active().packs.isEmpty)
  }

  @Test func `a downgrade on purpose is made, recorded, and not forgotten`() throws {
    try store.install(kit.archive("example/one", version: "2.0.0", release: 2))
    let generation = try store.install(
      kit.archive("example/one", release: 1), allowsDowngrade: true)
    #expect(generation.action == "downgrade example/one 1.0.0 (release 1)")
    #expect(names(generation) == ["example/one 1.0.0"])
    try store.remove("example/one")
    let between = try kit.archive("example/one", version: "1.5.0", release: 1, value: 2)
    #expect(try expectRefused { try store.install(between) }?.code == "lower-release")
  }

  @Test func `the very pack that was removed can come back`() throws {
    let archive = try kit.archive("example/one")
    let first = try store.install(archive)
    try store.remove("example/one")
    #expect(try store.install(archive).packs == first.packs)
    _ = try store.gc(keep: 1, graceSeconds: 0, now: .distantFuture)
    try store.remove("example/one")
    _ = try store.gc(keep: 1, graceSeconds: 0, now: .distantFuture)
    #expect(try store.blobNames() == [])
    #expect(try store.install(archive).packs == first.packs)
    try store.checkLaws()
  }

  @Test func `removing what is not there names the nearest`() throws {
    try store.install(kit.archive("example/sg-maritime-law"))
    for (name, nearest) in [
      ("example/sg-maritime-lw", "example/sg-maritime-law"),
      ("sg-maritime-law", "example/sg-maritime-law"), ("other/thing", nil), ("", nil),
    ] {
      let error = try expectRefused { try store.remove(name) }
      #expect(error == .notInstalled(name: name, nearest: nearest))
      #expect(error?.exitCode == .notFound)
    }
  }

  @Test func `a name is compared by bytes`() throws {
    try store.install(kit.archive("example/cafe"))
    #expect(try expectRefused { try store.remove("example/cafe\u{301}") }?.code == "not-installed")
  }

  @Test func `a gate that throws leaves the store as it was`() throws {
    try store.install(kit.archive("example/one"))
    let digest = try store.logicalDigest()
    let blobs = try store.blobNames()
    #expect(throws: Refusal()) {
      try store.install(kit.archive("example/two", value: 2)) { transaction in
        for pack in transaction.candidate {
          for entry in pack.entries {
            let digest = try Digest(file: entry.url)
            #expect(digest == entry.digest)
          }
        }
        throw Refusal()
      }
    }
    #expect(try store.logicalDigest() == digest)
    #expect(try store.blobNames() == blobs)
    try store.checkLaws()
    try store.install(kit.archive("example/two", value: 2))
    try store.checkLaws()
  }

  @Test func `a pack of an unknown key leaves nothing`() throws {
    let digest = try store.logicalDigest()
    let stranger = try PackKit(seed: 8).archive("example/one")
    #expect(throws: PackVerificationError.self) { try store.install(stranger) }
    #expect(throws: PackVerificationError.self) { try store.install(Array("no archive".utf8)) }
    #expect(try store.logicalDigest() == digest)
    #expect(try store.blobNames() == [])
    try store.checkLaws()
  }

  @Test func `a dry run shows what would be and leaves nothing`() throws {
    try store.install(kit.archive("example/one"))
    let digest = try store.logicalDigest()
    let blobs = try store.blobNames()
    let generation = try store.install(kit.archive("example/two", value: 2), dryRun: true) {
      transaction in
      for entry in transaction.candidate.flatMap(\.entries) {
        let digest = try Digest(file: entry.url)
        #expect(digest == entry.digest)
      }
      return .proven()
    }
    #expect(generation.id == 2)
    #expect(names(generation) == ["example/one 1.0.0", "example/two 1.0.0"])
    #expect(try store.logicalDigest() == digest)
    #expect(try store.blobNames() == blobs)
    #expect(try store.activeGenerationID() == 1)
    try store.checkLaws()
  }

  @Test func `a change that does nothing makes no generation`() throws {
    let digest = try store.logicalDigest()
    let generation = try store.change(by: "ada", at: "2026-01-01T00:00:00Z") { _ in .proven() }
    #expect(generation.id == 0)
    #expect(try store.logicalDigest() == digest)
    try store.checkLaws()
  }

  @Test func `packs that share files share blobs`() throws {
    let one = try kit.archive("example/one")
    let two = try kit.archive("example/two")
    try store.install(one, two)
    let packs = try store.active().packs
    let all = packs.flatMap { [$0.envelope] + $0.entries }.map(\.digest.hex)
    #expect(Set(all).count < all.count)
    #expect(try store.blobNames().count == Set(all).count)
    try store.remove("example/one")
    _ = try store.gc(keep: 1, graceSeconds: 0, now: .distantFuture)
    try store.checkLaws()
  }

  @Test func `a rollback is a new generation with the old set`() throws {
    try store.install(kit.archive("example/one"))
    try store.install(kit.archive("example/one", version: "2.0.0", release: 2, value: 2))
    let generation = try store.change(by: "ada", at: "2026-01-05T00:00:00Z") { transaction in
      try transaction.restore(generation: 1)
      return .proven()
    }
    #expect(generation.id == 3)
    #expect(generation.parent == 2)
    #expect(generation.action == "rollback to generation 1")
    #expect(try store.generation(1).packs == generation.packs)
    #expect(try store.history().map(\.id) == [0, 1, 2, 3])
    let error = try expectRefused {
      try store.change(by: "ada", at: "2026-01-05T00:00:00Z") { transaction in
        try transaction.restore(generation: 17)
        return .proven()
      }
    }
    #expect(error == .noGeneration(id: 17, newest: 3))
  }

  @Test func `a rollback to a generation with a missing blob is refused`() throws {
    let pack = try #require(try store.install(kit.archive("example/one")).packs.first)
    try store.remove("example/one")
    let router = try #require(pack.entry(EntryName.router))
    try FileManager.default.removeItem(at: router.url)
    let error = #expect(throws: StoreError.self) {
      try store.change(by: "ada", at: "2026-01-05T00:00:00Z") { transaction in
        try transaction.restore(generation: 1)
        return .proven()
      }
    }
    #expect(error?.exitCode == .corruption)
    #expect(error?.message.contains(router.digest.hex) == true)
    #expect(try store.activeGenerationID() == 2)
  }

  @Test func `the logical digest follows meaning and not history of attempts`() throws {
    let other = try TemporaryDirectory()
    let twin = try Store.made(in: other, kit)
    let one = try kit.archive("example/one")
    try store.install(one)
    #expect(try store.logicalDigest() != twin.logicalDigest())
    #expect(throws: Refusal()) { try twin.install(one) { _ in throw Refusal() } }
    try twin.install(one, dryRun: true)
    try twin.install(one)
    #expect(try store.logicalDigest() == twin.logicalDigest())
    try kit.trust(in: twin)
    #expect(try store.logicalDigest() == twin.logicalDigest())
    try twin.removeTrust(keyID: kit.key.publicKey.id.description)
    #expect(try store.logicalDigest() != twin.logicalDigest())
  }
}
