import Foundation
import MoEBase
import MoEPackFormat
import MoEStore
import Testing

@Suite struct GarbageCollectionTests {
  private let directory: TemporaryDirectory
  private let kit: PackKit
  private let store: Store

  init() throws {
    directory = try TemporaryDirectory()
    kit = try PackKit()
    store = try Store.made(in: directory, kit)
  }

  private func rollBack(to id: Int) throws {
    try store.change(by: "ada", at: "2026-01-01T00:00:00Z") { transaction in
      try transaction.restore(generation: id)
      return .proven()
    }
  }

  @Test func `gc keeps the blobs of the newest ten generations`() throws {
    for release in 1...12 {
      try store.install(
        kit.archive(
          "example/one", version: "\(release).0.0", release: release, value: Float(release)))
    }
    let kept = try (3...12).map { try store.generation($0) }
    let names = Set(
      kept.flatMap(\.packs).flatMap { [$0.envelope] + $0.entries }.map(\.digest.hex))
    let result = try store.gc(graceSeconds: 0, now: .distantFuture)
    #expect(result.generationsDropped == [0, 1, 2])
    #expect(result.blobCount == 4, "an envelope and a router of each release that went")
    #expect(Set(try store.blobNames().map { String($0.dropFirst(3)) }) == names)
    for generation in kept { #expect(try store.generation(generation.id) == generation) }
    let history = try store.history()
    #expect(history.map(\.id) == Array(0...12), "what was done is not forgotten")
    #expect(history.map(\.isKept) == [false, false, false] + kept.map { _ in true })
    let error = #expect(throws: StoreError.self) { try rollBack(to: 2) }
    #expect(error == .generationDropped(id: 2, oldestKept: 3))
    try rollBack(to: 3)
    try store.checkLaws()
    let again = try store.gc(keep: 11, graceSeconds: 0, now: .distantFuture)
    #expect(again.generationsDropped == [] && again.blobCount == 0)
  }

  @Test func `gc leaves blobs younger than the grace time`() throws {
    try store.install(kit.archive("example/one"))
    try store.remove("example/one")
    let blobs = try store.blobNames()
    for name in blobs {
      let path = directory.store.appendingPathComponent("blobs/sha256/\(name)").path
      try FileManager.default.setAttributes(
        [.modificationDate: Date(timeIntervalSince1970: 1_000_000)], ofItemAtPath: path)
    }
    let young = try store.gc(
      keep: 1, graceSeconds: 3600, now: Date(timeIntervalSince1970: 1_003_599))
    #expect(young.blobCount == 0)
    #expect(try store.blobNames() == blobs)
    let old = try store.gc(
      keep: 1, graceSeconds: 3600, now: Date(timeIntervalSince1970: 1_003_600))
    #expect(old.blobCount == blobs.count)
    #expect(old.sizeBytes > 0)
    #expect(try store.blobNames() == [])
    try store.checkLaws()
  }

  @Test func `a dry run counts and changes nothing`() throws {
    try store.install(kit.archive("example/one"))
    try store.remove("example/one")
    let digest = try store.logicalDigest()
    let blobs = try store.blobNames()
    let would = try store.gc(keep: 1, graceSeconds: 0, now: .distantFuture, isDryRun: true)
    #expect(would.blobCount == blobs.count)
    #expect(try store.logicalDigest() == digest)
    #expect(try store.blobNames() == blobs)
    #expect(try store.gc(keep: 1, graceSeconds: 0, now: .distantFuture) == would)
    try store.checkLaws()
  }

  @Test func `gc with nothing to do leaves the logical digest`() throws {
    try store.install(kit.archive("example/one"))
    let digest = try store.logicalDigest()
    let result = try store.gc(graceSeconds: 0, now: .distantFuture)
    #expect(result.generationsDropped == [] && result.blobCount == 0 && result.sizeBytes == 0)
    #expect(try store.logicalDigest() == digest)
    try store.checkLaws()
  }

  @Test func `the active generation is kept whatever is asked`() throws {
    try store.install(kit.archive("example/one"))
    for keep in [1, 0, -5, .min] {
      _ = try store.gc(keep: keep, graceSeconds: .min, now: .distantFuture)
      #expect(try store.active().packs.count == 1)
      try store.checkLaws()
    }
  }

  @Test func `a file that is mapped stays readable after its blob went`() throws {
    let pack = try #require(try store.install(kit.archive("example/one")).packs.first)
    let router = try #require(pack.entry(EntryName.router))
    let mapped = try Data(contentsOf: router.url, options: .alwaysMapped)
    try store.remove("example/one")
    _ = try store.gc(keep: 1, graceSeconds: 0, now: .distantFuture)
    #expect(Digest(of: mapped) == router.digest)
    try store.checkLaws()
  }
}
