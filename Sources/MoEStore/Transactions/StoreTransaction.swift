public import MoEBase
public import Foundation
public import MoEPackFormat

/// A change being made: packs are staged, added and removed, and the candidate generation is tried.
///
/// Lives only as long as the body given to ``Store/change(by:at:isDryRun:_:)``, on its thread. Nothing
/// it does is visible to others before the body returns.
public final class StoreTransaction {
  /// The generation that is active.
  public let active: Generation
  /// The packs of the generation that would be, ordered by the bytes of their names.
  ///
  /// The URLs of their entries can be opened now, in a dry run too.
  public private(set) var candidate: [InstalledPack]
  /// The threshold of the generation that would be.
  public private(set) var threshold: Double
  /// The precision of the generation that would be.
  public private(set) var precision: Precision
  /// What was done so far, one sentence each; together they become the generation's action.
  public private(set) var actions: [String] = []

  /// The packs that came in.
  private(set) var added: [InstalledPack] = []
  /// The largest weights of the packs that came in.
  private(set) var magnitudes: [Digest: [TensorMagnitude]] = [:]
  /// The blobs that came in and that no generation names yet.
  private(set) var placed: Set<Digest> = []

  private let store: Store
  private var pins: Set<String>
  private let staging: String
  private let time: String
  private let isDryRun: Bool
  private var stagedCount = 0

  init(
    _ store: Store, active: Generation, pins: Set<String>, staging: String, time: String,
    isDryRun: Bool
  ) {
    self.store = store
    self.active = active
    self.pins = pins
    self.staging = staging
    self.time = time
    self.isDryRun = isDryRun
    candidate = active.packs
    threshold = active.threshold
    precision = active.precision
  }

  /// What this store trusts at the time of the change.
  ///
  /// - Throws: ``StoreError`` when the index cannot be read.
  public func trustRoot() throws -> TrustRoot { try store.trustRoot(at: time) }

  /// Lets pinned packs change, for a question what would be.
  ///
  /// - Precondition: the change is a dry run.
  public func ignorePins() {
    precondition(isDryRun, "a pin is set aside only where nothing is changed")
    pins = []
  }

  /// Makes an empty directory for one pack to be unpacked into; it goes when the change ends.
  ///
  /// - Throws: ``StoreError`` when it cannot be made.
  public func makeStagingDirectory() throws -> URL {
    try translating {
      let files = store.options.fileSystem
      try files.ensureDirectory(staging)
      stagedCount += 1
      let path = "\(staging)/\(stagedCount)"
      try files.makeDirectory(path, mode: 0o700)
      return URL(fileURLWithPath: path, isDirectory: true)
    }
  }

  /// Adds a verified pack to the candidate, in place of a lower release of the same name.
  ///
  /// Its files are brought to the disk, then moved to their blob names, then the names are brought to
  /// the disk. A dry run leaves them in staging.
  ///
  /// - Parameters:
  ///   - pack: The pack, unpacked into a directory of ``makeStagingDirectory()``.
  ///   - allowsDowngrade: Whether a release that does not rise is taken; the generation's action says so.
  /// - Returns: The pack as it would be installed.
  /// - Throws: ``StoreError/alreadyInstalled(pack:digest:)``, ``StoreError/pinned(pack:)``,
  ///   ``StoreError/lowerRelease(pack:release:highest:)``,
  ///   ``StoreError/sameRelease(pack:release:seen:got:)``, or what the disk refuses.
  @discardableResult
  public func install(
    _ pack: VerifiedPack, allowsDowngrade: Bool = false
  ) throws -> InstalledPack {
    let manifest = pack.manifest
    let label = "\(manifest.pack) \(manifest.version)"
    let name = manifest.pack.description
    let replaced = candidate.first { $0.name.description.utf8.elementsEqual(name.utf8) }
    if replaced?.digest == pack.digest {
      throw StoreError.alreadyInstalled(pack: label, digest: pack.digest)
    }
    if let replaced { try checkPin(of: replaced) }
    var seen = try store.read { try $0.highestRelease(of: manifest.pack) }
    if let replaced, replaced.release > seen?.release ?? .min {
      seen = (replaced.release, replaced.digest)
    }
    let rises = try seen.map { seen in
      try Self.rises(pack, label: label, over: seen, allowsDowngrade: allowsDowngrade)
    }
    let installed = try translating { try ingest(pack) }
    put(installed, inPlaceOf: replaced)
    added.append(installed)
    magnitudes[pack.digest] = pack.contents.magnitudes
    let verb = rises == false ? "downgrade" : replaced == nil ? "install" : "upgrade"
    actions.append("\(verb) \(label) (release \(manifest.release)\(pack.assurance.remark))")
    return installed
  }

  /// Takes a pack out of the candidate.
  ///
  /// - Throws: ``StoreError/notInstalled(name:nearest:)``, ``StoreError/pinned(pack:)``.
  @discardableResult
  public func remove(_ name: String) throws -> InstalledPack {
    let pack = try Store.pack(named: name, in: candidate)
    try checkPin(of: pack)
    candidate.removeAll { $0.digest == pack.digest }
    actions.append("remove \(pack.label) (release \(pack.release))")
    return pack
  }

  /// Sets how probable a pack must be to answer; the threshold that is there already is no change.
  ///
  /// - Precondition: 0 < threshold < 1.
  public func set(threshold: Double) {
    precondition(threshold > 0 && threshold < 1, "a probability that is neither 0 nor 1")
    guard threshold != self.threshold else { return }
    self.threshold = threshold
    actions.append("set threshold to \(threshold)")
  }

  /// Sets the precision that packs answer in; the one that is there already is no change.
  public func set(precision: Precision) {
    guard precision != self.precision else { return }
    self.precision = precision
    actions.append("set precision to \(precision.rawValue)")
  }

  /// Makes the candidate the set of an earlier generation, with its threshold and precision.
  ///
  /// Older releases may come back by it; the rollback memory stays as it is. What is revoked does not.
  ///
  /// - Throws: ``StoreError/noGeneration(id:newest:)``,
  ///   ``StoreError/generationDropped(id:oldestKept:)``, ``StoreError/pinned(pack:)``, ``StoreError/revoked(pack:subject:reason:)``, or
  ///   ``StoreError/corrupt(_:)`` when a blob of that generation is missing.
  public func restore(generation id: Int) throws {
    let generation = try store.generation(id)
    let digests = Set(generation.packs.map(\.digest))
    for pack in candidate where !digests.contains(pack.digest) { try checkPin(of: pack) }
    try checkReturn(of: generation.packs)
    candidate = generation.packs
    threshold = generation.threshold
    precision = generation.precision
    actions.append("rollback to generation \(id)")
  }

  /// Takes a pack that a kept generation holds into the candidate again, in place of another of its name.
  ///
  /// As at a rollback, an older release may come back by it, and what is revoked does not.
  ///
  /// - Returns: The pack; `nil` where no kept generation holds it.
  /// - Throws: ``StoreError/pinned(pack:)``, ``StoreError/revoked(pack:subject:reason:)`` or
  ///   ``StoreError/corrupt(_:)``.
  public func reinstate(_ digest: Digest) throws -> InstalledPack? {
    guard let pack = try store.read({ try $0.keptPacks() }).first(where: { $0.digest == digest })
    else { return nil }
    try checkReturn(of: [pack])
    let replaced = candidate.first { $0.name == pack.name }
    if let replaced, replaced.digest != digest { try checkPin(of: replaced) }
    put(pack, inPlaceOf: replaced)
    actions.append("reinstate \(pack.label) (release \(pack.release))")
    return pack
  }

  // MARK: - Inside

  private func put(_ pack: InstalledPack, inPlaceOf replaced: InstalledPack?) {
    candidate.removeAll { $0.digest == replaced?.digest }
    candidate.append(pack)
    candidate.sort { $0.name.description.utf8.lexicographicallyPrecedes($1.name.description.utf8) }
  }

  /// Refuses to change a pack that is pinned.
  private func checkPin(of pack: InstalledPack) throws {
    if pins.contains(pack.name.description) { throw StoreError.pinned(pack: pack.label) }
  }

  /// Refuses packs that are revoked or of which something is missing.
  private func checkReturn(of packs: [InstalledPack]) throws {
    let trust = try trustRoot()
    for pack in packs {
      if let revocation = pack.withdrawal(by: trust) {
        throw StoreError.revoked(
          pack: pack.label, subject: revocation.subject.description, reason: revocation.reason)
      }
      for entry in [pack.envelope] + pack.entries
      where try translating({ try FileStatus(entry.url.path)?.size }) != entry.size {
        throw StoreError.corrupt(["\(pack.label): \(entry.name), blob \(entry.digest), is missing"])
      }
    }
  }

  /// Whether the release rises over what the store has seen; throws when it must and does not.
  private static func rises(
    _ pack: VerifiedPack, label: String, over seen: (release: Int, pack: Digest),
    allowsDowngrade: Bool
  ) throws -> Bool {
    let release = pack.manifest.release
    if release > seen.release || pack.digest == seen.pack { return true }
    if allowsDowngrade { return false }
    throw release == seen.release
      ? StoreError.sameRelease(pack: label, release: release, seen: seen.pack, got: pack.digest)
      : StoreError.lowerRelease(pack: label, release: release, highest: seen.release)
  }

  private func ingest(_ pack: VerifiedPack) throws -> InstalledPack {
    let staged = [pack.contents.envelope] + pack.contents.entries
    let blobs = BlobDirectory(layout: store.layout, files: store.options.fileSystem)
    var arriving: [StagedEntry] = []
    var arrivingDigests: Set<Digest> = []
    for entry in staged where !arrivingDigests.contains(entry.digest) {
      if try isKept(entry, blobs) { continue }
      arrivingDigests.insert(entry.digest)
      arriving.append(entry)
    }
    if !isDryRun { try place(arriving, blobs) }
    let entries = staged.map { entry in
      let isStaged = isDryRun && arrivingDigests.contains(entry.digest)
      return InstalledEntry(
        name: entry.name, size: entry.size, digest: entry.digest,
        path: isStaged ? entry.url.path : store.layout.blob(entry.digest))
    }
    return InstalledPack(
      digest: pack.digest, name: pack.manifest.pack, version: pack.manifest.version,
      release: pack.manifest.release,
      signers: pack.keyIDs.map(\.description).sorted {
        $0.utf8.lexicographicallyPrecedes($1.utf8)
      },
      envelope: entries[0], entries: Array(entries.dropFirst()))
  }

  /// Whether the blob of that name may stay, or the staged file has to take its place.
  ///
  /// It may if a kept generation names it, or it came in with this very change, and its bytes are right.
  /// Any other may be the remains of a change that failed, whose name or bytes never reached the disk.
  private func isKept(_ entry: StagedEntry, _ blobs: BlobDirectory) throws -> Bool {
    if placed.contains(entry.digest) { return true }
    guard try store.read({ try $0.isReferenced(entry.digest) }) else { return false }
    return (try? blobs.holds(entry.digest, size: entry.size)) ?? false
  }

  private func place(_ arriving: [StagedEntry], _ blobs: BlobDirectory) throws {
    for entry in arriving {
      try blobs.files.setMode(entry.url.path, 0o444)
      try blobs.files.synchronizeFile(entry.url.path)
    }
    for entry in arriving {
      // A damaged blob that a generation names is mended, and stays when the change is given up.
      let isNew = try !store.read { try $0.isReferenced(entry.digest) }
      try blobs.place(entry.url.path, as: entry.digest)
      if isNew { placed.insert(entry.digest) }
    }
    try blobs.synchronize(arriving.map(\.digest))
  }

  private func translating<Result>(_ body: () throws -> Result) throws -> Result {
    try StoreError.translating(store.layout, .unchanged, body)
  }
}
