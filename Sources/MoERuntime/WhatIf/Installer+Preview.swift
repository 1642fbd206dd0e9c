public import Foundation
import MoEBase
import MoEModel
public import MoEPackFormat
public import MoEStore

extension Installer {
  /// A change that is looked at and not made.
  public struct Preview: Sendable {
    /// What answers now.
    public let active: Composition
    /// What would.
    public let candidate: Composition
    /// The packs of the active generation.
    public let activePacks: [InstalledPack]
    /// The packs of the candidate.
    public let candidatePacks: [InstalledPack]
    /// The packs that would come in.
    public let arriving: [InstalledPack]
    /// The packs that would be taken out by name.
    public let leaving: [InstalledPack]
    /// The profile's neutral texts.
    public let probes: [String]

    /// The packs of both, each digest once: those of the candidate first.
    public var allPacks: [InstalledPack] {
      let digests = Set(candidatePacks.map(\.digest))
      return candidatePacks + activePacks.filter { !digests.contains($0.digest) }
    }
  }

  /// Composes what a change would make, shows it to `body`, and gives everything up.
  ///
  /// Packs come in by the same verification as in ``install(_:_:)``; no suite runs, and pins do not hold:
  /// nothing is changed.
  ///
  /// - Parameters:
  ///   - archives: The packs that would come in.
  ///   - names: The packs that would be taken out, before the others come in.
  ///   - change: Who asks, when, and whether a release may fall.
  ///   - body: Looks at it; the files of arriving packs are there only as long as it runs.
  /// - Returns: What `body` returned, and what level `warn` let pass.
  /// - Throws: `PackVerificationError`, ``RuntimeError``, `StoreError`, `BackboneError`, or what `body` throws.
  public func preview<Result>(
    adding archives: [URL], removing names: [String], _ change: Change,
    _ body: (Preview) throws -> Result
  ) throws -> (result: Result, warnings: [PackVerificationError]) {
    try Self.checkOnce(names.map { ($0, $0) })
    // Both sides answer, so the backbone is loaded.
    var change = change
    change.checking = .suite
    var warnings: [PackVerificationError] = []
    var result: Result?
    try store.change(by: change.actor, at: change.time, isDryRun: true) { [change] transaction in
      transaction.ignorePins()
      let leaving = try names.map { try transaction.remove($0) }
      let staged = try stage(archives, in: transaction, change)
      warnings = staged.warnings
      guard case .loaded(let ground) = staged.footing else {
        preconditionFailure("a change that is proven loads the backbone")
      }
      func composition(_ packs: [InstalledPack], _ generation: Int) throws -> Composition {
        try Composition(
          backbone: ground.backbone, profile: ground.profile,
          generation: generation, packs: packs,
          dispatcher: Dispatcher(threshold: transaction.threshold))
      }
      let active = transaction.active
      result = try body(
        Preview(
          active: try composition(active.packs, active.id),
          candidate: try composition(transaction.candidate, active.id + 1),
          activePacks: active.packs, candidatePacks: transaction.candidate,
          arriving: staged.packs, leaving: leaving, probes: ground.probes))
      return .unproven
    }
    guard let result else { preconditionFailure("a change runs its body or throws") }
    return (result, warnings)
  }
}
