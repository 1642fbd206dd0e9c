public import MoETensor

/// Mean and covariance of features, in `Double`, each sum in the order of the texts.
public struct BackgroundStatistics: Sendable {
  /// μ₀, `[G]`.
  public let mean: [Double]
  /// Σ₀, `[G, G]`, divided by N − 1.
  public let covariance: [Double]

  /// Computes both.
  ///
  /// - Parameters:
  ///   - features: f, `[N, G]`, N at least 2.
  ///   - width: G.
  ///   - pool: The threads that share the rows of the covariance; the bits do not depend on them.
  public init(_ features: [Float], width: Int, pool: ThreadPool) {
    let count = features.count / width
    precondition(count >= 2, "a covariance needs two texts")
    var mean = [Double](repeating: 0, count: width)
    for text in 0..<count {
      for column in 0..<width { mean[column] += Double(features[text * width + column]) }
    }
    for column in 0..<width { mean[column] /= Double(count) }
    var centred = [Double](repeating: 0, count: features.count)
    for index in centred.indices {
      centred[index] = Double(features[index]) - mean[index % width]
    }
    let fixed = centred
    let rows = pool.map(count: width) { row in
      var sums = [Double](repeating: 0, count: width)
      fixed.withUnsafeBufferPointer { fixed in
        sums.withUnsafeMutableBufferPointer { sums in
          for text in 0..<count {
            let base = text * width
            let factor = fixed[base + row]
            for column in 0..<width { sums[column] += factor * fixed[base + column] }
          }
        }
      }
      return sums.map { $0 / Double(count - 1) }
    }
    self.mean = mean
    covariance = rows.flatMap(\.self)
  }
}
