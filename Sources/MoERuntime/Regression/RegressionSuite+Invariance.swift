import MoEBase
import MoEModel

extension RegressionSuite {
  /// Answers texts with both generations and compares the bytes; returns how many were compared.
  ///
  /// The texts are ``comparedProbes`` probes and as many eval texts of the packs that stay, drawn with a fixed
  /// seed among those on which no pack that comes or goes is a candidate. Both answers are computed from
  /// the first token on, whatever is cached.
  func compareAnswers() throws -> Int {
    let before = Set(active.packs.map(\.identity.digest))
    let after = Set(candidate.packs.map(\.identity.digest))
    let staying = before.intersection(after)
    guard !staying.isEmpty, before != after else { return 0 }
    var generator = SeededGenerator(seed: 1)
    let neutral = try untouched([probes], using: &generator)
    guard neutral.count >= Self.comparedProbes else {
      throw RegressionError.tooFewProbes(got: neutral.count, least: Self.comparedProbes)
    }
    let own = try untouched(
      entries.filter { staying.contains($0.identity.digest) }.flatMap(\.evals).map(\.texts),
      using: &generator)
    let texts = (neutral + own).map { candidate.backbone.tokenizer.encode($0) }
    let meter = WorkMeter("answers before and after", total: texts.count * 2, progress)
    let old = try active.mixture.answer(texts, pool: pool, progress: meter.add)
    let new = try candidate.mixture.answer(texts, pool: pool, progress: meter.add)
    var changed = texts.indices.count { old[$0].invariantBytes != new[$0].invariantBytes }
    if candidate.backbone.kind == .decoder {
      let before = try active.mixture.nextLogits(texts, answers: old, pool: pool)
      let after = try candidate.mixture.nextLogits(texts, answers: new, pool: pool)
      changed += zip(before, after).count { $0.map(\.bitPattern) != $1.map(\.bitPattern) }
    }
    guard changed == 0 else {
      throw RegressionError.answersChanged(
        change: "the change", changed: changed, compared: texts.count)
    }
    return texts.count
  }

  /// Some of the texts on which no pack that comes or goes may be selected.
  private func untouched(
    _ sets: [TextSet], using generator: inout SeededGenerator
  ) throws -> [String] {
    var places = sets.indices.flatMap { set in
      sets[set].texts.indices.map { (set: set, text: $0) }
    }
    generator.shuffle(&places)
    let before = Set(active.packs.map(\.identity.digest))
    let after = Set(candidate.packs.map(\.identity.digest))
    let changed = before.symmetricDifference(after)
    let models = (active.packs + candidate.packs).map(\.model)
      .filter { changed.contains($0.identity.digest) }
    let dispatcher = candidate.mixture.dispatcher
    var touched: [Int: [Bool]] = [:]
    var texts: [String] = []
    for place in places where texts.count < Self.comparedProbes {
      if touched[place.set] == nil {
        let margins = try evidence.margins(of: models, on: sets[place.set])
        touched[place.set] = sets[place.set].texts.indices.map { text in
          margins.contains { dispatcher.isEligible($0[text]) }
        }
      }
      if touched[place.set]?[place.text] == false {
        texts.append(sets[place.set].texts[place.text])
      }
    }
    return texts
  }
}
