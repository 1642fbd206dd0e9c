import Foundation
import MoEModel
import MoETensor
import MoETraining

/// The trained part of a model as the formulas have it, in `Double`, one obvious loop each.
///
/// Runs from the states that enter the first expert layer to the loss that training minimises.
struct DoubleTwin {
  /// What the frozen part of the model made of a text, and its label.
  struct Text {
    /// What enters the first layer with experts, `[N, D]`.
    let states: [Double]
    /// The trunk's features, `[G]`; those of the layers with experts are not read.
    let features: [Double]
    let labels: [Int]
    /// Whether any number of labels may be right, each by itself.
    let hasTags: Bool
  }

  let encoder: Encoder
  let layout: ExpertLayout
  let options: TrainingOptions
  private let frozen: [Frozen]

  /// The frozen maps of a layer.
  private struct Frozen {
    let queryKeyValue: Map
    let attentionOutput: Map
    let up: Map
    let down: Map
  }

  /// A linear map.
  private struct Map {
    let weight: [Double]
    let bias: [Double]

    init(_ map: LinearWeights) {
      weight = map.weight.packed.values.map(Double.init)
      bias = map.bias.map(Double.init)
    }
  }

  init(encoder: Encoder, layout: ExpertLayout, options: TrainingOptions) {
    self.encoder = encoder
    self.layout = layout
    self.options = options
    frozen = encoder.weights.layers.map {
      Frozen(
        queryKeyValue: Map($0.queryKeyValue), attentionOutput: Map($0.attentionOutput),
        up: Map($0.up), down: Map($0.down))
    }
  }

  /// The loss: mean cross-entropy with smoothed labels, and the router losses of each shard.
  ///
  /// ```
  /// loss = 1/N Σ CE + balance / shards · Σ over shards and layers of E Σ_e f_e P_e
  ///        + z / shards · Σ over shards and layers of the tokens' mean of (log Σ exp logits)²
  /// ```
  ///
  /// - Parameters:
  ///   - parameters: What is trained, in the order of the layout.
  ///   - texts: The texts.
  /// - Returns: The loss in nats.
  func loss(_ parameters: [Double], _ texts: [Text]) -> Double {
    var crossEntropy = 0.0
    var routing = 0.0
    let shards = stride(from: 0, to: texts.count, by: 8).map {
      texts[$0..<min($0 + 8, texts.count)]
    }
    for shard in shards {
      var hidden = shard.map(\.states)
      var features = shard.map(\.features)
      for (position, layer) in layout.plan.layers.enumerated() {
        let result = run(layer, position, hidden, parameters)
        hidden = result.hidden
        routing += Double(options.balance) * result.balance + Double(options.zLoss) * result.z
        let blocks = encoder.configuration.pooledLayers
        guard let block = blocks.firstIndex(of: layer) else { continue }
        for (text, states) in hidden.enumerated() {
          let start = block * encoder.width
          features[text].replaceSubrange(start..<start + encoder.width, with: pooled(states))
        }
      }
      for (features, text) in zip(features, shard) {
        crossEntropy += self.crossEntropy(features, text, parameters)
      }
    }
    return crossEntropy / Double(texts.count) + routing / Double(shards.count)
  }

  /// One layer over the texts of a shard, and its unweighted load-balancing and z-losses.
  private func run(
    _ index: Int, _ position: Int, _ texts: [[Double]], _ parameters: [Double]
  ) -> (hidden: [[Double]], balance: Double, z: Double) {
    let weights = encoder.weights.layers[index]
    let maps = frozen[index]
    let width = encoder.width
    var taken = [Double](repeating: 0, count: layout.plan.count)
    var probabilitySum = taken
    var rows = 0.0
    var squares = 0.0
    let hidden = texts.map { x -> [Double] in
      let context = attention(linear(x, maps.queryKeyValue))
      let attended = norm(added(linear(context, maps.attentionOutput), x), weights.attentionNorm)
      var sum = added(linear(linear(attended, maps.up).map(gelu), maps.down), attended)
      for row in 0..<attended.count / width {
        let a = Array(attended[row * width..<(row + 1) * width])
        let (shares, probabilities, logSum) = route(a, position, parameters)
        rows += 1
        squares += logSum * logSum
        for expert in shares.indices {
          probabilitySum[expert] += probabilities[expert]
          guard let share = shares[expert] else { continue }
          taken[expert] += 1
          let output = run(layout.experts[position][expert], a, parameters)
          for column in 0..<width { sum[row * width + column] += share * output[column] }
        }
      }
      return norm(sum, weights.outputNorm)
    }
    guard layout.plan.count > 1 else { return (hidden, 0, 0) }
    let balance = zip(taken, probabilitySum).reduce(0) {
      $0 + $1.0 / (rows * Double(layout.plan.topK)) * ($1.1 / rows)
    }
    return (hidden, Double(layout.plan.count) * balance, squares / rows)
  }

  /// Each expert's weight if it takes the token, the router's probabilities, `log Σ exp` of its logits.
  private func route(
    _ a: [Double], _ position: Int, _ parameters: [Double]
  ) -> (shares: [Double?], probabilities: [Double], logSum: Double) {
    guard layout.plan.count > 1 else { return ([1], [1], 0) }
    let ranges = layout.routers[position]
    let logits = linear(a, parameters[ranges.weight], parameters[ranges.bias])
    let total = logits.reduce(0) { $0 + exp($1) }
    let probabilities = logits.map { exp($0) / total }
    let chosen = probabilities.indices.sorted { probabilities[$0] > probabilities[$1] }
      .prefix(layout.plan.topK)
    let sum = layout.plan.topK == 1 ? 1 : chosen.reduce(0) { $0 + probabilities[$1] }
    return (
      probabilities.indices.map { chosen.contains($0) ? probabilities[$0] / sum : nil },
      probabilities, log(total)
    )
  }

  private func run(_ expert: ExpertLayout.Expert, _ a: [Double], _ parameters: [Double]) -> [Double]
  {
    let inner = linear(a, parameters[expert.upWeight], parameters[expert.upBias]).map(gelu)
    return linear(inner, parameters[expert.downWeight], parameters[expert.downBias])
  }

  /// The mean over tokens, of length one.
  private func pooled(_ hidden: [Double]) -> [Double] {
    let width = encoder.width
    let rows = hidden.count / width
    let mean = (0..<width).map { column in
      (0..<rows).reduce(0) { $0 + hidden[$1 * width + column] } / Double(rows)
    }
    let length = mean.reduce(0) { $0 + $1 * $1 }.squareRoot()
    return mean.map { $0 / length }
  }

  private func crossEntropy(_ features: [Double], _ text: Text, _ parameters: [Double]) -> Double {
    let bias = parameters[layout.headBias]
    let logits = zip(
      linear(features, parameters[layout.headWeight], bias.map { _ in 0 }[...]),
      bias
    ).map { Double(ExpertTrainer.headScale) * $0 + $1 }
    let total = log(logits.reduce(0) { $0 + exp($1) })
    let smoothing = Double(options.labelSmoothing)
    return logits.indices.reduce(0) { sum, candidate in
      let isRight = text.labels.contains(candidate)
      let target = smoothing / Double(logits.count) + (isRight ? 1 - smoothing : 0)
      let logit = logits[candidate]
      return sum
        + (text.hasTags ? log(1 + exp(logit)) - target * logit : target * (total - logit))
    }
  }

  private func attention(_ queryKeyValue: [Double]) -> [Double] {
    let width = encoder.width
    let headWidth = encoder.configuration.headWidth
    let rows = queryKeyValue.count / (3 * width)
    func element(_ row: Int, _ part: Int, _ column: Int) -> Double {
      queryKeyValue[row * 3 * width + part * width + column]
    }
    var context = [Double](repeating: 0, count: rows * width)
    for head in 0..<encoder.configuration.headCount {
      let columns = head * headWidth..<(head + 1) * headWidth
      for row in 0..<rows {
        let scores = (0..<rows).map { key in
          exp(
            columns.reduce(0) { $0 + element(row, 0, $1) * element(key, 1, $1) }
              / Double(headWidth).squareRoot())
        }
        let total = scores.reduce(0, +)
        for column in columns {
          context[row * width + column] =
            (0..<rows).reduce(0) { $0 + scores[$1] / total * element($1, 2, column) }
        }
      }
    }
    return context
  }

  private func linear(_ x: [Double], _ map: Map) -> [Double] {
    linear(x, map.weight[...], map.bias[...])
  }

  private func linear(
    _ x: [Double], _ weight: ArraySlice<Double>, _ bias: ArraySlice<Double>
  ) -> [Double] {
    let inputs = weight.count / bias.count
    let (weight, bias) = (Array(weight), Array(bias))
    return (0..<x.count / inputs).flatMap { row in
      bias.indices.map { output in
        var sum = bias[output]
        for input in 0..<inputs { sum += x[row * inputs + input] * weight[output * inputs + input] }
        return sum
      }
    }
  }

  private func norm(_ x: [Double], _ weights: LayerNormWeights) -> [Double] {
    let width = encoder.width
    return (0..<x.count / width).flatMap { row in
      let values = x[row * width..<(row + 1) * width]
      let mean = values.reduce(0, +) / Double(width)
      let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(width)
      let deviation = (variance + Double(encoder.configuration.layerNormEpsilon)).squareRoot()
      return zip(values, zip(weights.gain, weights.bias)).map {
        ($0 - mean) / deviation * Double($1.0) + Double($1.1)
      }
    }
  }

  private func added(_ x: [Double], _ y: [Double]) -> [Double] { zip(x, y).map { $0 + $1 } }

  private func gelu(_ x: Double) -> Double { 0.5 * x * (1 + erf(x / 2.0.squareRoot())) }
}
