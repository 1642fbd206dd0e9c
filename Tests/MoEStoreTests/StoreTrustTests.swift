import Foundation
import MoEBase
import MoEPackFormat
import MoEStore
import Testing

@Suite struct StoreTrustTests {
  private let directory: TemporaryDirectory
  private let store: Store
  private let key: PublicKey
  private let example: NamespacePattern
  private let time = "2026-01-01T00:00:00Z"

  init() throws {
    directory = try TemporaryDirectory()
    store = try Store.made(in: directory)
    key = try PackKit().key.publicKey
    example = try #require(NamespacePattern("example/*"))
  }

  @Test func `a key is kept with its namespaces, comment and time`() throws {
    #expect(try store.trustRecords() == [])
    let trusted = TrustedKey(key, namespaces: example)
    #expect(try store.addTrust(trusted, comment: "Ada's, read out by phone", at: time))
    let record = TrustRecord(key: trusted, comment: "Ada's, read out by phone", addedAt: time)
    #expect(try store.trustRecords() == [record])
    #expect(try Store(at: directory.store).trustRoot().keys == [trusted])
    try store.checkLaws()
  }

  @Test func `adding a key again changes nothing and says so`() throws {
    let trusted = TrustedKey(key, namespaces: example)
    try store.addTrust(trusted, comment: "first", at: time)
    let digest = try store.logicalDigest()
    #expect(try !store.addTrust(trusted, comment: "second", at: time))
    #expect(try store.logicalDigest() == digest)
    #expect(try store.addTrust(TrustedKey(key, namespaces: .all), comment: "", at: time))
    #expect(try store.trustRecords().count == 2)
    try store.checkLaws()
  }

  @Test func `trust decides what can be installed, not what is`() throws {
    let kit = try PackKit()
    try store.addTrust(TrustedKey(key, namespaces: example), comment: "", at: time)
    try store.install(kit.archive("example/one"))
    #expect(throws: PackVerificationError.self) { try store.install(kit.archive("other/one")) }
    let removed = try store.removeTrust(keyID: key.id.description)
    #expect(removed.map(\.key.publicKey) == [key])
    #expect(try store.active().packs.count == 1)
    #expect(throws: PackVerificationError.self) { try store.install(kit.archive("example/two")) }
    try store.checkLaws()
  }

  @Test func `a key can lose one namespace and keep another`() throws {
    try store.addTrust(TrustedKey(key, namespaces: example), comment: "", at: time)
    try store.addTrust(TrustedKey(key, namespaces: .all), comment: "", at: time)
    try store.removeTrust(keyID: key.id.description, namespaces: example)
    #expect(try store.trustRecords().map(\.key.namespaces) == [.all])
    let error = #expect(throws: StoreError.self) {
      try store.removeTrust(keyID: key.id.description, namespaces: example)
    }
    #expect(error == .noTrust(keyID: key.id.description, namespaces: "example/*"))
    #expect(error?.exitCode == .notFound)
    try store.checkLaws()
  }

  @Test func `trust is part of the logical digest and of no generation`() throws {
    let digest = try store.logicalDigest()
    try store.addTrust(TrustedKey(key, namespaces: example), comment: "", at: time)
    #expect(try store.logicalDigest() != digest)
    #expect(try store.activeGenerationID() == 0)
    try store.removeTrust(keyID: key.id.description)
    #expect(try store.logicalDigest() == digest)
    try store.checkLaws()
  }
}
