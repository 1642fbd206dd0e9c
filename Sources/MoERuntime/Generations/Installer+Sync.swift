public import Foundation
import MoEBase
import MoEModel
import MoEPackFormat
import MoEStore

extension Installer {
  /// Makes the store serve exactly what a lock file names, in one generation.
  ///
  /// What is installed stays; what a kept generation holds comes back as at a rollback; the rest comes in
  /// from `archives`, by the same verification as in ``install(_:_:)``. What the lock file does not name is
  /// removed, and its threshold and precision are set.
  ///
  /// - Parameters:
  ///   - lock: What to serve.
  ///   - archives: Where packs may come from; files of other packs are passed over.
  ///   - change: Who changes, when and how.
  /// - Returns: The generation, and what came in.
  /// - Throws: ``LockError``, and what ``install(_:_:)`` and ``restore(generation:_:)`` throw.
  public func sync(_ lock: LockFile, from archives: [URL], _ change: Change) throws -> Outcome {
    var warnings: [PackVerificationError] = []
    var outcome = try run(change) { transaction in
      transaction.set(precision: lock.precision)
      let footing = try footing(
        Manifest.Backbone(name: lock.backboneName, digest: lock.backbone), transaction, change)
      try lock.check(footing.outline)
      let locked = Set(lock.packs.map(\.digest))
      let names = Set(lock.packs.map(\.name))
      for pack in transaction.candidate where !names.contains(pack.name) {
        try transaction.remove(pack.name.description)
      }
      var missing: [LockFile.Pack] = []
      var arrived: [InstalledPack] = []
      for pack in lock.packs
      where !transaction.active.packs.contains(where: { $0.digest == pack.digest }) {
        if let back = try transaction.reinstate(pack.digest) {
          arrived.append(back)
        } else {
          missing.append(pack)
        }
      }
      if !missing.isEmpty {
        let files = try lock.files(of: missing, among: archives, limits: limits)
        let staged = try stage(files, in: transaction, change)
        warnings = staged.warnings
        arrived += staged.packs
      }
      transaction.set(threshold: lock.threshold)
      // The files were read twice: what came in is held to the lock file once more.
      let got = Composition.digest(
        backbone: footing.outline.backbone.digest, profile: lock.profile,
        packs: transaction.candidate.map(\.digest), precision: transaction.precision,
        dispatcher: Dispatcher(threshold: transaction.threshold))
      guard Set(transaction.candidate.map(\.digest)) == locked, got == lock.composition else {
        throw LockError.otherComposition(locked: lock.composition, got: got)
      }
      return (footing, arrived)
    }
    outcome.warnings = warnings
    return outcome
  }
}

extension LockFile {
  /// Refuses a lock file that was written for another backbone, profile or gate.
  fileprivate func check(_ ground: Installer.Outline) throws(LockError) {
    guard backbone == ground.backbone.digest else {
      throw .otherGround(
        what: "backbone", locked: "`\(backboneName)` (\(backbone))",
        got: "`\(ground.backbone.name)` (\(ground.backbone.digest))")
    }
    guard gateVersion == Dispatcher.gateVersion else {
      throw .otherGround(
        what: "version of the gate", locked: "\(gateVersion)", got: "\(Dispatcher.gateVersion)")
    }
    if let profile, let known = ground.profile, profile != known {
      throw .otherGround(what: "backbone profile", locked: "\(profile)", got: "\(known)")
    }
  }

  /// The file of each pack, found by the digest that its envelope claims.
  fileprivate func files(
    of packs: [Pack], among archives: [URL], limits: ArchiveLimits
  ) throws(LockError) -> [URL] {
    let claims = archives.compactMap { archive in
      (try? UnverifiedPack(url: archive, limits: limits).inspect()).map { (archive, $0) }
    }
    var files: [URL] = []
    for pack in packs {
      if let (file, _) = claims.first(where: { $0.1.digest == pack.digest }) {
        files.append(file)
        continue
      }
      let likeness = claims.first { claim in
        claim.1.manifest.pack == pack.name && claim.1.manifest.release == pack.release
      }
      if let (file, claim) = likeness {
        throw .packDiffers(
          pack: pack.label, locked: pack.digest, file: file.relativePath, got: claim.digest)
      }
      throw .packMissing(pack: pack.label, digest: pack.digest, places: archives.count)
    }
    return files
  }
}
