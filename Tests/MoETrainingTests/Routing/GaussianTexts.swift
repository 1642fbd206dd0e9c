import Foundation
import MoEBase
import MoEModel
import MoETensor
import MoETraining

/// Made-up features: a background, and a pack's own texts of some classes beside it.
struct GaussianTexts {
  static let width = 12
  let profile: BackboneProfile
  let own: [Float]
  let labels: [Int]
  let near: [Float]

  init(perClass: Int = 40, classCount: Int = 3, distance: Double = 2.5, seed: UInt64 = 7) {
    var generator = SeededGenerator(seed: seed)
    let spread = (0..<Self.width).map { 0.5 + Double($0) / Double(Self.width) }
    func texts(_ count: Int, around centre: [Double]) -> [Float] {
      (0..<count).flatMap { _ in
        (0..<Self.width).map { Float(centre[$0] + spread[$0] * generator.normal()) }
      }
    }
    let origin = (0..<Self.width).map { 0.2 * Double($0 % 3) }
    let background = texts(600, around: origin)
    let statistics = BackgroundStatistics(
      background, width: Self.width, pool: ThreadPool(threads: 1))
    var own: [Float] = []
    var labels: [Int] = []
    for label in 0..<classCount {
      var centre = origin
      centre[label] += distance
      centre[classCount] += distance
      own += texts(perClass, around: centre)
      labels += [Int](repeating: label, count: perClass)
    }
    profile = BackboneProfile(
      mean: statistics.mean, covariance: statistics.covariance,
      negatives: texts(300, around: origin), negativeTexts: (0..<300).map { "negative \($0)" },
      anchors: texts(100, around: origin), anchorTexts: (0..<100).map { "anchor \($0)" }, probes: []
    )
    self.own = own
    self.labels = labels
    near = texts(60, around: origin)
  }

  /// Gaussian elimination without pivots: for matrices that are positive definite, or nearly so.
  static func solve(_ matrix: [Double], _ right: [Double]) -> [Double] {
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

extension GateTexts {
  /// Texts of which nothing but features is known.
  init(features: [Float]) {
    let none = NGramBag(Encoding(ids: [], tokenCount: 0))
    self.init(
      features: features,
      bags: Array(repeating: none, count: features.count / GaussianTexts.width))
  }

  /// Texts that are tokens at random, of which the first ones are drawn from `often` half of the time.
  init(features: [Float], often: Range<Int32>, generator: inout SeededGenerator) {
    self.init(
      features: features,
      bags: (0..<features.count / GaussianTexts.width).map { _ in
        let ids = (0..<8).map { _ -> Int32 in
          let range = generator.uniform() < 0.5 ? often : 0..<400
          return range.lowerBound + Int32(generator.uniform() * Double(range.count))
        }
        return NGramBag(Encoding(ids: ids, tokenCount: ids.count))
      })
  }
}

extension FittedRows {
  /// The score s_p = log Σ π_c exp s_c of each row of features `[N, G]`, as the formula has it, in `Double`.
  func scores(_ features: [Float]) -> [Double] {
    let width = weight.count / bias.count
    return (0..<features.count / width).map { text in
      let f = features[text * width..<(text + 1) * width]
      return log(
        bias.indices.reduce(0) { sum, row in
          let score = zip(weight[row * width..<(row + 1) * width], f)
            .reduce(bias[row]) { $0 + $1.0 * Double($1.1) }
          return sum + prior[row] * exp(score)
        })
    }
  }
}
