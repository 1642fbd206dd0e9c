import MoEBase
import MoEEval
import MoEModel
import MoEPackFormat
public import MoEStore
public import MoETensor

/// What every generation must show before it becomes active (invariant I7).
///
/// ```
/// 1  what arrives is sound: no copy, no repeated rows, no contaminated evals, experts that do not explode
/// 2  every pack reaches its vendor's floors, takes few neutral probes; what arrives reaches its claims and
///    its own texts
/// 3  right answers stay right: on every eval set of every pack that stays and of the operator, paired
///    between the active and the candidate generation
/// 4  answers that nothing that comes or goes has a part in have the same bytes before and after
/// ```
///
/// ``GateLimits`` says how much of each is let pass.
public struct RegressionSuite {
  /// How many probes, and how many eval texts, are answered by both generations.
  public static let comparedProbes = 200

  /// A pack of the candidate with its eval sets.
  struct Entry {
    let mounted: MountedPack
    /// The digest of its router's file.
    let router: Digest?
    let evals: [Eval]

    var identity: PackIdentity { mounted.identity }
    var name: PackName { mounted.manifest.pack }
    /// Whether it declares to share ground with a pack of that name.
    func overlaps(_ other: Entry) -> Bool { mounted.manifest.overlaps.contains(other.name) }
  }

  /// An eval set of a pack, with what its vendor claims for it.
  struct Eval {
    let claim: Manifest.Evaluation
    let set: EvalSet
    /// The digest of its lines.
    let lines: Digest
    let texts: TextSet
  }

  let active: Composition
  let candidate: Composition
  let entries: [Entry]
  /// The packs that are active now, with their eval sets.
  let earlier: [Entry]
  let probes: TextSet
  let operatorSets: [OperatorSet]
  let limits: GateLimits
  let pool: ThreadPool
  let progress: ProgressHandler
  let evidence: Evidence

  /// Prepares the suite; the eval sets are read now.
  ///
  /// - Parameters:
  ///   - active: What answers now.
  ///   - candidate: What would.
  ///   - packs: The packs of the candidate in their store.
  ///   - replaced: The packs that are active now and not in the candidate, in their store.
  ///   - probes: The profile's neutral texts.
  ///   - operatorEvals: The operator's own eval sets.
  ///   - limits: What is let pass.
  ///   - cache: What earlier runs computed; without it everything is computed anew.
  ///   - pool: The threads that share the work.
  ///   - progress: Told how far it is.
  /// - Throws: ``RuntimeError`` when an eval set cannot be read.
  public init(
    active: Composition, candidate: Composition, packs: [InstalledPack],
    replaced: [InstalledPack] = [], probes: [String], operatorEvals: [OperatorEval] = [],
    limits: GateLimits = GateLimits(), cache: StoreCache? = nil, pool: ThreadPool,
    progress: @escaping ProgressHandler = { _ in }
  ) throws {
    self.active = active
    self.candidate = candidate
    self.probes = TextSet(probes: probes)
    self.limits = limits
    self.pool = pool
    self.progress = progress
    evidence = Evidence(
      backbone: candidate.backbone, pool: pool, cache: cache, progress: progress)
    entries = try packs.map { try Entry($0, in: candidate) }
    earlier = try replaced.compactMap { pack in
      let isMounted = active.packs.contains { $0.identity.digest == pack.digest }
      return isMounted ? try Entry(pack, in: active) : nil
    }
    operatorSets = try operatorEvals.map(OperatorSet.init)
  }

  /// How many texts the backbone ran over so far, each pass counted; what was cached cost none.
  public var passCount: Int { evidence.passCount }

  /// The packs of the candidate that are not active now.
  var arrivals: [Entry] {
    let before = Set(active.packs.map(\.identity.digest))
    return entries.filter { !before.contains($0.identity.digest) }
  }

  /// Runs everything; the first rule that is broken wins, in the order above.
  ///
  /// - Throws: ``RegressionError``, or whatever answering throws.
  public func run() throws -> SuiteReport {
    guard probes.count >= Self.comparedProbes else {
      throw RegressionError.tooFewProbes(got: probes.count, least: Self.comparedProbes)
    }
    do {
      try checkSoundness()
      var report = SuiteReport(
        packs: try measureAll(entries), probes: probes.count, compared: 0, limits: limits)
      for pack in report.packs { try check(pack) }
      report.overlaps = try measureOverlaps()
      report.comparisons = try compareResults()
      report.incomparable = incomparable
      try checkDisplacement()
      try checkOverlaps(report.overlaps)
      try checkComparisons(report.comparisons)
      report.compared = try compareAnswers()
      report.flat = try measureFlat()
      return report
    } catch MixtureError.numericalError(let pack, let task) {
      throw RegressionError.outputNotFinite(pack: pack, task: task)
    }
  }

  /// Measures the eval sets of every pack and judges nothing: what `moe-pack eval` shows.
  ///
  /// - Parameter name: The one pack to measure; all of them when `nil`.
  /// - Returns: What was measured.
  /// - Throws: Whatever answering throws.
  public func measure(only name: String? = nil) throws -> [SuiteReport.Pack] {
    try measureAll(
      entries.filter { entry in
        name.map { $0.utf8.elementsEqual(entry.identity.name.utf8) } ?? true
      })
  }

  /// Counts the right answers of the candidate on the operator's eval sets.
  ///
  /// - Returns: One a set whose pack is there, ordered by name.
  /// - Throws: Whatever answering throws.
  public func measureRegistered() throws -> [SuiteReport.Registered] {
    try operatorSets.compactMap { own in
      let entry = entries.first { $0.name == own.eval.pack }
      guard own.eval.pack == nil || entry != nil else { return nil }
      let survey = try evidence.survey(candidate, own.texts)
      let right = own.set.examples.enumerated().count { text, example in
        survey.isRight(example, of: own.set.task, entry?.identity, at: text)
      }
      return SuiteReport.Registered(
        eval: own.eval.name, pack: own.eval.pack?.description, right: right,
        examples: own.texts.count)
    }
  }

  /// Keeps what was computed of the packs of the active generation, and of the candidate where it passed, for
  /// the next run.
  public func saveEvidence(candidatePassed: Bool) {
    let kept = candidatePassed ? candidate.packs : active.packs
    let digests = Set(kept.map(\.identity.digest))
    let sets = (entries + earlier).filter { digests.contains($0.identity.digest) }
      .flatMap(\.evals).map(\.texts.key)
    evidence.save(
      packs: digests, texts: Set(sets + [probes.key] + operatorSets.map(\.texts.key)))
  }

  private func measure(_ eval: Eval, of entry: Entry) throws -> SuiteReport.Eval {
    progress(WorkProgress(stage: eval.texts.title, done: 0, total: eval.texts.count))
    let result = try evidence.result(
      of: eval.set, eval.texts, pack: entry.mounted.model, on: candidate)
    return SuiteReport.Eval(result: result, claim: eval.claim)
  }

  private func measureAll(_ entries: [Entry]) throws -> [SuiteReport.Pack] {
    let new = Set(arrivals.map(\.identity.digest))
    let evals = try entries.map { entry in
      try entry.evals.map { try measure($0, of: entry) }
    }
    progress(WorkProgress(stage: probes.title, done: 0, total: probes.count))
    let survey = try evidence.survey(candidate, probes)
    return zip(entries, evals).map { entry, evals in
      let digest = entry.identity.digest
      return SuiteReport.Pack(
        name: entry.identity.name, version: entry.identity.version, digest: digest,
        isNew: new.contains(digest), evals: evals,
        probesSelected: survey.routes.indices.count { survey.selects(digest, at: $0) })
    }
  }
}

extension RegressionSuite.Entry {
  init(_ pack: InstalledPack, in composition: Composition) throws {
    let mounted = try composition.pack(named: pack.name.description)
    self.init(
      mounted: mounted, router: pack.entry(EntryName.router)?.digest,
      evals: try pack.evalSets(mounted.manifest).map { claim, set in
        guard let lines = pack.entry(claim.entry)?.digest else {
          preconditionFailure("an eval set that was read has an entry")
        }
        return RegressionSuite.Eval(
          claim: claim, set: set, lines: lines,
          texts: TextSet(
            key: .evaluation(lines), title: "`\(set.name)` of \(mounted.identity.name)",
            texts: set.examples.map(\.text)))
      })
  }
}
