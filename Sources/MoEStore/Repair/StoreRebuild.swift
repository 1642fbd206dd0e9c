public import Foundation
import GRDB
import MoEBase
public import MoEPackFormat

/// What a rebuild of a lost index came to.
public struct StoreRebuild: Sendable, Equatable {
  /// The generation that holds what was found, active from now on.
  public let generation: Generation
  /// The packs that could not be taken, and why, a sentence each.
  public let passedOver: [String]

  /// Makes the index of a store anew from its blobs, where it is lost or damaged.
  ///
  /// ```
  /// lock → hash every blob → envelopes → verify against `trust` and `roots` → a new index in staging
  ///      → the old index aside, as store.sqlite.damaged → rename → fsync
  /// ```
  ///
  /// Which packs were installed, who trusted whom, and the history are lost with the index. So every
  /// envelope is verified again, and generation 1, unproven, holds of each name the highest release whose
  /// files are all whole. The rollback memory is the highest release of any envelope that verifies.
  ///
  /// - Parameters:
  ///   - directory: The store's directory.
  ///   - trust: The keys to trust from now on.
  ///   - roots: The versions of the signed trust root, oldest first; what the last one revokes is not taken.
  ///   - actor: Who does it, for the history.
  ///   - time: The time now, in ISO 8601.
  ///   - options: How to work with it.
  /// - Throws: `TrustError` where a root does not follow the one before, ``StoreError/indexWhole(store:)`` where nothing is to be rebuilt, or what the disk refuses.
  public init(
    of directory: URL, trust: [TrustRecord], roots: [UnverifiedRoot] = [], by actor: String,
    at time: String, options: StoreOptions = StoreOptions()
  ) throws {
    let roots = try roots.reduce(into: [SignedRoot]()) { known, next in
      known.append(
        try known.last.map { try next.verified(after: $0) } ?? next.verifiedFirst())
    }
    let layout = StoreLayout(root: directory.standardizedFileURL.path)
    (generation, passedOver) = try StoreError.translating(layout, .unchanged) {
      guard Store.holdsBlobs(layout) else {
        throw StoreError.notAStore(path: layout.root, reason: "there are no blobs in it")
      }
      // Opened for writing, so that the journal of a process that died is played back.
      let hasIndex = try FileStatus(layout.database) != nil
      guard Self.isNeeded(directory, hasIndex ? .automatic : .readOnly, options) else {
        throw StoreError.indexWhole(store: layout.root)
      }
      let lock = try StoreLock(layout, options: options)
      defer { lock.release() }
      guard Self.isNeeded(directory, .readOnly, options) else {
        throw StoreError.indexWhole(store: layout.root)
      }
      // Without a time: an expired root takes nothing away that was installed.
      let found = try FoundPacks(
        layout, trust: TrustRoot(keys: trust.map(\.key), signed: roots.last))
      let generation = Generation(
        id: 1, parent: 0, createdAt: time, actor: actor,
        action: "rebuild from \(found.installed.count) packs in the blobs", reason: nil,
        isProven: false,
        report: nil, threshold: Generation.defaultThreshold, precision: .f32, isKept: true,
        packs: found.installed)
      try Self.write(generation, found, trust, roots, at: time, layout, options.fileSystem)
      return (generation, found.passedOver)
    }
  }

  /// Whether the index cannot be opened, or is damaged in itself.
  private static func isNeeded(
    _ directory: URL, _ access: Store.Access, _ options: StoreOptions
  ) -> Bool {
    do {
      let store = try Store(at: directory, access: access, options: options)
      _ = try store.history()
      return try store.read { try !$0.problems().isEmpty }
    } catch let error as StoreError {
      switch error {
      case .databaseLost, .corrupt, .notAStore: return true
      default: return false
      }
    } catch { return false }
  }

  private static func write(
    _ generation: Generation, _ found: FoundPacks, _ trust: [TrustRecord], _ roots: [SignedRoot],
    at time: String, _ layout: StoreLayout, _ files: any FileSystem
  ) throws {
    for path in layout.directories.dropFirst() { try files.ensureDirectory(path) }
    let workplace = StoreLayout(root: "\(layout.staging)/rebuild")
    try files.removeTree(workplace.root)
    try files.makeDirectory(workplace.root, mode: 0o700)
    let queue = try StoreSchema.open(workplace, isReadOnly: false)
    try StoreSchema.migrate(queue)
    try queue.write { database in
      let index = StoreIndex(database: database, layout: layout)
      for record in trust { _ = try index.insert(record) }
      for root in roots { try index.insert(root, at: time) }
      for pack in found.installed { try index.insert(pack) }
      for pack in found.seen { try index.rememberRelease(of: pack) }
      try index.insert(generation)
    }
    try queue.close()
    try files.synchronizeFile(workplace.database)
    // An old journal beside a new index would be played back into it.
    for (old, aside) in [
      (layout.journal, layout.damagedJournal), (layout.database, layout.damaged),
    ]
    where access(old, F_OK) == 0 { try files.rename(old, to: aside) }
    try files.synchronizeDirectory(layout.root)
    try files.rename(workplace.database, to: layout.database)
    try files.synchronizeDirectory(layout.root)
    try? files.removeTree(workplace.root)
  }
}

/// The packs whose envelopes lie among the blobs of a store.
private struct FoundPacks {
  /// Every pack whose envelope verifies; files may be missing.
  private(set) var seen: [InstalledPack] = []
  /// Of each name the highest release that is whole, ordered by the bytes of their names.
  private(set) var installed: [InstalledPack] = []
  /// What was not taken, and why.
  private(set) var passedOver: [String] = []

  init(_ layout: StoreLayout, trust: TrustRoot) throws {
    let blobs = BlobDirectory(layout: layout, files: PosixFileSystem())
    var whole: [InstalledPack] = []
    for blob in try blobs.all() where blob.status.size <= ArchiveLimits().envelopeBytes {
      let path = layout.blob(blob.digest)
      guard let bytes = try? Array(Data(contentsOf: URL(fileURLWithPath: path))),
        bytes.first == UInt8(ascii: "{"), Digest(of: bytes) == blob.digest,
        let envelope = try? Envelope(parsing: bytes, archive: path),
        let claimed = try? envelope.unverifiedManifest()
      else { continue }
      let label = "\(claimed.manifest.pack) \(claimed.manifest.version)"
      do {
        let pack = Self.pack(
          try envelope.verifiedManifest(by: trust), (blob.digest, bytes.count), layout)
        seen.append(pack)
        let missing = try pack.entries.first { try !blobs.holds($0.digest, size: $0.size) }
        if let missing {
          passedOver.append("\(label): \(missing.name), blob \(missing.digest), is not whole")
        } else {
          whole.append(pack)
        }
      } catch let error as PackVerificationError {
        passedOver.append("\(label): \(error.message)")
      }
    }
    choose(among: whole)
  }

  private mutating func choose(among whole: [InstalledPack]) {
    // Of two envelopes of one pack, the one with more trusted signatures.
    let best = whole.sorted {
      ($0.release, $0.signers.count, $0.digest) > ($1.release, $1.signers.count, $1.digest)
    }
    for pack in best {
      if installed.contains(where: { $0.name == pack.name }) {
        passedOver.append("\(pack.label): a higher release, or another envelope, was taken")
      } else {
        installed.append(pack)
      }
    }
    installed.sort {
      $0.name.description.utf8.lexicographicallyPrecedes($1.name.description.utf8)
    }
  }

  private static func pack(
    _ verified: VerifiedManifest, _ envelope: (digest: Digest, size: Int), _ layout: StoreLayout
  ) -> InstalledPack {
    let manifest = verified.manifest
    return InstalledPack(
      digest: verified.digest, name: manifest.pack, version: manifest.version,
      release: manifest.release, signers: verified.keyIDs.map(\.description).sorted(),
      envelope: InstalledEntry(
        name: EntryName.envelope, size: envelope.size, digest: envelope.digest,
        path: layout.blob(envelope.digest)),
      entries: manifest.entries.map { entry in
        InstalledEntry(
          name: entry.name, size: entry.size, digest: entry.digest,
          path: layout.blob(entry.digest))
      })
  }
}
