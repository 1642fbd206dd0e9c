import Foundation
import MoEBase
import MoEPackFormat
import MoEStore
import Testing

@Suite struct StoreDoctorTests {
  private let directory: TemporaryDirectory
  private let kit: PackKit
  private let one: [UInt8]
  private let two: [UInt8]

  init() throws {
    directory = try TemporaryDirectory()
    kit = try PackKit()
    one = try kit.archive("example/one")
    two = try kit.archive("example/two", version: "2.0.0", release: 2, value: 2)
    let store = try Store.made(in: directory, kit)
    try store.install(one, two)
  }

  private var database: URL { directory.store.appending(path: "store.sqlite") }

  private func diagnosis() -> Diagnosis { Diagnosis(of: directory.store) }

  private func entries() throws -> [InstalledEntry] {
    let packs = try Store(at: directory.store).active().packs
    var seen: Set<Digest> = []
    return packs.flatMap { [$0.envelope] + $0.entries }.filter { seen.insert($0.digest).inserted }
  }

  private func rebuild(trusting key: PublicKey? = nil) throws -> StoreRebuild {
    let record = TrustRecord(
      key: TrustedKey(key ?? kit.key.publicKey, namespaces: .all), comment: "", addedAt: "now")
    return try StoreRebuild(
      of: directory.store, trust: [record], by: "ada", at: "2026-02-03T04:05:06Z")
  }

  // MARK: - Diagnosis

  @Test func `a whole store has nothing to complain of`() {
    #expect(diagnosis().findings == [])
  }

  @Test func `a damaged file is named with what mends it`() throws {
    let entry = try #require(try entries().first { $0.name == EntryName.router })
    try damage(entry, .flip)
    let finding = try #require(diagnosis().findings.first)
    #expect(finding.weight == .damage)
    #expect(finding.sentence.contains(entry.digest.hex))
    #expect(finding.remedy.contains("--repair"))
    #expect(finding.remedy.contains("example/one 1.0.0"))
  }

  @Test func `what lies about is a note and no damage`() throws {
    let store = try Store(at: directory.store)
    try store.remove("example/two")
    _ = try store.gc(keep: 1, graceSeconds: 1 << 40, now: Date(timeIntervalSince1970: 0))
    try FileManager.default.createDirectory(
      at: directory.store.appending(path: "staging/9"), withIntermediateDirectories: false)
    try execute(
      """
      INSERT INTO intent (kind, actor, started_at, process)
      VALUES ('change', 'ghost', '2026-01-01T00:00:00Z', 1)
      """, on: database)
    let diagnosis = diagnosis()
    #expect(!diagnosis.isDamaged)
    #expect(diagnosis.findings.count == 3)
    #expect(diagnosis.findings.last?.remedy.contains("moe-pack gc") == true)
  }

  @Test func `a change under way is named and not taken for remains`() throws {
    let store = try Store(at: directory.store)
    try store.change(by: "ada", at: "2026-01-01T00:00:00Z") { _ in
      let findings = diagnosis().findings
      #expect(findings.count == 1)
      #expect(findings.first?.sentence.contains("process \(getpid())") == true)
      return .unproven
    }
  }

  // MARK: - Repair

  enum Damage: String, CaseIterable { case flip, zero, cut, empty, remove, link, directory }

  private func damage(_ entry: InstalledEntry, _ damage: Damage) throws {
    chmod(entry.url.path, 0o644)
    var data = try Data(contentsOf: entry.url)
    switch damage {
    case .flip: data[data.startIndex] ^= 1
    case .zero: data = Data(count: data.count)
    case .cut: data.removeLast()
    case .empty: data.removeAll()
    case .remove, .link, .directory:
      try FileManager.default.removeItem(at: entry.url)
      if damage == .link {
        try FileManager.default.createSymbolicLink(
          at: entry.url, withDestinationURL: URL(fileURLWithPath: "/etc/passwd"))
      }
      if damage == .directory {
        try FileManager.default.createDirectory(
          at: entry.url.appending(path: "deep"), withIntermediateDirectories: true)
      }
      return
    }
    try data.write(to: entry.url)
  }

  @Test(arguments: Damage.allCases)
  func `every blob, however damaged, is named and mended from its archive`(kind: Damage) throws {
    let archives = [one, two].map { UnverifiedPack(bytes: $0, name: "a.moepack") }
    let store = try Store(at: directory.store)
    let digest = try store.logicalDigest()
    for entry in try entries() {
      try damage(entry, kind)
      #expect(try store.verify().findings.map(\.digest) == [entry.digest])
      let repair = try store.repair(from: archives)
      #expect(repair.mended.map(\.digest) == [entry.digest])
      #expect(repair.left == [])
      #expect(try store.logicalDigest() == digest)
    }
    #expect(try store.activeGenerationID() == 1, "no generation is made")
    try store.checkLaws()
  }

  @Test func `an archive that has nothing of the damage mends nothing and says so`() throws {
    let store = try Store(at: directory.store)
    let entry = try #require(try store.active().packs.first?.entry(EntryName.router))
    try damage(entry, .flip)
    let repair = try store.repair(from: [UnverifiedPack(bytes: two, name: "two")])
    #expect(repair.mended == [])
    #expect(repair.left.map(\.digest) == [entry.digest])
    var broken = one
    broken[broken.count / 2] ^= 1
    #expect(throws: PackVerificationError.self) {
      try store.repair(from: [UnverifiedPack(bytes: broken, name: "broken")])
    }
    #expect(try store.verify().findings.map(\.digest) == [entry.digest])
  }

  // MARK: - A lost index

  enum Loss: String, CaseIterable { case gone, empty, noise, half, journalAlone, foreign, pages }

  private func lose(_ loss: Loss) throws {
    let file = database
    var data = try Data(contentsOf: file)
    switch loss {
    case .gone: return try FileManager.default.removeItem(at: file)
    case .journalAlone:
      return try FileManager.default.moveItem(
        at: file, to: directory.store.appending(path: "store.sqlite-journal"))
    case .foreign: return try execute("PRAGMA application_id = 7", on: file)
    case .empty: data.removeAll()
    case .noise: data = Data(repeating: 0x5A, count: data.count)
    case .half: data.removeLast(data.count / 2)
    case .pages: data.replaceSubrange(4096..<data.count, with: Data(count: data.count - 4096))
    }
    try data.write(to: file)
  }

  @Test(arguments: Loss.allCases)
  func `a lost index is refused with the way back, and made anew from the blobs`(
    loss: Loss
  ) throws {
    let before = try Store(at: directory.store).active().packs
    try lose(loss)
    let finding = try #require(diagnosis().findings.first)
    #expect(finding.weight == .damage)
    #expect(finding.remedy.contains("--rebuild"), "\(finding)")
    if loss != .pages && loss != .half {
      #expect(throws: StoreError.self) { try Store(at: directory.store) }
    }
    let rebuilt = try rebuild()
    #expect(rebuilt.generation.packs == before)
    #expect(rebuilt.passedOver == [])
    let store = try Store(at: directory.store)
    #expect(try store.active().packs == before)
    #expect(try !store.active().isProven)
    #expect(try store.trustRoot().keys.map(\.publicKey) == [kit.key.publicKey])
    try store.checkLaws()
    // It is a store like any other from here on.
    let older = try kit.archive("example/two", release: 1)
    #expect(throws: StoreError.self) { try store.install(older) }
    try store.remove("example/two")
    _ = try store.gc(keep: 1, graceSeconds: 0, now: .distantFuture)
    try store.checkLaws()
  }

  @Test func `of two releases the higher comes back, and the memory of it`() throws {
    try Store(at: directory.store).install(
      kit.archive("example/one", version: "1.1.0", release: 5, value: 3))
    try lose(.gone)
    let rebuilt = try rebuild()
    #expect(rebuilt.generation.packs.map(\.release) == [5, 2])
    #expect(rebuilt.passedOver.count == 1)
  }

  @Test func `a pack that is not whole is passed over, and its release remembered`() throws {
    let store = try Store(at: directory.store)
    let entry = try #require(
      try store.installedPack(named: "example/two").entry(EntryName.router))
    try damage(entry, .flip)
    try lose(.gone)
    let rebuilt = try rebuild()
    #expect(rebuilt.generation.packs.map(\.name.description) == ["example/one"])
    #expect(rebuilt.passedOver.first?.contains(entry.digest.hex) == true)
    let again = try Store(at: directory.store)
    let older = try kit.archive("example/two", release: 1)
    #expect(throws: StoreError.self) { try again.install(older) }
    try again.install(two)
    try again.checkLaws()
  }

  @Test func `without the key that signed them no pack comes back`() throws {
    try lose(.gone)
    let rebuilt = try rebuild(trusting: PackKit(seed: 9).key.publicKey)
    #expect(rebuilt.generation.packs == [])
    #expect(rebuilt.passedOver.count == 2)
  }

  @Test func `an index that is whole is not rebuilt, and no directory without blobs`() throws {
    let digest = try Store(at: directory.store).logicalDigest()
    #expect(throws: StoreError.indexWhole(store: directory.store.standardizedFileURL.path)) {
      try rebuild()
    }
    #expect(try Store(at: directory.store).logicalDigest() == digest)
    let empty = try TemporaryDirectory()
    #expect(throws: StoreError.self) {
      try StoreRebuild(of: empty.url, trust: [], by: "ada", at: "now")
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: empty.url.path) == [])
  }

  @Test func `an index from a backup that names blobs since gone is mended from the archive`()
    throws
  {
    let old = try Data(contentsOf: database)
    let store = try Store(at: directory.store)
    try store.remove("example/two")
    _ = try store.gc(keep: 1, graceSeconds: 0, now: .distantFuture)
    try old.write(to: database)
    #expect(diagnosis().isDamaged)
    let opened = try Store(at: directory.store)
    let repair = try opened.repair(from: [UnverifiedPack(bytes: two, name: "two")])
    #expect(repair.left == [] && repair.mended.count == 3)
    #expect(!diagnosis().isDamaged)
    try opened.checkLaws()
  }
}
