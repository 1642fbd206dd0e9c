import Foundation
import MoEBase
import MoEModel
import MoETensor
import MoETraining
import Testing

/// The weights of n-grams against their formula, and what they are for.
@Suite struct NGramFitTests {
  private static let texts = GaussianTexts(perClass: 60, distance: 0.4)

  /// Own texts whose features tell little, and whose words tell much.
  private static func groups(words: Bool) -> [GateTexts] {
    var generator = SeededGenerator(seed: 5)
    let own: Range<Int32> = words ? 400..<420 : 0..<400
    return [
      GateTexts(features: texts.own, often: own, generator: &generator),
      GateTexts(features: texts.profile.negatives, often: 0..<400, generator: &generator),
      GateTexts(features: texts.profile.anchors, often: 0..<400, generator: &generator),
      GateTexts(features: texts.near, often: 420..<440, generator: &generator),
    ]
  }

  private static func samples(_ groups: [GateTexts]) throws -> GateSamples {
    GateSamples(
      groups, labels: texts.labels, classCount: 3,
      fitter: try RowFitter(profile: texts.profile, kernels: Kernels()),
      pool: ThreadPool(threads: 1))
  }

  private static func gate(_ groups: [GateTexts]) throws -> FittedGate {
    FittedGate(
      fitter: try RowFitter(profile: texts.profile, kernels: Kernels()), groups: groups,
      labels: texts.labels, classCount: 3, seed: 1, pool: ThreadPool(threads: 2))
  }

  @Test func `loss and gradient are those of the formula`() throws {
    let samples = try Self.samples(Self.groups(words: true))
    let chosen = samples.group.indices.filter { $0 % 5 != 2 }
    let fit = NGramFit(samples, texts: chosen)
    var generator = SeededGenerator(seed: 61)
    var point = (0...NGramBag.bucketCount).map { _ in 0.3 * generator.normal() }
    var gradient = [Double](repeating: .nan, count: point.count)
    let loss = fit.loss(point, gradient: &gradient)
    // The obvious loop.
    var counts: [Int: (own: Int, others: Int)] = [:]
    for text in chosen {
      for bucket in samples.bags[text].buckets {
        if samples.group[text] == 0 {
          counts[Int(bucket), default: (0, 0)].own += 1
        } else {
          counts[Int(bucket), default: (0, 0)].others += 1
        }
      }
    }
    let sizes = (0..<4).map { group in Double(chosen.count { samples.group[$0] == group }) }
    func twin(_ point: [Double]) -> Double {
      var loss = 0.5 * 1e-5 * point.dropLast().reduce(0) { $0 + $1 * $1 }
      for text in chosen {
        let buckets = samples.bags[text].buckets
        var logit = 0.0
        for bucket in buckets {
          let count = counts[Int(bucket)] ?? (0, 0)
          guard count.own >= 3 || count.others >= 3 else { continue }
          logit += 3 * point[Int(bucket)] / sqrt(Double(buckets.count))
        }
        logit += point[NGramBag.bucketCount]
        let group = samples.group[text]
        let weight = 0.5 / sizes[group] / (group == 0 ? 1 : 3)
        loss += weight * log(1 + exp(group == 0 ? -logit : logit))
      }
      return loss
    }
    #expect(abs(loss - twin(point)) < 1e-9)
    let seen = counts.keys.sorted()
    for place in [seen[0], seen[seen.count / 2], seen[seen.count - 1], NGramBag.bucketCount] {
      let (value, step) = (point[place], 1e-5)
      point[place] = value + step
      let above = twin(point)
      point[place] = value - step
      let below = twin(point)
      point[place] = value
      #expect(abs(gradient[place] - (above - below) / (2 * step)) < 1e-8, "\(place)")
    }
  }

  @Test func `words that tell have a share, and words that do not have none`() throws {
    let telling = try Self.gate(Self.groups(words: true))
    #expect(telling.ngramShare == 0.5)
    #expect(telling.ngrams.count == NGramBag.bucketCount)
    let silent = try Self.gate(Self.groups(words: false))
    #expect(silent.ngramShare < 0.2)
    let without = try Self.gate(
      [Self.texts.own, Self.texts.profile.negatives, Self.texts.profile.anchors, Self.texts.near]
        .map { GateTexts(features: $0) })
    func gap(_ gate: FittedGate) -> Double {
      let near = gate.scores.near.reduce(0, +) / Double(gate.scores.near.count)
      return gate.scores.own.reduce(0, +) / Double(gate.scores.own.count) - near
    }
    #expect(gap(telling) > gap(without) + 1, "\(gap(telling)), \(gap(without))")
  }

  @Test func `without negatives of the pack's own n-grams say little, however well they tell`()
    throws
  {
    var groups = Self.groups(words: true)
    groups[3] = GateTexts(features: [])
    #expect(try Self.gate(groups).ngramShare == 0.1)
    #expect(FittedGate.shares(hasNear: false).allSatisfy { $0 <= 0.1 })
  }

  @Test func `an n-gram that two texts have has no weight, and one that three have does`() throws {
    var groups = Self.groups(words: true)
    func bag(_ ids: [Int32]) -> NGramBag { NGramBag(Encoding(ids: ids, tokenCount: ids.count)) }
    var bags = groups[0].bags
    for text in 0..<2 { bags[text] = bag([9_001]) }
    for text in 2..<5 { bags[text] = bag([9_002]) }
    groups[0] = GateTexts(features: groups[0].features, bags: bags)
    let samples = try Self.samples(groups)
    let row = NGramFit(samples, texts: Array(samples.group.indices)).row()
    #expect(bag([9_001]).score(row.weight) == 0)
    #expect(bag([9_002]).score(row.weight) > 0.5)
  }

  @Test func `without negatives nothing is known`() throws {
    let samples = try Self.samples([
      Self.groups(words: true)[0], GateTexts(features: []), GateTexts(features: []),
      GateTexts(features: []),
    ])
    let row = NGramFit(samples, texts: Array(samples.group.indices)).row()
    #expect(row.offset == 0 && row.weight.allSatisfy { $0 == 0 })
  }

  @Test func `the stored gate scores a text as the fit does`() throws {
    let groups = Self.groups(words: true)
    let gate = try Self.gate(groups)
    let rows = DispatcherRows(
      weight: PackedMatrix(
        rows: 3, columns: GaussianTexts.width, values: gate.rows.weight.map { Float($0) }),
      bias: gate.rows.bias.map { Float($0) }, prior: gate.rows.prior.map { Float($0) },
      ngrams: gate.ngrams, ngramShare: gate.ngramShare, threshold: 0, temperature: 1)
    let samples = try Self.samples(groups)
    let all = Array(samples.group.indices)
    let dense = GateFit(samples, texts: all, kernels: Kernels()).rows()
      .scores(samples, all, kernels: Kernels())
    let words = NGramFit(samples, texts: all).row().scores(samples, all)
    let features = groups.flatMap(\.features)
    let stored = features.withUnsafeBufferPointer { buffer -> [Double] in
      buffer.baseAddress.map { rows.scores($0, groups.flatMap(\.bags), kernels: Kernels()) } ?? []
    }
    for text in all {
      let expected = 0.5 * dense[text] + 0.5 * words[text]
      #expect(abs(stored[text] - expected) < 1e-4 * max(1, abs(expected)))
    }
  }
}
