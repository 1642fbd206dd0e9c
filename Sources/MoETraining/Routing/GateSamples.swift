public import MoEModel
package import MoETensor

/// Texts of one group as a gate reads them.
public struct GateTexts: Sendable {
  /// f, `[N, G]`.
  public let features: [Float]
  /// The n-grams of each, `[N]`.
  public let bags: [NGramBag]

  /// Makes a group.
  public init(features: [Float], bags: [NGramBag]) {
    self.features = features
    self.bags = bags
  }
}

/// The texts a gate is fitted to, whitened: a pack's own first, then the groups of negatives.
package struct GateSamples: Sendable {
  /// x̃, `[N, G]`.
  package let whitened: [Float]
  /// The n-grams of each text.
  package let bags: [NGramBag]
  /// The group of each text: 0 for the pack's own.
  package let group: [Int]
  /// The class of each own text.
  package let labels: [Int]
  /// C.
  let classCount: Int
  /// G.
  let width: Int

  package init(
    _ groups: [GateTexts], labels: [Int], classCount: Int, fitter: RowFitter, pool: ThreadPool
  ) {
    width = fitter.width
    self.labels = labels
    self.classCount = classCount
    whitened = groups.flatMap { fitter.whiten($0.features, pool: pool) }
    bags = groups.flatMap(\.bags)
    group = groups.enumerated().flatMap { index, group in
      Array(repeating: index, count: group.bags.count)
    }
  }

  /// ω of some of the texts: own ones sum to ½, and the groups of negatives to equal parts of ½.
  func weights(_ texts: [Int]) -> [Double] {
    var counts: [Int: Int] = [:]
    for text in texts { counts[group[text], default: 0] += 1 }
    let groups = Double(counts.keys.count { $0 > 0 })
    return texts.map { text in
      0.5 / Double(counts[group[text]] ?? 1) / (group[text] == 0 ? 1 : groups)
    }
  }

  /// The scores of rows for every text, `[N, C]`.
  func rowScores(weight: [Float], bias: [Float], kernels: Kernels) -> [Float] {
    var scores = [Float](repeating: 0, count: group.count * bias.count)
    kernels.linear(
      whitened, rows: group.count,
      weight: PackedMatrix(rows: bias.count, columns: width, values: weight), bias: bias,
      into: &scores)
    return scores
  }

  /// The discriminant rows of the classes from some of the own texts.
  package func discriminant(_ texts: [Int]) -> WhitenedRows {
    var means = [Double](repeating: 0, count: classCount * width)
    var counts = [Double](repeating: 0, count: classCount)
    for text in texts where group[text] == 0 {
      let label = labels[text]
      counts[label] += 1
      for column in 0..<width {
        means[label * width + column] += Double(whitened[text * width + column])
      }
    }
    var bias: [Float] = []
    for label in 0..<classCount {
      var norm = 0.0
      for column in label * width..<(label + 1) * width {
        means[column] /= max(1, counts[label])
        norm += means[column] * means[column]
      }
      bias.append(Float(-0.5 * norm))
    }
    return WhitenedRows(weight: means.map { Float($0) }, bias: bias)
  }
}
