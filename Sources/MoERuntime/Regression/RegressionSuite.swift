import MoEBase
import MoEEval
import MoEModel
import MoEPackFormat
public import MoEStore
public import MoETensor

/// What every generation must show before it becomes active (invariant I7).
///
/// On the candidate, for every pack of it:
///
/// 1. its eval sets reach the floors its vendor signed for;
/// 2. a new pack's also reach the recorded results, within their tolerance, and its own texts reach it
///    (at least ``leastOwnShare``);
/// 3. it is selected for at most ``mostProbeShare`` of the profile's neutral probes.
///
/// And on both generations, where packs stay: texts on which no pack that comes or goes is a candidate
/// get the same bytes before and after (invariants I1 and I2), on ``comparedProbes`` probes and as many
/// eval texts of the packs that stay.
public struct RegressionSuite: Sendable {
  /// The least share of its own texts that a new pack must be selected for.
  public static let leastOwnShare = 0.8
  /// The largest share of the neutral probes that a pack may take.
  public static let mostProbeShare = 0.02
  /// How many probes are answered by both generations.
  public static let comparedProbes = 200

  /// A pack with its eval sets.
  struct Entry: Sendable {
    let identity: PackIdentity
    let evals: [(claim: Manifest.Evaluation, set: EvalSet)]
  }

  let active: Composition
  private let candidate: Composition
  let entries: [Entry]
  private let probes: [String]
  let pool: ThreadPool
  let progress: ProgressHandler

  /// Prepares the suite; the eval sets are read now.
  ///
  /// - Parameters:
  ///   - active: What answers now.
  ///   - candidate: What would.
  ///   - packs: The packs of the candidate in their store.
  ///   - probes: The profile's neutral texts.
  ///   - pool: The threads that share the work.
  ///   - progress: Told how far it is.
  /// - Throws: ``RuntimeError`` when an eval set cannot be read.
  public init(
    active: Composition, candidate: Composition, packs: [InstalledPack], probes: [String],
    pool: ThreadPool, progress: @escaping ProgressHandler = { _ in }
  ) throws {
    self.active = active
    self.candidate = candidate
    self.probes = probes
    self.pool = pool
    self.progress = progress
    entries = try packs.map { pack in
      let mounted = try candidate.pack(named: pack.name.description)
      return Entry(identity: mounted.identity, evals: try pack.evalSets(mounted.manifest))
    }
  }

  /// Runs everything; the first rule that is broken wins, in the order above.
  ///
  /// - Throws: ``RegressionError``, or whatever answering throws.
  public func run() throws -> SuiteReport {
    guard probes.count >= Self.comparedProbes else {
      throw RegressionError.tooFewProbes(got: probes.count, least: Self.comparedProbes)
    }
    let selected = try probesSelected()
    let before = Set(active.packs.map(\.identity.digest))
    var packs: [SuiteReport.Pack] = []
    for entry in entries {
      packs.append(
        SuiteReport.Pack(
          name: entry.identity.name, version: entry.identity.version,
          digest: entry.identity.digest, isNew: !before.contains(entry.identity.digest),
          evals: try measure(entry), probesSelected: selected[entry.identity.digest] ?? 0))
    }
    for pack in packs { try Self.check(pack, probes: probes.count) }
    let compared = try compareAnswers()
    return SuiteReport(packs: packs, probes: probes.count, compared: compared)
  }

  /// Measures the eval sets of every pack and judges nothing: what `moe-pack eval` shows.
  ///
  /// - Parameter name: The one pack to measure; all of them when `nil`.
  /// - Returns: What was measured.
  /// - Throws: Whatever answering throws.
  public func measure(only name: String? = nil) throws -> [SuiteReport.Pack] {
    let selected = try probesSelected()
    return try entries.filter { entry in
      name.map { $0.utf8.elementsEqual(entry.identity.name.utf8) } ?? true
    }.map { entry in
      SuiteReport.Pack(
        name: entry.identity.name, version: entry.identity.version,
        digest: entry.identity.digest, isNew: false, evals: try measure(entry),
        probesSelected: selected[entry.identity.digest] ?? 0)
    }
  }

  private func measure(_ entry: Entry) throws -> [SuiteReport.Eval] {
    try entry.evals.map { claim, set in
      let meter = WorkMeter(
        "`\(claim.name)` of \(entry.identity.name)", total: set.examples.count, progress)
      let result = try set.run(
        on: candidate.mixture, pack: entry.identity, pool: pool, progress: meter.add)
      return SuiteReport.Eval(result: result, claim: claim)
    }
  }

  /// How many probes each pack is selected for.
  private func probesSelected() throws -> [Digest: Int] {
    let meter = WorkMeter("neutral probes", total: probes.count, progress)
    var counts: [Digest: Int] = [:]
    for answer in try candidate.mixture.answer(probes, pool: pool, progress: meter.add) {
      for route in answer.route { counts[route.pack.digest, default: 0] += 1 }
    }
    return counts
  }

  /// Holds a measured pack to the floors its vendor signed for.
  ///
  /// - Throws: ``RegressionError``, the first set that misses its floor.
  public static func checkFloors(_ pack: SuiteReport.Pack) throws {
    for eval in pack.evals where !eval.meetsFloor {
      throw RegressionError.belowFloor(
        pack: pack.label, eval: eval.claim.name, metric: eval.claim.metric,
        value: eval.value, floor: eval.claim.floor, baseline: eval.claim.value,
        tolerance: eval.claim.tolerance, examples: eval.result.labelled)
    }
  }

  /// Holds one pack to its signature and to the capture limits.
  static func check(_ pack: SuiteReport.Pack, probes: Int) throws {
    try checkFloors(pack)
    for eval in pack.evals {
      let (result, claim) = (eval.result, eval.claim)
      guard !pack.isNew || eval.meetsClaim else {
        throw RegressionError.belowClaim(
          pack: pack.label, eval: claim.name, metric: claim.metric, value: eval.value,
          baseline: claim.value, tolerance: claim.tolerance, examples: result.labelled)
      }
      guard !pack.isNew || result.ownSelectedShare >= leastOwnShare || result.labelled == 0 else {
        throw RegressionError.ownTextsMissed(
          pack: pack.label, eval: claim.name, share: result.ownSelectedShare,
          least: leastOwnShare, examples: result.labelled)
      }
    }
    guard Double(pack.probesSelected) <= mostProbeShare * Double(probes) else {
      throw RegressionError.routerCapture(
        pack: pack.label, selected: pack.probesSelected, probes: probes, most: mostProbeShare)
    }
  }

  /// Answers texts with both generations and compares the bytes where nothing that comes or goes is a
  /// candidate; returns how many were compared.
  private func compareAnswers() throws -> Int {
    let before = Set(active.packs.map(\.identity.digest))
    let after = Set(candidate.packs.map(\.identity.digest))
    let staying = before.intersection(after)
    guard !staying.isEmpty, before != after else { return 0 }
    let texts = sampledTexts(of: staying).map { candidate.backbone.tokenizer.encode($0) }
    let meter = WorkMeter("answers before and after", total: texts.count * 2, progress)
    let old = try active.mixture.answer(texts, pool: pool, progress: meter.add)
    let new = try candidate.mixture.answer(texts, pool: pool, progress: meter.add)
    var isTouched = [Bool](repeating: false, count: texts.count)
    for (composition, packs) in [
      (active, before.subtracting(after)), (candidate, after.subtracting(before)),
    ] {
      for pack in composition.packs where packs.contains(pack.identity.digest) {
        let alone = MixtureModel(
          backbone: composition.backbone, packs: [pack.model],
          dispatcher: composition.mixture.dispatcher)
        for (index, answer) in try alone.answer(texts, pool: pool).enumerated()
        where !answer.route.isEmpty {
          isTouched[index] = true
        }
      }
    }
    let untouched = texts.indices.filter { !isTouched[$0] }
    var changed = untouched.count { old[$0].invariantBytes != new[$0].invariantBytes }
    if candidate.backbone.kind == .decoder {
      let prompts = untouched.map { texts[$0] }
      let before = try active.mixture.nextLogits(
        prompts, answers: untouched.map { old[$0] }, pool: pool)
      let after = try candidate.mixture.nextLogits(
        prompts, answers: untouched.map { new[$0] }, pool: pool)
      changed += zip(before, after).count { $0.map(\.bitPattern) != $1.map(\.bitPattern) }
    }
    guard changed == 0 else {
      throw RegressionError.answersChanged(
        change: "the change", changed: changed, compared: untouched.count)
    }
    return untouched.count
  }

  /// Probes and eval texts of the packs that stay, drawn with a fixed seed.
  private func sampledTexts(of staying: Set<Digest>) -> [String] {
    var generator = SeededGenerator(seed: 1)
    var neutral = probes
    generator.shuffle(&neutral)
    var own = entries.filter { staying.contains($0.identity.digest) }
      .flatMap(\.evals).flatMap(\.set.examples).map(\.text)
    generator.shuffle(&own)
    return Array(neutral.prefix(Self.comparedProbes) + own.prefix(Self.comparedProbes))
  }
}
