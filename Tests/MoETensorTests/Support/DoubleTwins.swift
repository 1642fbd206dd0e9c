import Foundation

/// The formulas of the kernels in double precision, for central differences.
enum Exact {
  static func linear(
    _ x: [Double], rows: Int, _ weight: [Double], _ bias: [Double], inputs: Int
  ) -> [Double] {
    (0..<rows).flatMap { n in
      bias.indices.map { j in
        (0..<inputs).reduce(bias[j]) { $0 + x[n * inputs + $1] * weight[j * inputs + $1] }
      }
    }
  }

  static func gelu(_ x: [Double]) -> [Double] {
    x.map { 0.5 * $0 * (1 + erf($0 / 2.0.squareRoot())) }
  }

  static func rows(_ x: [Double], _ columns: Int, _ body: ([Double]) -> [Double]) -> [Double] {
    stride(from: 0, to: x.count, by: columns).flatMap { body(Array(x[$0..<$0 + columns])) }
  }

  static func layerNorm(_ x: [Double], gain: [Double], bias: [Double], epsilon: Double)
    -> [Double]
  {
    rows(x, gain.count) { row in
      let count = Double(row.count)
      let mean = row.reduce(0, +) / count
      let variance = row.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count
      return row.indices.map {
        (row[$0] - mean) / (variance + epsilon).squareRoot() * gain[$0] + bias[$0]
      }
    }
  }

  static func softmax(_ x: [Double], columns: Int) -> [Double] {
    rows(x, columns) { row in
      let powers = row.map { exp($0 - (row.max() ?? 0)) }
      let total = powers.reduce(0, +)
      return powers.map { $0 / total }
    }
  }

  /// q, k and v side by side in each row.
  static func attention(_ fused: [Double], tokens: Int, heads: Int, width: Int) -> [Double] {
    let stride = 3 * heads * width
    func element(_ t: Int, _ part: Int, _ head: Int, _ d: Int) -> Double {
      fused[t * stride + (part * heads + head) * width + d]
    }
    var y = [Double](repeating: 0, count: tokens * heads * width)
    for head in 0..<heads {
      for t in 0..<tokens {
        let scores = (0..<tokens).map { s in
          (0..<width).reduce(0.0) { $0 + element(t, 0, head, $1) * element(s, 1, head, $1) }
            / Double(width).squareRoot()
        }
        let weights = softmax(scores, columns: tokens)
        for d in 0..<width {
          y[(t * heads + head) * width + d] = (0..<tokens).reduce(0.0) {
            $0 + weights[$1] * element($1, 2, head, d)
          }
        }
      }
    }
    return y
  }

  static func meanPool(_ x: [Double], columns: Int) -> [Double] {
    (0..<columns).map { d in
      stride(from: d, to: x.count, by: columns).reduce(0.0) { $0 + x[$1] }
        / Double(x.count / columns)
    }
  }

  static func l2Normalize(_ x: [Double], columns: Int) -> [Double] {
    rows(x, columns) { row in
      let norm = row.reduce(0) { $0 + $1 * $1 }.squareRoot()
      return row.map { $0 / norm }
    }
  }

  static func crossEntropy(_ x: [Double], labels: [Int], columns: Int) -> Double {
    zip(labels, stride(from: 0, to: x.count, by: columns)).reduce(0) { total, pair in
      let row = x[pair.1..<pair.1 + columns]
      return total + log(row.reduce(0) { $0 + exp($1) }) - x[pair.1 + pair.0]
    }
  }

  /// The gradient of `Σ dy · f(x)` by central differences; their error is about 1e-9 here.
  static func gradient(_ x: [Double], _ dy: [Float], _ f: ([Double]) -> [Double]) -> [Double] {
    let step = 1e-5
    func loss(_ x: [Double]) -> Double { zip(f(x), dy).reduce(0) { $0 + $1.0 * Double($1.1) } }
    return x.indices.map { index in
      var (more, less) = (x, x)
      more[index] += step
      less[index] -= step
      return (loss(more) - loss(less)) / (2 * step)
    }
  }
}

/// The greatest difference, measured against 1 or the greatest expected magnitude.
func relativeDifference(_ got: [Float], _ expected: [Double]) -> Double {
  guard got.count == expected.count else { return .infinity }
  let magnitude = max(1, expected.map(abs).max() ?? 1)
  var greatest = 0.0
  for (a, b) in zip(got, expected) {
    let difference = abs(Double(a) - b) / magnitude
    if !(difference <= greatest) { greatest = difference }
  }
  return greatest
}
