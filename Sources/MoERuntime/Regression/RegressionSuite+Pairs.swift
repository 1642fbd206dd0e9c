import MoEBase
import MoEEval
import MoEModel
import MoEPackFormat
import MoEStore

extension RegressionSuite {
  /// An eval set whose answers are compared between the generations.
  private struct Pair {
    /// Whose it is, with its version; `nil` for the operator's texts that no pack may answer.
    let entry: Entry?
    /// The pack that answers it now; `nil` as above.
    let before: PackIdentity?
    let set: EvalSet
    let texts: TextSet
    let origin: SuiteReport.Comparison.Origin
  }

  /// Every eval set that both generations can answer.
  private var pairs: [Pair] {
    var pairs: [Pair] = []
    for entry in entries {
      let staying = active.packs.first { $0.manifest.pack == entry.name }
      let predecessors = [staying].compactMap(\.self) + superseded(by: entry)
      guard let before = predecessors.first else { continue }
      for eval in entry.evals where entry.isComparable(eval.claim.task, with: before) {
        pairs.append(
          Pair(
            entry: entry, before: before.identity, set: eval.set, texts: eval.texts, origin: .own))
      }
      // What comes in another one's place is held to that one's examples too, as far as it has the labels.
      for old in earlier where predecessors.contains(where: { $0.identity == old.identity }) {
        for eval in old.evals
        where entry.isComparable(eval.claim.task, with: old.mounted)
          && !entry.evals.contains(where: { $0.texts.key == eval.texts.key })
        {
          pairs.append(
            Pair(
              entry: entry, before: old.identity, set: eval.set, texts: eval.texts,
              origin: .earlier))
        }
      }
    }
    for own in operatorSets {
      guard let name = own.eval.pack else {
        pairs.append(
          Pair(
            entry: nil, before: nil, set: own.set, texts: own.texts, origin: .registered))
        continue
      }
      guard let entry = entries.first(where: { $0.name == name }),
        let before = active.packs.first(where: { $0.manifest.pack == name })?.identity
      else { continue }
      pairs.append(
        Pair(entry: entry, before: before, set: own.set, texts: own.texts, origin: .registered))
    }
    return pairs
  }

  /// The tasks whose versions rose: what came before them is no measure for them.
  var incomparable: [SuiteReport.Incomparable] {
    entries.flatMap { entry in
      guard let before = active.packs.first(where: { $0.manifest.pack == entry.name }) else {
        return [SuiteReport.Incomparable]()
      }
      return entry.mounted.manifest.tasks.compactMap { task in
        guard let old = before.manifest.task(task.name), old.version != task.version else {
          return nil
        }
        return SuiteReport.Incomparable(
          pack: entry.mounted.label, task: task.name, before: old.version, after: task.version)
      }
    }
  }

  private func superseded(by entry: Entry) -> [MountedPack] {
    let names = entry.mounted.manifest.supersedes
    return active.packs.filter { names.contains($0.manifest.pack) }
  }

  /// Compares what users get now with what they would, text by text.
  func compareResults() throws -> [SuiteReport.Comparison] {
    try pairs.map { pair in
      progress(WorkProgress(stage: pair.texts.title, done: 0, total: pair.texts.count))
      let old = try evidence.survey(active, pair.texts)
      let new = try evidence.survey(candidate, pair.texts)
      let labels = Set((pair.entry?.mounted.manifest.tasks ?? []).flatMap(\.labels))
      let examples = pair.set.examples
      var (before, after) = ([Bool](), [Bool]())
      var declared = 0
      var lost = 0
      for (text, example) in examples.enumerated() {
        // A label that the new release no longer has can be neither right nor wrong.
        if pair.origin != .own, !labels.isSuperset(of: example.expectation.labels) {
          lost += 1
          before.append(false)
          after.append(false)
          continue
        }
        let wasRight = old.isRight(example, of: pair.set.task, pair.before, at: text)
        var isRight = new.isRight(example, of: pair.set.task, pair.entry?.identity, at: text)
        if wasRight != isRight, let entry = pair.entry,
          arrivals.contains(where: {
            $0.overlaps(entry) && entry.overlaps($0) && new.selects($0.identity.digest, at: text)
          })
        {
          declared += 1
          isRight = wasRight
        }
        before.append(wasRight)
        after.append(isRight)
      }
      let paired = PairedComparison(before: before, after: after)
      return SuiteReport.Comparison(
        pack: pair.entry?.mounted.label, eval: pair.set.name, origin: pair.origin,
        rightBefore: before.count { $0 }, rightAfter: after.count { $0 }, paired: paired,
        flips: paired.negativeFlips.map { text in
          SuiteReport.Flip(
            index: text, text: examples[text].text, before: old.leads[text],
            after: new.leads[text])
        }, declaredCount: declared, lostCount: lost)
    }
  }

  /// Holds the comparisons to the limits.
  func checkComparisons(_ comparisons: [SuiteReport.Comparison]) throws {
    for comparison in comparisons {
      let paired = comparison.paired
      guard let example = comparison.flips.first?.sentence else { continue }
      let pack = comparison.pack ?? "none"
      let eval = comparison.label
      let probability = paired.pValueOfFall
      guard probability >= limits.fallProbability else {
        throw RegressionError.resultsFell(
          pack: pack, eval: eval, negative: paired.negativeFlips.count,
          positive: paired.positiveFlips.count, examples: paired.count, probability: probability,
          least: limits.fallProbability, example: example)
      }
      let most = GateLimits.most(limits.negativeFlips, of: paired.count)
      guard paired.negativeFlips.count <= most else {
        throw RegressionError.negativeFlips(
          pack: pack, eval: eval, negative: paired.negativeFlips.count,
          positive: paired.positiveFlips.count, examples: paired.count,
          most: limits.negativeFlips, example: example)
      }
    }
  }

  // MARK: - What arrives beside what stays

  /// Holds each pack that arrives to what it displaces on the eval sets of the others.
  func checkDisplacement() throws {
    for arrival in arrivals {
      for other in entries where other.name != arrival.name {
        if arrival.overlaps(other) && other.overlaps(arrival) { continue }
        for eval in other.evals { try checkDisplacement(by: arrival, of: eval, of: other) }
      }
    }
  }

  private func checkDisplacement(by arrival: Entry, of eval: Eval, of other: Entry) throws {
    guard active.packs.contains(where: { $0.identity == other.identity }) else { return }
    let old = try evidence.survey(active, eval.texts)
    let new = try evidence.survey(candidate, eval.texts)
    var displaced: [Int] = []
    var gained = 0
    for (text, example) in eval.set.examples.enumerated()
    where new.selects(arrival.identity.digest, at: text) {
      let wasRight = old.isRight(example, of: eval.set.task, other.identity, at: text)
      let isRight = new.isRight(example, of: eval.set.task, other.identity, at: text)
      if wasRight, !isRight { displaced.append(text) }
      if isRight, !wasRight { gained += 1 }
    }
    let most = GateLimits.most(limits.displacement, of: eval.texts.count)
    guard let first = displaced.first, displaced.count - gained > most else { return }
    let flip = SuiteReport.Flip(
      index: first, text: eval.set.examples[first].text, before: old.leads[first],
      after: new.leads[first])
    throw RegressionError.answersDisplaced(
      pack: arrival.mounted.label, other: other.mounted.label, eval: eval.claim.name,
      displaced: displaced.count, gained: gained, examples: eval.texts.count,
      most: limits.displacement, example: flip.sentence)
  }

  /// How often two packs fire together: of each pack, on its own texts.
  func measureOverlaps() throws -> [SuiteReport.Overlap] {
    var overlaps: [SuiteReport.Overlap] = []
    for entry in entries {
      for eval in entry.evals {
        let survey = try evidence.survey(candidate, eval.texts)
        let own = eval.set.examples.indices.filter {
          eval.set.examples[$0].expectation != .none
            && survey.admits(entry.identity.digest, at: $0)
        }
        var counts: [Digest: Int] = [:]
        for text in own {
          for pack in survey.eligible[text] { counts[survey.packs[pack].digest, default: 0] += 1 }
        }
        for other in entries where other.identity != entry.identity {
          guard let shared = counts[other.identity.digest] else { continue }
          overlaps.append(
            SuiteReport.Overlap(
              pack: entry.identity.name, other: other.identity.name, eval: eval.claim.name,
              shared: shared,
              examples: eval.set.examples.count { $0.expectation != .none },
              isDeclared: entry.overlaps(other) || other.overlaps(entry)))
        }
      }
    }
    return overlaps
  }

  /// Holds what arrives to what it declares of its overlaps.
  func checkOverlaps(_ overlaps: [SuiteReport.Overlap]) throws {
    let new = Set(arrivals.map(\.identity.name))
    for overlap in overlaps where !overlap.isDeclared && overlap.share > limits.undeclaredOverlap {
      guard new.contains(overlap.pack) || new.contains(overlap.other) else { continue }
      throw RegressionError.overlapUndeclared(
        pack: overlap.pack, other: overlap.other, eval: overlap.eval, shared: overlap.shared,
        examples: overlap.examples, most: limits.undeclaredOverlap)
    }
  }
}

extension RegressionSuite.Entry {
  /// Whether results of a task say the same of this pack and of another: where both have it, in one version.
  fileprivate func isComparable(_ task: String, with other: MountedPack) -> Bool {
    guard let own = mounted.manifest.task(task), let old = other.manifest.task(task) else {
      return true
    }
    return own.version == old.version
  }
}

extension Survey {
  /// Whether what a user gets is right: as `Expectation` has it, or, without a pack, that none answers.
  ///
  /// - Parameters:
  ///   - example: The text's right answer.
  ///   - task: The task it is of; any where the name is empty.
  ///   - pack: The pack that is to answer.
  ///   - text: The index of the text.
  /// - Returns: Whether it is.
  func isRight(
    _ example: EvalExample, of task: String, _ pack: PackIdentity?, at text: Int
  ) -> Bool {
    guard let pack else { return routes[text].isEmpty }
    return example.expectation.isMet(
      by: leads[text], isSelected: selects(pack.digest, at: text), task: task
    ) { $0.digest == pack.digest }
  }
}
