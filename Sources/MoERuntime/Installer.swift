public import Foundation
public import MoEBase
public import MoEModel
public import MoEPackFormat
public import MoEStore
public import MoETensor

/// Changes which packs are installed, each change proven by the regression suite before it counts.
///
/// ```
/// install  verify by the store's trust → fits the backbone? → candidate composition, from staged files
///          → regression suite → generation g+1
/// ```
///
/// Whatever is refused leaves the store as it was.
public struct Installer: Sendable {
  /// What a change is held to where nothing is computed.
  public struct Outline: Sendable {
    /// The backbone of the store.
    public let backbone: BackboneOutline
    /// The digest of its profile; `nil` where nothing says.
    public let profile: Digest?

    /// Makes an outline.
    public init(backbone: BackboneOutline, profile: Digest?) {
      self.backbone = backbone
      self.profile = profile
    }
  }

  /// What the suite needs.
  public struct Ground: Sendable {
    /// The backbone of the store.
    public let backbone: Backbone
    /// The digest of its profile; `nil` where it has none, which the suite does not allow.
    public let profile: Digest?
    /// The profile's neutral texts.
    public let probes: [String]

    /// Makes the ground.
    public init(backbone: Backbone, profile: Digest?, probes: [String]) {
      self.backbone = backbone
      self.profile = profile
      self.probes = probes
    }

    /// Backbone and profile, without the weights.
    public var outline: Outline { Outline(backbone: backbone.outline, profile: profile) }
  }

  /// Whether a change is proven.
  public enum Checking: Sendable {
    /// The regression suite must pass.
    case suite
    /// What arrives is loaded, the backbone is not, and the generation is marked unproven.
    case none
  }

  /// Who changes what, when, and how.
  public struct Change: Sendable {
    /// Who, for the history.
    public var actor: String
    /// When, in ISO 8601.
    public var time: String
    /// Why, in the operator's words, for the history.
    public var reason: String?
    /// Whether the change is proven.
    public var checking: Checking
    /// Whether everything is given up at the end.
    public var isDryRun: Bool
    /// Whether a release that does not rise is taken.
    public var allowsDowngrade: Bool
    /// Whether what packs declare of each other is passed over.
    public var isForced = false
    /// What the suite lets pass.
    public var limits: GateLimits

    /// Makes a change.
    public init(
      actor: String, time: String, reason: String? = nil, checking: Checking = .suite,
      isDryRun: Bool = false, allowsDowngrade: Bool = false, limits: GateLimits = GateLimits()
    ) {
      self.actor = actor
      self.time = time
      self.reason = reason
      self.checking = checking
      self.isDryRun = isDryRun
      self.allowsDowngrade = allowsDowngrade
      self.limits = limits
    }
  }

  /// What a change came to.
  public struct Outcome: Sendable {
    /// The generation that is active now; of a dry run, the one that would be.
    public let generation: Generation
    /// The packs that came or went.
    public let packs: [InstalledPack]
    /// What the suite measured; `nil` where it was not run.
    public let report: SuiteReport?
    /// What is wrong with the signatures of packs that came in at level `warn`.
    public var warnings: [PackVerificationError] = []
  }

  let store: Store
  let limits: ArchiveLimits
  let ground: @Sendable (Manifest.Backbone?, Precision) throws -> Ground
  let outline: @Sendable (Manifest.Backbone?) throws -> Outline
  let pool: ThreadPool
  let progress: ProgressHandler

  /// Makes an installer.
  ///
  /// - Parameters:
  ///   - store: The store to change.
  ///   - pool: The threads that share the work.
  ///   - limits: What an archive may be.
  ///   - progress: Told how far it is.
  ///   - outline: Tells of the backbone of the store, or, where that is empty, of the one that what comes in
  ///     was made for, which it is told; asked for what is not proven.
  ///   - ground: Loads that backbone in the precision that the generation will have; called at most once a change,
  ///     and not for what needs none.
  public init(
    store: Store, pool: ThreadPool, limits: ArchiveLimits = ArchiveLimits(),
    progress: @escaping ProgressHandler = { _ in },
    outlineFor outline: @escaping @Sendable (Manifest.Backbone?) throws -> Outline,
    groundFor ground: @escaping @Sendable (Manifest.Backbone?, Precision) throws -> Ground
  ) {
    self.store = store
    self.pool = pool
    self.limits = limits
    self.progress = progress
    self.outline = outline
    self.ground = ground
  }

  /// Makes an installer that has one backbone only.
  public init(
    store: Store, pool: ThreadPool, limits: ArchiveLimits = ArchiveLimits(),
    progress: @escaping ProgressHandler = { _ in },
    ground: @escaping @Sendable () throws -> Ground
  ) {
    self.init(
      store: store, pool: pool, limits: limits, progress: progress,
      outlineFor: { _ in try ground().outline }, groundFor: { _, _ in try ground() })
  }

  /// Installs or upgrades packs, all or none.
  ///
  /// A pack that takes the place of others of its own namespace takes them out.
  ///
  /// - Throws: `PackVerificationError`, ``RuntimeError``, ``RelationError``, ``RegressionError``, `StoreError`,
  ///   `BackboneError`.
  public func install(_ archives: [URL], _ change: Change) throws -> Outcome {
    var warnings: [PackVerificationError] = []
    var outcome = try run(change) { transaction in
      let staged = try stage(archives, in: transaction, change)
      warnings = staged.warnings
      return (staged.footing, staged.packs)
    }
    outcome.warnings = warnings
    return outcome
  }

  /// Verifies archives by the store's trust, holds them to the backbone, and adds them to the candidate.
  ///
  /// - Returns: The backbone, the packs, and what is wrong with signatures that level `warn` let pass.
  func stage(
    _ archives: [URL], in transaction: StoreTransaction, _ change: Change
  ) throws -> (footing: Footing, packs: [InstalledPack], warnings: [PackVerificationError]) {
    var warnings: [PackVerificationError] = []
    let trust = try transaction.trustRoot()
    let verified = try archives.map { archive in
      progress(WorkProgress(stage: "verifying \(archive.lastPathComponent)", done: 0, total: 0))
      return try UnverifiedPack(url: archive, limits: limits)
        .verified(by: trust, staging: try transaction.makeStagingDirectory())
    }
    let names = verified.map { "\($0.manifest.pack) \($0.manifest.version)" }
    try Self.checkOnce(zip(names, verified.map(\.digest)).map { ($0, $1.hex) })
    for (name, pack) in zip(names, verified) {
      guard case .tolerated(.warn, let reason) = pack.assurance else { continue }
      warnings.append(PackVerificationError(name, reason))
    }
    let footing = try footing(verified.first?.manifest.backbone, transaction, change)
    let installed = try verified.map { pack in
      try pack.manifest.checkCompatibility(
        with: footing.outline.backbone, profile: footing.outline.profile)
      return try transaction.install(pack, allowsDowngrade: change.allowsDowngrade)
    }
    for pack in verified {
      let own = pack.manifest.supersedes.filter { $0.namespace == pack.manifest.pack.namespace }
      for name in own where transaction.candidate.contains(where: { $0.name == name }) {
        try transaction.remove(name.description)
      }
    }
    return (footing, installed, warnings)
  }

  /// What a change stands on: the backbone, loaded where answers are computed.
  enum Footing: Sendable {
    case outlined(Outline)
    case loaded(Ground)

    var outline: Outline {
      switch self {
      case .outlined(let outline): outline
      case .loaded(let ground): ground.outline
      }
    }
  }

  /// The backbone, as far as the change needs it.
  func footing(
    _ backbone: Manifest.Backbone?, _ transaction: StoreTransaction, _ change: Change
  ) throws -> Footing {
    switch change.checking {
    case .suite: .loaded(try ground(backbone, transaction.precision))
    case .none: .outlined(try outline(backbone))
    }
  }

  /// Removes packs, all or none.
  ///
  /// - Throws: ``RegressionError``, ``RelationError``, `StoreError`, ``RuntimeError/namedTwice(pack:)``.
  public func remove(_ names: [String], _ change: Change) throws -> Outcome {
    try Self.checkOnce(names.map { ($0, $0) })
    return try run(change) { transaction in
      (nil, try names.map { try transaction.remove($0) })
    }
  }

  /// Makes the set of an earlier generation the active one again, as a new generation.
  ///
  /// - Throws: ``RegressionError``, `StoreError`.
  public func restore(generation id: Int, _ change: Change) throws -> Outcome {
    try run(change) { transaction in
      try transaction.restore(generation: id)
      return (nil, [])
    }
  }

  /// Sets how probable a pack must be to answer in this store, 0 … 1, both excluded.
  ///
  /// - Throws: ``RegressionError``, `StoreError`.
  public func set(threshold: Double, _ change: Change) throws -> Outcome {
    try run(change) { transaction in
      transaction.set(threshold: threshold)
      return (nil, [])
    }
  }

  /// Sets the precision that the packs of this store answer in.
  ///
  /// - Throws: ``RegressionError``, `StoreError`, `BackboneError`.
  public func set(precision: Precision, _ change: Change) throws -> Outcome {
    try run(change) { transaction in
      transaction.set(precision: precision)
      return (nil, [])
    }
  }

  /// Refuses a list that names one thing twice, by its bytes.
  static func checkOnce(_ packs: [(name: String, key: String)]) throws {
    var seen: Set<[UInt8]> = []
    for pack in packs where !seen.insert(Array(pack.key.utf8)).inserted {
      throw RuntimeError.namedTwice(pack: pack.name)
    }
  }

  func run(
    _ change: Change,
    _ body: (StoreTransaction) throws -> (Footing?, [InstalledPack])
  ) throws -> Outcome {
    var packs: [InstalledPack] = []
    var suite: RegressionSuite?
    var report: SuiteReport?
    // What was computed of packs that were there before serves the next try too.
    defer { suite?.saveEvidence(candidatePassed: report != nil && !change.isDryRun) }
    let generation = try store.change(
      by: change.actor, at: change.time, because: change.reason, isDryRun: change.isDryRun
    ) { transaction in
      let footing: Footing?
      (footing, packs) = try body(transaction)
      if !change.isForced {
        try PackRelations(transaction.candidate)
          .check(after: PackRelations(transaction.active.packs))
      }
      guard !transaction.candidate.isEmpty || change.checking == .none else {
        report = SuiteReport(packs: [], probes: 0, compared: 0, limits: change.limits)
        return Verdict.proven(report?.json)
      }
      suite = try candidate(transaction, footing, arrived: packs, change)
      report = try suite?.run()
      return report.map { Verdict.proven($0.json) } ?? .unproven
    }
    return Outcome(generation: generation, packs: packs, report: report)
  }

  /// Loads the candidate; returns the suite that is to be run on it, or `nil` where none is.
  private func candidate(
    _ transaction: StoreTransaction, _ footing: Footing?, arrived: [InstalledPack],
    _ change: Change
  ) throws -> RegressionSuite? {
    func mounted(_ pack: InstalledPack, _ outline: Outline) throws -> MountedPack {
      try MountedPack(pack, backbone: outline.backbone, profile: outline.profile)
    }
    guard change.checking == .suite else {
      // What arrives must load; what was there has been loaded before.
      if let footing { for pack in arrived { _ = try mounted(pack, footing.outline) } }
      return nil
    }
    let ground: Ground
    if case .loaded(let known)? = footing {
      ground = known
    } else {
      ground = try self.ground(nil, transaction.precision)
    }
    var loaded: [Digest: MountedPack] = [:]
    for pack in transaction.candidate { loaded[pack.digest] = try mounted(pack, ground.outline) }
    // A damaged pack must not stand in the way of its own removal.
    for pack in transaction.active.packs where loaded[pack.digest] == nil {
      loaded[pack.digest] = try? mounted(pack, ground.outline)
    }
    // Both at the candidate's threshold and precision, so that only packs make a difference.
    let dispatcher = Dispatcher(threshold: transaction.threshold)
    func composition(_ packs: [InstalledPack], _ generation: Int) -> Composition {
      Composition(
        backbone: ground.backbone, profile: ground.profile, generation: generation,
        packs: packs.compactMap { loaded[$0.digest] }, dispatcher: dispatcher)
    }
    let staying = Set(transaction.candidate.map(\.digest))
    return try RegressionSuite(
      active: composition(transaction.active.packs, transaction.active.id),
      candidate: composition(transaction.candidate, transaction.active.id + 1),
      packs: transaction.candidate,
      replaced: transaction.active.packs.filter { !staying.contains($0.digest) },
      probes: ground.probes, operatorEvals: try store.operatorEvals(), limits: change.limits,
      cache: store.cache, pool: pool, progress: progress)
  }
}
