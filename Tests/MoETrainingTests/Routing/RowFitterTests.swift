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
    try RowFitter(profile: texts.profile)
      .fit(own, labels: labels, classCount: classCount, negatives: negatives)
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
    var sigma = texts.profile.covariance
    let trace = (0..<width).reduce(0.0) { $0 + sigma[$1 * width + $1] }
    for index in 0..<width {
      sigma[index * width + index] += RowFitter.shrinkage * trace / Double(width)
    }
    let z = Array(texts.near[0..<width]).map(Double.init)
    func halfDistance(_ centre: [Double]) -> Double {
      let offset = zip(z, centre).map { $0 - $1 }
      return 0.5 * zip(offset, Self.solve(sigma, offset)).reduce(0) { $0 + $1.0 * $1.1 }
    }
    let expected = halfDistance(texts.profile.mean) - halfDistance(mean)
    // Two ways of solving a well-conditioned system of 12 in Double.
    #expect(abs(rows.scores(Array(texts.near[0..<width]))[0] - expected) < 1e-9)
  }

  @Test func `copying rows buys no score`() throws {
    let copies = texts.labels + texts.labels.map { $0 + 3 }
    for negatives in [[], [texts.profile.negatives]] {
      let once = try fit(texts.own, texts.labels, negatives: negatives).scores(texts.near)
      let twice = try fit(texts.own + texts.own, copies, classCount: 6, negatives: negatives)
        .scores(texts.near)
      // The same function, minimised over other roundings to a gradient of 1e-7.
      for (a, b) in zip(once, twice) { #expect(abs(a - b) < (negatives.isEmpty ? 1e-9 : 1e-3)) }
    }
  }

  @Test func `a score is the mean of the classes' likelihoods`() throws {
    let rows = try fit(texts.own, texts.labels, negatives: [])
    let z = texts.near[0..<width]
    let likelihoods = (0..<3).map { row in
      exp(
        rows.bias[row]
          + zip(rows.weight[row * width..<(row + 1) * width], z).reduce(0) {
            $0 + $1.0 * Double($1.1)
          })
    }
    let expected = log(likelihoods.reduce(0, +) / 3)
    #expect(abs(rows.scores(Array(z))[0] - expected) < 1e-12 * max(1, abs(expected)))
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
    let error = try #require(throws: TrainingError.self) { try RowFitter(profile: zero) }
    #expect(error.code == "profile-not-positive-definite")
    #expect(
      error.description == """
        error: the backbone profile's covariance is not positive definite, expected that of background texts

        hint: nothing was written; make the profile again with `moe-pack backbone profile`
        """)
    #expect(error.exitCode == .badData)
  }

  /// Gaussian elimination without pivots: the matrix is positive definite.
  private static func solve(_ matrix: [Double], _ right: [Double]) -> [Double] {
    let size = right.count
    var (a, b) = (matrix, right)
    for pivot in 0..<size {
      for row in pivot + 1..<max(pivot + 1, size) {
        let factor = a[row * size + pivot] / a[pivot * size + pivot]
        for column in pivot..<size { a[row * size + column] -= factor * a[pivot * size + column] }
        b[row] -= factor * b[pivot]
      }
    }
    for row in (0..<size).reversed() {
      for column in row + 1..<max(row + 1, size) { b[row] -= a[row * size + column] * b[column] }
      b[row] /= a[row * size + row]
    }
    return b
  }
}
