import MoETensor

/// The obviously right loops, one element after the other, in the order that the kernels promise.
enum Naive {
  /// One chain of fused multiply-adds over k, ascending, from 0; then the bias.
  static func linear(
    _ x: [Float], rows: Int, _ weight: [Float], outputs: Int, inputs: Int, bias: [Float]?
  ) -> [Float] {
    var y: [Float] = []
    for n in 0..<rows {
      for j in 0..<outputs {
        var sum: Float = 0
        for k in 0..<inputs { sum = sum.addingProduct(x[n * inputs + k], weight[j * inputs + k]) }
        if let bias { sum += bias[j] }
        y.append(sum)
      }
    }
    return y
  }

  /// Sixteen accumulators, folded by halves.
  static func fold(_ lanes: [Float]) -> Float {
    var lanes = lanes
    while lanes.count > 1 {
      let half = lanes.count / 2
      lanes = (0..<half).map { lanes[$0] + lanes[$0 + half] }
    }
    return lanes[0]
  }

  static func sum(_ x: [Float]) -> Float {
    var lanes = [Float](repeating: 0, count: 16)
    for (index, value) in x.enumerated() { lanes[index % 16] += value }
    return fold(lanes)
  }

  static func dot(_ x: [Float], _ y: [Float]) -> Float {
    var lanes = [Float](repeating: 0, count: 16)
    for index in x.indices {
      lanes[index % 16] = lanes[index % 16].addingProduct(x[index], y[index])
    }
    return fold(lanes)
  }

  static func exp(_ x: [Float]) -> [Float] {
    output(x.count) { portable.exp(x, count: x.count, into: $0) }
  }

  static func softmax(_ row: [Float]) -> [Float] {
    let greatest = row.max() ?? 0
    let powers = exp(row.map { $0 - greatest })
    let reciprocal = 1 / sum(powers)
    return powers.map { $0 * reciprocal }
  }

  static func layerNorm(
    _ row: [Float], gain: [Float], bias: [Float], epsilon: Float
  ) -> [Float] {
    let mean = sum(row) / Float(row.count)
    let centred = row.map { $0 - mean }
    let reciprocal = 1 / (dot(centred, centred) / Float(row.count) + epsilon).squareRoot()
    return row.indices.map { bias[$0].addingProduct(centred[$0] * reciprocal, gain[$0]) }
  }

  /// `rows` of q, k and v side by side: `[T, 3 · H · width]`.
  static func attention(
    _ fused: [Float], tokens: Int, heads: Int, width: Int, mask: AttentionMask
  ) -> [Float] {
    let stride = 3 * heads * width
    let scale = 1 / Float(width).squareRoot()
    var y = [Float](repeating: 0, count: tokens * heads * width)
    for head in 0..<heads {
      for t in 0..<tokens {
        var keys = tokens
        if case .causal(let offset) = mask { keys = min(tokens, offset + t + 1) }
        var scores: [Float] = []
        for s in 0..<keys {
          var score: Float = 0
          for d in 0..<width {
            score = score.addingProduct(
              fused[t * stride + head * width + d],
              fused[s * stride + (heads + head) * width + d])
          }
          scores.append(score * scale)
        }
        let greatest = scores.max() ?? 0
        let powers = exp(scores.map { $0 - greatest })
        let reciprocal = 1 / sum(powers)
        for d in 0..<width {
          var context: Float = 0
          for s in 0..<keys {
            context = context.addingProduct(
              powers[s], fused[s * stride + (2 * heads + head) * width + d])
          }
          y[(t * heads + head) * width + d] = context * reciprocal
        }
      }
    }
    return y
  }
}

extension Naive {
  static func rmsNorm(_ row: [Float], gain: [Float], epsilon: Float) -> [Float] {
    let reciprocal = 1 / (dot(row, row) / Float(row.count) + epsilon).squareRoot()
    return row.indices.map { row[$0] * reciprocal * gain[$0] }
  }

  static func siluProduct(_ gate: [Float], _ up: [Float]) -> [Float] {
    let powers = exp(gate.map { -$0 })
    return gate.indices.map { gate[$0] / (1 + powers[$0]) * up[$0] }
  }

  /// One query over keys and values `[T, headWidth]`, of which it sees `keys`.
  static func attention(
    query: [Float], keys: [[Float]], values: [[Float]], seen: Range<Int>, scale: Float
  ) -> [Float] {
    let scores = seen.map { s in
      var score: Float = 0
      for d in query.indices { score = score.addingProduct(query[d], keys[s][d]) }
      return score
    }
    // The kernels scale before they take the greatest away; the greatest is that of the unscaled scores.
    let greatest = (scores.max() ?? 0) * scale
    let powers = exp(scores.map { $0 * scale - greatest })
    var lanes = [Float](repeating: 0, count: 16)
    for (index, power) in zip(seen, powers) { lanes[index % 16] += power }
    let reciprocal = 1 / fold(lanes)
    return query.indices.map { d in
      var context: Float = 0
      for (index, power) in zip(seen, powers) {
        context = context.addingProduct(power, values[index][d])
      }
      return context * reciprocal
    }
  }
}
