import Foundation
import MoEBase
import MoEModel
import MoETensor
import MoETraining
import Testing

@Suite struct RowFitterTests {
  private let texts = GaussianTexts()
  private let width = GaussianTexts.width

  private func fit(
    _ own: [Float], _ labels: [Int], classCount: Int = 3, negatives: [[Float]]
  ) throws -> FittedRows {
    let fitter = try fitter()
    let samples = GateSamples(
      ([own] + negatives).map { GateTexts(features: $0) }, labels: labels, classCount: classCount,
      fitter: fitter,
      pool: ThreadPool(threads: 1))
    return fitter.rows(
      GateFit(samples, texts: Array(samples.group.indices), kernels: Kernels()).rows())
  }

  private func fitter() throws -> RowFitter {
    try RowFitter(profile: texts.profile, kernels: Kernels())
  }

  /// The share of pairs in which the own text scores higher.
  private func auroc(_ own: [Double], _ others: [Double]) -> Double {
    var wins = 0.0
    for a in own { for b in others { wins += a > b ? 1 : a == b ? 0.5 : 0 } }
    return wins / Double(own.count * others.count)
  }

  @Test func `own texts score above background and negatives`() throws {
    for negatives in [
      [], [texts.profile.negatives], [texts.profile.negatives, texts.profile.anchors, texts.near],
    ] {
      let rows = try fit(texts.own, texts.labels, negatives: negatives)
      let fresh = GaussianTexts(seed: 8)
      let own = rows.scores(fresh.own)
      let others = rows.scores(fresh.profile.negatives)
      #expect(auroc(own, others) > 0.97, "\(negatives.count) groups")
      #expect(rows.prior.reduce(0, +) == 1)
      #expect(rows.weight.count == 3 * width && rows.bias.count == 3)
    }
  }

  @Test
  func `without negatives a score is the log-likelihood ratio of the class against the background`()
    throws
  {
    let rows = try fit(
      texts.own, [Int](repeating: 0, count: texts.labels.count), classCount: 1, negatives: [])
    let count = texts.labels.count
    let mean = (0..<width).map { column in
      (0..<count).reduce(0.0) { $0 + Double(texts.own[$1 * width + column]) } / Double(count)
    }
    let sigma = sigma
    let z = Array(texts.near[0..<width]).map(Double.init)
    func halfDistance(_ centre: [Double]) -> Double {
      let offset = zip(z, centre).map { $0 - $1 }
      return 0.5 * zip(offset, GaussianTexts.solve(sigma, offset)).reduce(0) { $0 + $1.0 * $1.1 }
    }
    let expected = halfDistance(texts.profile.mean) - halfDistance(mean)
    // The fit whitens in Float.
    #expect(abs(rows.scores(Array(texts.near[0..<width]))[0] - expected) < 1e-5)
  }

  @Test func `copying rows buys no score`() throws {
    let copies = texts.labels + texts.labels.map { $0 + 3 }
    let once = try fit(texts.own, texts.labels, negatives: []).scores(texts.near)
    let twice = try fit(texts.own + texts.own, copies, classCount: 6, negatives: [])
      .scores(texts.near)
    for (a, b) in zip(once, twice) { #expect(abs(a - b) < 1e-5) }
  }

  /// Σ = Σ₀ + λ · (tr Σ₀ / G) · I.
  private var sigma: [Double] {
    var sigma = texts.profile.covariance
    let trace = (0..<width).reduce(0.0) { $0 + sigma[$1 * width + $1] }
    for index in 0..<width {
      sigma[index * width + index] += RowFitter.shrinkage * trace / Double(width)
    }
    return sigma
  }

  @Test func `whitened lengths are those in the metric of the shared covariance`() throws {
    // 300 texts are two pieces of work.
    let features = texts.profile.negatives
    let whitened = try fitter().whiten(features, pool: ThreadPool(threads: 1))
    #expect(whitened.count == features.count)
    func offset(_ text: Int) -> [Double] {
      (0..<width).map { Double(features[text * width + $0]) - texts.profile.mean[$0] }
    }
    func white(_ text: Int) -> [Double] {
      whitened[text * width..<(text + 1) * width].map(Double.init)
    }
    for text in 0..<300 {
      // ⟨x̃, ỹ⟩ = (x − μ₀)ᵀ Σ⁻¹ (y − μ₀), for the text itself and for its neighbour.
      let solution = GaussianTexts.solve(sigma, offset(text))
      for other in [text, (text + 1) % 300] {
        let expected = zip(solution, offset(other)).reduce(0) { $0 + $1.0 * $1.1 }
        let got = zip(white(text), white(other)).reduce(0) { $0 + $1.0 * $1.1 }
        #expect(abs(got - expected) < 1e-5)
      }
    }
    let two = try fitter().whiten(features, pool: ThreadPool(threads: 2))
    #expect(two.map(\.bitPattern) == whitened.map(\.bitPattern))
    #expect(try fitter().whiten([], pool: ThreadPool(threads: 2)).isEmpty)
  }

  @Test func `rows score features as the whitened rows score whitened ones`() throws {
    let fitter = try fitter()
    let samples = GateSamples(
      [texts.own, texts.profile.negatives, texts.near].map { GateTexts(features: $0) },
      labels: texts.labels, classCount: 3, fitter: fitter, pool: ThreadPool(threads: 1))
    let all = Array(samples.group.indices)
    let raw = texts.own + texts.profile.negatives + texts.near
    let fit = GateFit(samples, texts: all, kernels: Kernels()).rows()
    for whitened in [samples.discriminant(all), fit] {
      let rows = fitter.rows(whitened)
      let expected = whitened.scores(samples, all, kernels: Kernels())
      #expect((expected.max() ?? 0) > 1 && (expected.min() ?? 0) < -1)
      // As they are loaded from a pack.
      let dispatcher = DispatcherRows(
        weight: PackedMatrix(rows: 3, columns: width, values: rows.weight.map { Float($0) }),
        bias: rows.bias.map { Float($0) }, prior: rows.prior.map { Float($0) }, threshold: 0,
        temperature: 1
      ).scores(raw, samples.bags, kernels: Kernels())
      let naive = rows.scores(raw)
      for (text, expected) in expected.enumerated() {
        #expect(abs(naive[text] - expected) < 2e-5)
        #expect(abs(dispatcher[text] - expected) < 4e-5)
      }
    }
  }

  @Test func `a group of negatives weighs the same however many texts it has`() throws {
    let anchors = texts.profile.anchors
    let once = try fit(texts.own, texts.labels, negatives: [texts.profile.negatives, anchors])
    let thrice = try fit(
      texts.own, texts.labels,
      negatives: [texts.profile.negatives, anchors + anchors + anchors, []])
    for (a, b) in zip(once.scores(texts.near), thrice.scores(texts.near)) {
      #expect(abs(a - b) < 1e-3)
    }
  }

  @Test func `the fit does not depend on anything but its input`() throws {
    let first = try fit(texts.own, texts.labels, negatives: [texts.profile.negatives])
    let second = try fit(texts.own, texts.labels, negatives: [texts.profile.negatives])
    #expect(first.weight.map(\.bitPattern) == second.weight.map(\.bitPattern))
    #expect(first.bias.map(\.bitPattern) == second.bias.map(\.bitPattern))
  }

  @Test func `a profile whose covariance is none is refused`() throws {
    let zero = BackboneProfile(
      mean: [0, 0], covariance: [0, 0, 0, 0], negatives: [], negativeTexts: [], anchors: [],
      anchorTexts: [], probes: [])
    let error = try #require(throws: TrainingError.self) {
      try RowFitter(profile: zero, kernels: Kernels())
    }
    #expect(error.code == "profile-not-positive-definite")
    #expect(
      error.description == """
        error: the backbone profile's covariance is not positive definite, expected that of background texts

        hint: nothing was written; make the profile again with `moe-pack backbone profile`
        """)
    #expect(error.exitCode == .badData)
  }
}
