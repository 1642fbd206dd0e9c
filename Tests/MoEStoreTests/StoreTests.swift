import Foundation
import MoEBase
import MoEPackFormat
import MoEStore
import Testing

@Suite struct StoreTests {
  private let directory: TemporaryDirectory
  private let kit: PackKit

  init() throws {
    directory = try TemporaryDirectory()
    kit = try PackKit()
  }

  private func mode(_ path: String) throws -> Int {
    let path = directory.store.appendingPathComponent(path).path
    let attributes = try FileManager.default.attributesOfItem(atPath: path)
    return try #require(attributes[.posixPermissions] as? Int)
  }

  @Test func `a new store is private, empty, and at generation 0`() throws {
    let nested = directory.url.appendingPathComponent("a/b/store", isDirectory: true)
    let store = try Store(at: nested)
    let active = try store.active()
    #expect(active.id == 0)
    #expect(active.parent == nil)
    #expect(active.createdAt == nil)
    #expect(active.packs.isEmpty)
    #expect(try store.history() == [active])
    let attributes = try FileManager.default.attributesOfItem(atPath: nested.path)
    #expect(attributes[.posixPermissions] as? Int == 0o700)
    try store.checkLaws()
  }

  @Test func `an empty directory becomes a store and an opened store stays as it was`() throws {
    try FileManager.default.createDirectory(
      at: directory.store, withIntermediateDirectories: false)
    let digest = try Store.made(in: directory, kit).logicalDigest()
    #expect(try Store(at: directory.store).logicalDigest() == digest)
  }

  @Test func `a directory that holds other files is refused and left alone`() throws {
    try Data([1]).write(to: directory.url.appendingPathComponent("thesis.tex"))
    let error = #expect(throws: StoreError.self) { try Store(at: directory.url) }
    #expect(error?.exitCode == .configuration)
    #expect(error?.message.contains("`thesis.tex`") == true)
    let names = try FileManager.default.contentsOfDirectory(atPath: directory.url.path)
    #expect(names == ["thesis.tex"])
  }

  @Test func `a file is not a store, and nothing is made beneath one`() throws {
    let file = directory.url.appendingPathComponent("file")
    try Data([1]).write(to: file)
    for url in [file, file.appendingPathComponent("store")] {
      let error = #expect(throws: StoreError.self) { try Store(at: url) }
      #expect(error?.code == "not-a-store")
    }
  }

  @Test func `blobs without an index are refused with the way back`() throws {
    let store = try Store.made(in: directory, kit)
    try store.install(kit.archive("example/one"))
    try FileManager.default.removeItem(
      at: directory.store.appendingPathComponent("store.sqlite"))
    let error = #expect(throws: StoreError.self) { try Store(at: directory.store) }
    #expect(error?.code == "store-database-lost")
    #expect(error?.exitCode == .corruption)
  }

  @Test func `another program's database is refused`() throws {
    try FileManager.default.createDirectory(
      at: directory.store, withIntermediateDirectories: false)
    let path = directory.store.appendingPathComponent("store.sqlite")
    try execute("CREATE TABLE bookmarks (url TEXT)", on: path)
    let error = #expect(throws: StoreError.self) { try Store(at: directory.store) }
    #expect(error?.code == "not-a-store")
  }

  @Test func `a file of noise in place of the index is reported as damage`() throws {
    _ = try Store.made(in: directory)
    let path = directory.store.appendingPathComponent("store.sqlite")
    try Data(repeating: 0x5A, count: 8192).write(to: path)
    let error = #expect(throws: StoreError.self) { try Store(at: directory.store) }
    #expect(error?.code == "store-corrupt")
    #expect(error?.exitCode == .corruption)
  }

  @Test func `a store of a newer program is refused with both versions`() throws {
    _ = try Store.made(in: directory)
    try execute(
      "PRAGMA user_version = 99", on: directory.store.appendingPathComponent("store.sqlite"))
    let error = #expect(throws: StoreError.self) { try Store(at: directory.store) }
    #expect(
      error == .newerSchema(store: directory.store.standardizedFileURL.path, found: 99, known: 6))
  }

  @Test func `a store of version 1 is brought forward, and asks what it asked before`() throws {
    let store = try Store.made(in: directory, kit)
    try store.install(kit.archive("example/one"))
    let path = directory.store.appendingPathComponent("store.sqlite")
    for column in ["threshold", "reason", "precision"] {
      try execute("ALTER TABLE generation DROP COLUMN \(column)", on: path)
    }
    for table in ["trust_root", "revocation", "allowed_digest", "tensor", "operator_eval", "pin"] {
      try execute("DROP TABLE \(table)", on: path)
    }
    try execute("DELETE FROM grdb_migrations WHERE identifier > '1'", on: path)
    try execute("PRAGMA user_version = 1", on: path)
    let opened = try Store(at: directory.store)
    #expect(try opened.active() == store.active())
    #expect(try opened.active().threshold == 0.5 && opened.active().precision == .f32)
    #expect(try opened.pins().isEmpty && opened.active().reason == nil)
    #expect(try opened.signedRoots().isEmpty && opened.trustRoot().keys.count == 1)
    #expect(try Store(at: directory.store, access: .readOnly).active() == store.active())
    #expect(throws: (any Error).self) {
      try execute("UPDATE generation SET threshold = 1.0", on: path)
    }
  }

  @Test func `threshold and precision are part of a generation, and come back with it`() throws {
    let store = try Store.made(in: directory, kit)
    try store.install(kit.archive("example/one"))
    func change(_ body: (StoreTransaction) throws -> Void) throws -> Generation {
      try store.change(by: "operator", at: "2026-01-01T00:00:00Z") { transaction in
        try body(transaction)
        return .unproven
      }
    }
    let raised = try change { $0.set(threshold: 0.8) }
    #expect((raised.id, raised.threshold, raised.action) == (2, 0.8, "set threshold to 0.8"))
    #expect(try store.active() == raised)
    #expect(try change { $0.set(threshold: 0.8) }.id == 2, "nothing changed")
    #expect(try change { try $0.remove("example/one") }.threshold == 0.8)
    let reduced = try change { $0.set(precision: .int8) }
    #expect((reduced.precision, reduced.action) == (.int8, "set precision to int8"))
    #expect(try store.active() == reduced)
    #expect(try change { $0.set(precision: .int8) }.id == reduced.id, "nothing changed")
    let restored = try change { try $0.restore(generation: 1) }
    #expect(restored.threshold == 0.5 && restored.packs.count == 1 && restored.precision == .f32)
  }

  @Test func `the journal is one a read-only mount can be read with`() throws {
    let store = try Store.made(in: directory, kit)
    try store.install(kit.archive("example/one"))
    #expect(try store.durability() == .expected)
    #expect(StoreDurability.expected.journalMode == "delete")
    #expect(StoreDurability.expected.synchronous == 3, "EXTRA")
    #expect(try store.names(".") == ["blobs", "lock", "staging", "store.sqlite", "trash"])
  }

  @Test func `blobs are named by their digests and cannot be written`() throws {
    let store = try Store.made(in: directory, kit)
    let packs = try store.install(kit.archive("example/one")).packs
    let pack = try #require(packs.first)
    let router = try #require(pack.entry(EntryName.router))
    let hex = router.digest.hex
    #expect(router.url.path.hasSuffix("/blobs/sha256/\(hex.prefix(2))/\(hex)"))
    #expect(try Digest(file: router.url) == router.digest)
    #expect(try mode("blobs/sha256/\(hex.prefix(2))/\(hex)") == 0o444)
    #expect(pack.entries.map(\.name).first == EntryName.router)
    #expect(pack.envelope.name == EntryName.envelope)
    #expect(pack.signers == [kit.key.publicKey.id.description])
    #expect(try pack.manifest().release == 1)
    try store.checkLaws()
  }

  @Test func `a store opened for reading lists and verifies and refuses to change`() throws {
    let writable = try Store.made(in: directory, kit)
    try writable.install(kit.archive("example/one"))
    let digest = try writable.logicalDigest()
    let store = try Store(at: directory.store, access: .readOnly)
    #expect(store.isReadOnly)
    #expect(try store.active().packs.map(\.name.description) == ["example/one"])
    #expect(try store.logicalDigest() == digest)
    let changes: [(String, () throws -> Void)] = [
      ("install", { try store.install(kit.archive("example/two")) }),
      ("remove", { try store.remove("example/one") }),
      ("gc", { _ = try store.gc(now: Date(timeIntervalSince1970: 0)) }),
      ("trust", { try kit.trust(in: store) }),
      ("recover", { _ = try store.recover() }),
    ]
    for (name, change) in changes {
      let error = #expect(throws: StoreError.self, "\(name)") { try change() }
      #expect(error?.code == "store-read-only")
      #expect(error?.exitCode == .inputOutput)
    }
    try store.checkLaws()
  }

  @Test func `reading makes no store`() throws {
    let error = #expect(throws: StoreError.self) {
      try Store(at: directory.store, access: .readOnly)
    }
    #expect(error?.code == "not-a-store")
    #expect(!FileManager.default.fileExists(atPath: directory.store.path))
  }

  @Test(.enabled(if: geteuid() != 0, "permissions do not bind the superuser"))
  func `a directory without write permission is opened for reading`() throws {
    _ = try Store.made(in: directory, kit)
    chmod(directory.store.path, 0o500)
    defer { chmod(directory.store.path, 0o700) }
    let store = try Store(at: directory.store)
    #expect(store.isReadOnly)
    #expect(try store.active().id == 0)
  }
}
