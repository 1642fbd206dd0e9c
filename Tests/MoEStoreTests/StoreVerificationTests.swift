import Foundation
import MoEBase
import MoEPackFormat
import MoEStore
import Testing

@Suite struct StoreVerificationTests {
  private let directory: TemporaryDirectory
  private let store: Store

  init() throws {
    directory = try TemporaryDirectory()
    let kit = try PackKit()
    store = try Store.made(in: directory, kit)
    try store.install(kit.archive("example/one"), kit.archive("example/two", value: 2))
  }

  private func damage(_ entry: InstalledEntry, _ change: (inout Data) -> Void) throws {
    chmod(entry.url.path, 0o644)
    var data = try Data(contentsOf: entry.url)
    change(&data)
    try data.write(to: entry.url)
  }

  @Test func `a whole store has no findings`() throws {
    let verification = try store.verify()
    #expect(verification.findings == [])
    #expect(verification.blobCount == Set(try store.blobNames()).count)
    try verification.check()
    try store.checkLaws()
  }

  @Test func `each blob that is flipped, cut, emptied or gone is found and named`() throws {
    for pack in try store.active().packs {
      for entry in [pack.envelope] + pack.entries {
        let original = try Data(contentsOf: entry.url)
        let label = "\(pack.name) 1.0.0: \(entry.name)"
        try damage(entry) { $0[$0.startIndex] ^= 1 }
        var finding = try #require(try store.verify().findings.first)
        #expect(finding.digest == entry.digest)
        #expect(finding.users.contains(label))
        #expect(finding.problem == .contents(got: try Digest(file: entry.url)))
        #expect(try store.verify(deep: false).findings == [])

        try damage(entry) { $0.removeLast() }
        finding = try #require(try store.verify(deep: false).findings.first)
        #expect(finding.problem == .size(expected: entry.size, got: entry.size - 1))
        #expect(finding.sentence.contains(label))

        try damage(entry) { $0.removeAll() }
        #expect(try store.verify().findings.first?.problem == .size(expected: entry.size, got: 0))

        try FileManager.default.removeItem(at: entry.url)
        #expect(try store.verify().findings.map(\.problem) == [.missing])
        try original.write(to: entry.url)
      }
    }
    try store.checkLaws()
  }

  @Test func `a blob two packs name is one finding with both`() throws {
    let pack = try #require(try store.active().packs.first)
    let heads = try #require(pack.entry(EntryName.heads))
    try FileManager.default.removeItem(at: heads.url)
    let verification = try store.verify()
    #expect(
      verification.findings.map(\.users) == [
        ["example/one 1.0.0: heads.safetensors", "example/two 1.0.0: heads.safetensors"]
      ])
    let error = #expect(throws: StoreError.self) { try verification.check() }
    #expect(error?.exitCode == .corruption)
    #expect(error?.message.contains(heads.digest.hex) == true)
  }

  @Test func `one pack can be checked alone`() throws {
    let packs = try store.active().packs
    let router = try #require(packs.last?.entry(EntryName.router))
    try damage(router) { $0[$0.startIndex] ^= 1 }
    #expect(try store.verify(packNamed: "example/one").findings == [])
    #expect(try store.verify(packNamed: "example/two").findings.count == 1)
    #expect(throws: StoreError.self) { try store.verify(packNamed: "example/three") }
  }

  @Test func `a damaged envelope gives no manifest`() throws {
    let pack = try #require(try store.active().packs.first)
    let other = try #require(try store.active().packs.last)
    try damage(pack.envelope) { $0 = Data("{}".utf8) }
    #expect(throws: StoreError.self) { try pack.manifest() }
    let swapped = try Data(contentsOf: other.envelope.url)
    try damage(pack.envelope) { $0 = swapped }
    let error = #expect(throws: StoreError.self) { try pack.manifest() }
    #expect(error?.exitCode == .corruption)
  }

  @Test func `a link in place of a blob is a missing blob`() throws {
    let pack = try #require(try store.active().packs.first)
    let router = try #require(pack.entry(EntryName.router))
    let elsewhere = directory.url.appendingPathComponent("elsewhere")
    try FileManager.default.moveItem(at: router.url, to: elsewhere)
    try FileManager.default.createSymbolicLink(at: router.url, withDestinationURL: elsewhere)
    #expect(try store.verify().findings.map(\.problem) == [.missing])
  }

  @Test func `rows that name nothing are found`() throws {
    try execute(
      "PRAGMA foreign_keys = OFF; INSERT INTO generation_pack VALUES (1, 'ab')",
      on: directory.store.appendingPathComponent("store.sqlite"))
    let findings = try store.verify().findings
    #expect(findings.map(\.digest) == [nil])
    #expect(findings.first?.sentence.contains("generation_pack") == true)
  }
}
