import Foundation
import MoEBase
import MoEPackFormat
import MoEStore
import StoreTestSupport
import Testing

@Suite struct StoreFaultTests {
  private let directory: TemporaryDirectory
  private let kit: PackKit
  private let files = FaultyFileSystem()
  private let store: Store

  init() throws {
    directory = try TemporaryDirectory()
    kit = try PackKit()
    store = try Store.made(in: directory, kit, fileSystem: files)
    try store.install(kit.archive("example/one"))
  }

  @Test(arguments: [(ENOSPC, "disk-full"), (EIO, "store-io"), (EROFS, "store-read-only")])
  func `an install whose n-th call fails changes nothing and can be repeated`(
    number: Int32, code: String
  ) throws {
    let archive = try kit.archive("example/two", value: 2)
    for isLasting in [false, true] {
      var call = 0
      var failures = 0
      while true {
        call += 1
        let digest = try store.logicalDigest()
        files.set(.failure(call...(isLasting ? .max : call), number))
        do {
          let generation = try store.install(archive)
          let isReached = files.count >= call
          files.set(nil)
          // Only what comes after the commit may fail unnoticed: the clearing of staging.
          #expect(try store.active() == generation)
          try store.remove("example/two")
          _ = try store.gc(keep: 1, graceSeconds: 0, now: .distantFuture)
          guard isReached else { break }
        } catch let error as StoreError {
          failures += 1
          files.set(nil)
          #expect(error.code == code, "call \(call)")
          #expect(error.exitCode == .inputOutput)
          #expect(error.hint.contains("nothing was"), "call \(call): \(error.hint)")
          #expect(try store.logicalDigest() == digest, "call \(call)")
        }
        _ = try store.recover()
        try store.checkLaws()
      }
      #expect(failures > 10, "the seam was reached")
    }
    try store.install(archive)
    try store.checkLaws()
  }

  @Test func `a gc whose n-th call fails loses no blob a generation names`() throws {
    var call = 0
    while true {
      call += 1
      if try store.active().packs.count == 1 {
        try store.install(kit.archive("example/two", value: 2))
      }
      try store.remove("example/two")
      let packs = try store.active().packs
      files.set(.failure(call...call, EIO))
      let result = Result { try store.gc(keep: 1, graceSeconds: 0, now: .distantFuture) }
      let isReached = files.count >= call
      files.set(nil)
      #expect(try store.active().packs == packs)
      #expect(try store.verify().findings == [])
      if case .failure(let error as StoreError) = result {
        #expect(error.code == "store-io")
      }
      _ = try store.recover()
      _ = try store.gc(keep: 1, graceSeconds: 0, now: .distantFuture)
      try store.checkLaws()
      let entries = packs.flatMap { [$0.envelope] + $0.entries }
      #expect(try store.blobNames().count == Set(entries.map(\.digest)).count)
      guard isReached else { break }
    }
    #expect(call > 10, "the seam was reached")
  }

  @Test func `what a killed install left is dropped by the next change`() async throws {
    // Points over the whole of an install: intent, staging, mode, sync, rename, directories.
    // The second time no directory is missing, as for the processes below.
    _ = try callsOfAnInstall()
    let total = try callsOfAnInstall()
    #expect(total > 10)
    let path = directory.store.path
    for call in stride(from: 1, through: total, by: max(1, total / 5)) {
      let digest = try store.logicalDigest()
      await #expect(processExitsWith: .signal(SIGKILL)) {
        [path = path as String, call = call as Int] in
        let files = FaultyFileSystem()
        var options = StoreOptions()
        options.fileSystem = files
        let store = try Store(at: URL(fileURLWithPath: path), options: options)
        let archive = try PackKit().archive("example/two", value: 2)
        files.set(.kill(call))
        try store.install(archive)
      }
      #expect(try store.logicalDigest() == digest, "call \(call)")
      #expect(try store.verify().findings == [])
      let recovery = try store.recover()
      #expect(recovery.intentsDropped == 1, "call \(call)")
      try store.checkLaws()
      try store.install(kit.archive("example/two", value: 2))
      try store.remove("example/two")
      _ = try store.gc(keep: 1, graceSeconds: 0, now: .distantFuture)
      try store.checkLaws()
    }
  }

  private func callsOfAnInstall() throws -> Int {
    files.set(nil)
    var count = 0
    #expect(throws: Refusal()) {
      try store.install(kit.archive("example/two", value: 2)) { _ in
        count = files.count
        throw Refusal()
      }
    }
    return count
  }

  @Test func `an orphaned intent, staging and trash are dropped before a change`() throws {
    let root = directory.store
    try execute(
      """
      INSERT INTO intent (kind, actor, started_at, process)
      VALUES ('change', 'ghost', '2026-01-01T00:00:00Z', 1)
      """, on: root.appendingPathComponent("store.sqlite"))
    let staging = root.appendingPathComponent("staging/1/1", isDirectory: true)
    try FileManager.default.createDirectory(at: staging, withIntermediateDirectories: true)
    try Data([1, 2, 3]).write(to: staging.appendingPathComponent("0"))
    try Data([4]).write(
      to: root.appendingPathComponent("trash/\(Digest(of: [UInt8](repeating: 4, count: 1)).hex)"))
    let digest = try store.logicalDigest()
    let recovery = try store.recover()
    #expect(recovery.intentsDropped == 1)
    #expect(recovery.stagingDropped == 1)
    #expect(recovery.trashDropped == 1)
    #expect(try store.logicalDigest() == digest)
    let again = try store.recover()
    #expect(again.intentsDropped + again.stagingDropped + again.trashDropped == 0)
    try store.checkLaws()
  }

  @Test func `a journal that was never needed goes with the next change`() throws {
    let journal = directory.store.appendingPathComponent("store.sqlite-journal")
    try Data(count: 512).write(to: journal)
    let digest = try store.logicalDigest()
    _ = try store.recover()
    #expect(!FileManager.default.fileExists(atPath: journal.path))
    #expect(try store.logicalDigest() == digest)
    try store.checkLaws()
  }

  @Test func `a blob in the trash that a generation names goes back`() throws {
    let pack = try #require(try store.active().packs.first)
    let router = try #require(pack.entry(EntryName.router))
    try FileManager.default.moveItem(
      at: router.url,
      to: directory.store.appendingPathComponent("trash/\(router.digest.hex)"))
    _ = try store.recover()
    try store.checkLaws()
  }

  @Test func `the remains of a failed install are never trusted`() throws {
    let archive = try kit.archive("example/two", value: 2)
    let packs = try store.install(archive, dryRun: true).packs
    let router = try #require(packs.last?.entry(EntryName.router))
    let hex = router.digest.hex
    let shard = directory.store.appendingPathComponent(
      "blobs/sha256/\(hex.prefix(2))", isDirectory: true)
    try FileManager.default.createDirectory(at: shard, withIntermediateDirectories: true)
    try Data(repeating: 0, count: router.size).write(to: shard.appendingPathComponent(hex))
    try store.install(archive)
    try store.checkLaws()
  }

  @Test func `an install that shares a damaged blob mends it`() throws {
    let pack = try #require(try store.active().packs.first)
    let heads = try #require(pack.entry(EntryName.heads))
    chmod(heads.url.path, 0o644)
    try Data(repeating: 0, count: heads.size).write(to: heads.url)
    #expect(try store.verify().findings.count == 1)
    #expect(throws: Refusal()) {
      try store.install(kit.archive("example/two", value: 2)) { _ in throw Refusal() }
    }
    try store.checkLaws()
  }
}
