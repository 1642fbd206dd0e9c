import Foundation
import MoEBase
import MoEPackFormat
import MoEStore
import Testing

/// The signed trust root, revocations and rollback memory of a store.
@Suite struct StoreRootTests {
  private let directory: TemporaryDirectory
  private let store: Store
  private let root: SigningKey
  private let kit: PackKit
  private let other: PackKit
  private let time = "2026-01-05T00:00:00Z"
  private let example: NamespacePattern

  init() throws {
    directory = try TemporaryDirectory()
    store = try Store.made(in: directory)
    root = try SigningKey(seed: [UInt8](repeating: 90, count: 32))
    kit = try PackKit(seed: 7)
    other = try PackKit(seed: 8)
    example = try #require(NamespacePattern("example/*"))
  }

  private func document(
    _ keys: [PackKit], threshold: Int = 1, level: TrustLevel = .enforce,
    expires: String = "2027-01-01T00:00:00Z"
  ) -> RootDocument {
    RootDocument(
      expires: expires, rootKeys: [root.publicKey],
      rules: [
        NamespaceRule(
          example, keys: keys.map(\.key.publicKey), threshold: threshold, level: level)
      ])
  }

  @discardableResult
  private func take(_ document: RootDocument, at time: String? = nil) throws -> TrustChange {
    try store.importRoot(
      UnverifiedRoot(signing: document, with: [root]), by: "tester", at: time ?? self.time
    ).change
  }

  private func install(_ archive: [UInt8], at time: String? = nil) throws -> Generation {
    try store.change(by: "tester", at: time ?? self.time) { transaction in
      let pack = try UnverifiedPack(bytes: archive, name: "test.moepack").verified(
        by: transaction.trustRoot(), staging: transaction.makeStagingDirectory())
      try transaction.install(pack)
      return .proven()
    }
  }

  private func code(_ body: () throws -> some Any) -> String? {
    do {
      _ = try body()
      return nil
    } catch { return (error as? any ActionableError)?.code }
  }

  @Test func `a root is taken over, and each next one in order`() throws {
    let first = document([kit])
    #expect(try take(first).isNew)
    #expect(try !take(first).isNew, "the same once more changes nothing")
    #expect(code { try take(first.next.next) } == "trust-root-version")
    #expect(try take(first.next).isNew)
    #expect(code { try take(first) } == "trust-root-version", "no way back")
    #expect(try store.signedRoots().map(\.root.document.version) == [1, 2])
    #expect(try store.trustRoot().signed?.document.version == 2)
    var stranger = first.next.next
    stranger.rootKeys = [other.key.publicKey]
    let forged = try UnverifiedRoot(signing: stranger, with: [other.key])
    #expect(
      code { try store.importRoot(forged, by: "x", at: time) } == "trust-root-under-threshold")
    try store.checkLaws()
  }

  @Test func `the operator may say which root is expected`() throws {
    let root = try UnverifiedRoot(signing: document([kit]), with: [root])
    #expect(
      code { try store.importRoot(root, expecting: Digest(of: [1]), by: "x", at: time) }
        == "trust-root-digest")
    #expect(try store.signedRoots().isEmpty)
    try store.importRoot(root, expecting: root.digest, by: "x", at: time)
    #expect(try store.signedRoots().map(\.root.digest) == [root.digest])
  }

  @Test func `a refused root leaves the store as it was`() throws {
    try take(document([kit]))
    let digest = try store.logicalDigest()
    _ = code { try take(document([kit]).next.next) }
    _ = code { try take(document([other])) }
    #expect(try store.logicalDigest() == digest)
  }

  @Test func `the signed root speaks alone for its namespaces`() throws {
    try store.addTrust(TrustedKey(kit.key.publicKey, namespaces: example), comment: "", at: time)
    _ = try install(kit.archive("example/one"))
    try take(document([other]))
    #expect(code { try install(kit.archive("example/two")) } == "pack-wrong-namespace")
    #expect(try store.active().packs.count == 1, "what is installed stays")
    _ = try install(other.archive("example/three"))
    let again = TrustedKey(kit.key.publicKey, namespaces: example)
    #expect(code { try store.addTrust(again, comment: "", at: time) } == "trust-governed")
    let private_ = TrustedKey(kit.key.publicKey, namespaces: try #require(NamespacePattern("own")))
    #expect(try store.addTrust(private_, comment: "", at: time))
    _ = try install(kit.archive("own/four"))
    try store.checkLaws()
  }

  @Test func `expired metadata stops installs and keeps serving`() throws {
    try take(document([kit], expires: "2026-01-06T00:00:00Z"))
    _ = try install(kit.archive("example/one"))
    let late = "2026-01-06T00:00:00Z"
    #expect(code { try install(kit.archive("example/two"), at: late) } == "pack-trust-expired")
    #expect(try store.active().packs.map(\.name.description) == ["example/one"])
    #expect(try store.active().packs[0].manifest().release == 1)
    var next = document([kit]).next
    next.expires = "2028-01-01T00:00:00Z"
    try take(next, at: late)
    _ = try install(kit.archive("example/two"), at: late)
    try store.checkLaws()
  }

  @Test func `a revoked key takes its packs along, in one generation, unproven`() throws {
    try take(document([kit, other]))
    _ = try install(kit.archive("example/one"))
    _ = try install(other.archive("example/two"))
    var next = document([kit, other]).next
    next.revoke(Revocation(.key(kit.key.publicKey), reason: "stolen"))
    let change = try take(next)
    #expect(change.withdrawn.map(\.name.description) == ["example/one"])
    let active = try store.active()
    #expect(active == change.generation)
    #expect(active.packs.map(\.name.description) == ["example/two"])
    #expect(!active.isProven)
    #expect(
      active.action == "trust root version 2, remove example/one 1.0.0 (release 1)")
    #expect(code { try install(kit.archive("example/one")) } == "pack-key-revoked")
    #expect(
      code {
        try store.change(by: "x", at: time) { transaction in
          try transaction.restore(generation: 1)
          return .proven()
        }
      } == "pack-revoked", "a rollback brings nothing back that is revoked")
    #expect(try store.active() == active)
    try store.checkLaws()
  }

  @Test func `a revocation on the operator's word needs no signed root`() throws {
    try kit.trust(in: store)
    let digest = try #require(try install(kit.archive("example/one")).packs.first).digest
    _ = try install(kit.archive("example/two"))
    let pack = Revocation(.digest(digest), reason: "wrong labels")
    #expect(try store.revoke(pack, by: "x", at: time).withdrawn.map(\.digest) == [digest])
    #expect(try !store.revoke(pack, by: "x", at: time).isNew)
    #expect(code { try install(kit.archive("example/one")) } == "pack-revoked")
    let key = Revocation(.key(kit.key.publicKey), reason: "")
    #expect(try store.revoke(key, by: "x", at: time).withdrawn.count == 1)
    #expect(try store.active().packs.isEmpty)
    #expect(code { try kit.trust(in: store) } == "trust-revoked-key")
    #expect(try store.revocations().map(\.revocation).count == 2)
    try store.checkLaws()
  }

  @Test func `an allowed digest stays, and goes when it is allowed no more`() throws {
    try kit.trust(in: store)
    let digest = try #require(try install(kit.archive("example/one")).packs.first).digest
    _ = try install(kit.archive("example/two"))
    #expect(try store.allow(digest, comment: "checked", by: "x", at: time).isNew)
    let key = Revocation(.key(kit.key.publicKey), reason: "")
    let change = try store.revoke(key, by: "x", at: time)
    #expect(change.withdrawn.map(\.name.description) == ["example/two"])
    #expect(try store.active().packs.map(\.digest) == [digest])
    try store.remove("example/one")
    let back = try install(kit.archive("example/one"))
    #expect(back.action == "install example/one 1.0.0 (release 1; allowed by digest)")
    #expect(try store.disallow(digest, by: "x", at: time).withdrawn.map(\.digest) == [digest])
    #expect(try store.active().packs.isEmpty)
    try store.checkLaws()
  }

  @Test func `a key that a root drops without revoking it takes nothing away`() throws {
    try take(document([kit, other]))
    _ = try install(kit.archive("example/one"))
    #expect(try take(document([other]).next).withdrawn.isEmpty)
    #expect(try store.active().packs.count == 1)
    #expect(code { try install(kit.archive("example/two")) } == "pack-unknown-key")
  }

  @Test func `a damaged envelope does not keep a revoked pack in`() throws {
    try kit.trust(in: store)
    let pack = try #require(try install(kit.archive("example/one")).packs.first)
    try FileManager.default.removeItem(at: pack.envelope.url)
    let key = Revocation(.key(kit.key.publicKey), reason: "")
    #expect(try store.revoke(key, by: "x", at: time).withdrawn.map(\.digest) == [pack.digest])
  }

  @Test func `at level warn a pack comes in, and the history keeps why`() throws {
    try take(document([other], level: .warn))
    let generation = try install(kit.archive("example/one"))
    #expect(
      generation.action
        == "install example/one 1.0.0 (release 1; signatures not enforced: level warn)")
    #expect(generation.packs.first?.signers == [])
    try store.checkLaws()
  }

  @Test func `the highest release outlives removal, and a downgrade is logged`() throws {
    try kit.trust(in: store)
    _ = try install(kit.archive("example/one", release: 5))
    try store.remove("example/one")
    #expect(try store.highestRelease(of: try #require(PackName("example/one"))) == 5)
    #expect(code { try install(kit.archive("example/one", release: 4)) } == "lower-release")
    let generation = try store.install(
      kit.archive("example/one", release: 4), allowsDowngrade: true)
    #expect(generation.action == "downgrade example/one 1.0.0 (release 4)")
    #expect(try store.highestRelease(of: try #require(PackName("example/one"))) == 5)
  }

  @Test func `the largest weight of each tensor is recorded at install`() throws {
    try kit.trust(in: store)
    let pack = try #require(
      try install(kit.archive("example/one", value: -3.5)).packs.first)
    let magnitudes = try store.magnitudes(of: pack.digest)
    #expect(magnitudes.map(\.absmax) == [0, 1, 3.5, 0.5, 3.5])
    #expect(
      magnitudes.last
        == TensorMagnitude(
          entry: EntryName.router, tensor: TensorName.dispatcherWeight, absmax: 3.5))
    try store.remove("example/one")
    _ = try store.gc(keep: 1, graceSeconds: 0, now: Date(timeIntervalSinceNow: 10))
    #expect(try store.magnitudes(of: pack.digest).isEmpty)
  }

  @Test func `a root that was altered in the index is found`() throws {
    try take(document([kit]))
    try take(document([kit]).next)
    try execute(
      "UPDATE trust_root SET envelope = (SELECT envelope FROM trust_root WHERE version = 2) WHERE version = 1",
      on: directory.store.appendingPathComponent("store.sqlite"))
    #expect(code { try store.signedRoots() } == "store-corrupt")
  }

  @Test func `every root, revocation and allowed pack is part of the logical digest`() throws {
    var seen: Set<Digest> = [try store.logicalDigest()]
    try take(document([kit]))
    #expect(seen.insert(try store.logicalDigest()).inserted)
    try store.revoke(Revocation(.digest(Digest(of: [1])), reason: ""), by: "x", at: time)
    #expect(seen.insert(try store.logicalDigest()).inserted)
    try store.allow(Digest(of: [2]), comment: "", by: "x", at: time)
    #expect(seen.insert(try store.logicalDigest()).inserted)
  }

  /// `MOEPACK_SOAK=1` takes every byte.
  @Test func `a pack with a byte flipped leaves the store as it was, or is the same pack`() throws {
    try kit.trust(in: store)
    let bytes = try kit.archive("example/one")
    let before = try store.logicalDigest()
    let honest = try store.install(bytes, dryRun: true).packs[0]
    let isSoak = ProcessInfo.processInfo.environment["MOEPACK_SOAK"] == "1"
    var (refused, same) = (0, 0)
    for index in stride(from: 0, to: bytes.count, by: isSoak ? 1 : 53) {
      var flipped = bytes
      flipped[index] ^= 0xFF
      if let pack = try? store.install(flipped, dryRun: true).packs[0] {
        same += 1
        #expect(
          pack.digest == honest.digest && pack.entries.map(\.digest) == honest.entries.map(\.digest)
        )
      } else {
        refused += 1
      }
      #expect(try store.logicalDigest() == before)
    }
    print("flips of \(bytes.count) bytes, installed: \(refused) refused, \(same) the same pack")
    try store.checkLaws()
  }

  @Test func `a rebuilt index is held to the signed roots that are given, revocations and all`()
    throws
  {
    var first = document([kit, other])
    try take(first)
    let (kept, revoked) = (
      try kit.archive("example/kept", release: 1), try other.archive("example/bad", release: 1)
    )
    _ = try install(kept)
    _ = try install(revoked)
    try FileManager.default.removeItem(at: directory.store.appending(path: "store.sqlite"))
    let one = try UnverifiedRoot(signing: first, with: [root])
    first.revoke(Revocation(.key(other.key.publicKey), reason: "stolen"))
    let two = try UnverifiedRoot(signing: first.next, with: [root])
    #expect(throws: TrustError.self) {
      try StoreRebuild(of: directory.store, trust: [], roots: [two, one], by: "tester", at: time)
    }
    let rebuilt = try StoreRebuild(
      of: directory.store, trust: [], roots: [one, two], by: "tester", at: time)
    #expect(rebuilt.generation.packs.map(\.name.description) == ["example/kept"])
    #expect(rebuilt.passedOver.count == 1 && rebuilt.passedOver[0].contains("example/bad"))
    let store = try Store(at: directory.store)
    #expect(try store.signedRoots().map(\.root.document.version) == [1, 2])
    #expect(throws: (any Error).self) {
      try store.change(by: "tester", at: time) { transaction in
        let pack = try UnverifiedPack(bytes: revoked, name: "bad.moepack").verified(
          by: transaction.trustRoot(), staging: transaction.makeStagingDirectory())
        try transaction.install(pack)
        return .proven()
      }
    }
    try store.checkLaws()
  }
}
