import MoEBase
import MoEModel
import MoEPackFormat
import MoETensor

/// The tensors of a tiny pack, fitted to its texts by class means: enough to be right nearly always.
struct TinyFit {
  /// The values of every tensor, by entry and name.
  private(set) var tensors: [String: [String: [Float]]] = [:]
  /// τ.
  private(set) var threshold = 0.0

  private static let width = TinyBackbone.width
  private static let expertWidth = 8
  private static let featureWidth = TinyBackbone.featureWidth
  private static let gateScale: Float = 20
  private static let headScale: Float = 20

  init(_ texts: TopicTexts, labels: [String], expertCount: Int, backbone: Backbone) throws {
    let pool = ThreadPool(threads: 1)
    let own = try backbone.features(texts: texts.own.map(\.text), pool: pool)
    let others = try backbone.features(texts: texts.others, pool: pool)
    let topics = texts.own.map { "topic-\($0.topic)" }
    let background = Self.mean(others, where: Array(repeating: true, count: texts.others.count))
    let rows = Self.prototypes(own, topics, labels, scale: Self.gateScale, against: background)
    var router: [String: [Float]] = [
      TensorName.dispatcherWeight: rows.weight, TensorName.dispatcherBias: rows.bias,
      TensorName.dispatcherPrior: labels.map { _ in 1 / Float(labels.count) },
    ]
    var experts: [String: [Float]] = [:]
    var layers: [Int: ExpertLayer] = [:]
    var generator = SeededGenerator(seed: 77)
    func random(_ count: Int, _ scale: Float) -> [Float] {
      (0..<count).map { _ in scale * Float(generator.normal()) }
    }
    for layer in [1, 2] where expertCount > 0 {
      for expert in 0..<expertCount {
        experts[TensorName.expertUpWeight(layer: layer, expert: expert)] =
          random(Self.expertWidth * Self.width, 0.2)
        experts[TensorName.expertUpBias(layer: layer, expert: expert)] =
          random(Self.expertWidth, 0.1)
        experts[TensorName.expertDownWeight(layer: layer, expert: expert)] =
          random(Self.width * Self.expertWidth, 0.2)
        experts[TensorName.expertDownBias(layer: layer, expert: expert)] = random(Self.width, 0.1)
      }
      if expertCount > 1 {
        router[TensorName.routerWeight(layer: layer)] = random(expertCount * Self.width, 0.3)
        router[TensorName.routerBias(layer: layer)] = random(expertCount, 0.1)
      }
      layers[layer] = Self.layer(layer, count: expertCount, experts, router)
    }
    let dispatcherRows = DispatcherRows(
      weight: PackedMatrix(rows: labels.count, columns: Self.featureWidth, values: rows.weight),
      bias: rows.bias, prior: labels.map { _ in 1 / Float(labels.count) }, threshold: 0,
      temperature: 1)
    threshold = Self.threshold(
      own: Self.scores(dispatcherRows, own), others: Self.scores(dispatcherRows, others))
    // The heads read the features of the pack's own pass.
    let seen = try texts.own.flatMap { try Self.features($0.text, experts: layers, backbone) }
    let zero = [Float](repeating: 0, count: Self.featureWidth)
    let head = Self.prototypes(seen, topics, labels, scale: Self.headScale, against: zero)
    tensors[EntryName.router] = router
    if expertCount > 0 { tensors[EntryName.experts] = experts }
    tensors[EntryName.heads] = [
      TensorName.headWeight(task: "issue"): head.weight,
      TensorName.headBias(task: "issue"): head.bias,
    ]
  }

  /// The features of one text with experts in the layers.
  private static func features(
    _ text: String, experts: [Int: ExpertLayer], _ backbone: Backbone
  ) throws -> [Float] {
    let encoder = try backbone.encoder
    let batch = RaggedBatch([backbone.tokenizer.encode(text).ids])
    let workspace = EncoderWorkspace()
    var features = [Float](repeating: 0, count: featureWidth)
    try encoder.embed(batch, workspace: workspace)
    for layer in 0..<encoder.layerCount {
      encoder.layer(layer, offsets: batch.offsets, experts: experts[layer], workspace: workspace)
      encoder.pool(layer, offsets: batch.offsets, into: &features, workspace: workspace)
    }
    return features
  }

  private static func layer(
    _ layer: Int, count: Int, _ experts: [String: [Float]], _ router: [String: [Float]]
  ) -> ExpertLayer {
    func values(_ name: String) -> [Float] { experts[name] ?? router[name] ?? [] }
    return ExpertLayer(
      experts: (0..<count).map { expert in
        Expert(
          up: PackedMatrix(
            rows: expertWidth, columns: width,
            values: values(TensorName.expertUpWeight(layer: layer, expert: expert))),
          upBias: values(TensorName.expertUpBias(layer: layer, expert: expert)),
          down: PackedMatrix(
            rows: width, columns: expertWidth,
            values: values(TensorName.expertDownWeight(layer: layer, expert: expert))),
          downBias: values(TensorName.expertDownBias(layer: layer, expert: expert)))
      },
      router: count == 1
        ? nil
        : ExpertRouter(
          weight: PackedMatrix(
            rows: count, columns: width, values: values(TensorName.routerWeight(layer: layer))),
          bias: values(TensorName.routerBias(layer: layer)), topK: min(2, count)))
  }

  /// Rows whose score is the scaled difference of squared distances to `origin` and to the class mean.
  private static func prototypes(
    _ features: [Float], _ topics: [String], _ labels: [String], scale: Float,
    against origin: [Float]
  ) -> (weight: [Float], bias: [Float]) {
    var weight: [Float] = []
    var bias: [Float] = []
    for label in labels {
      let mean = Self.mean(features, where: topics.map { $0 == label })
      weight += zip(mean, origin).map { scale * ($0 - $1) }
      bias.append(
        -scale / 2 * zip(mean, origin).reduce(0) { $0 + ($1.0 * $1.0 - $1.1 * $1.1) })
    }
    return (weight, bias)
  }

  private static func mean(_ features: [Float], where isIn: [Bool]) -> [Float] {
    var sum = [Float](repeating: 0, count: featureWidth)
    for (index, isIn) in isIn.enumerated() where isIn {
      for column in 0..<featureWidth { sum[column] += features[index * featureWidth + column] }
    }
    let count = Float(max(1, isIn.count { $0 }))
    return sum.map { $0 / count }
  }

  private static func scores(_ rows: DispatcherRows, _ features: [Float]) -> [Double] {
    features.withUnsafeBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return [] }
      let none = [NGramBag](
        repeating: NGramBag(Encoding(ids: [], tokenCount: 0)), count: buffer.count / featureWidth)
      return rows.scores(base, none, kernels: Kernels())
    }
  }

  /// A threshold that nearly all own texts pass and nearly no other.
  private static func threshold(own: [Double], others: [Double]) -> Double {
    let low = own.sorted()[own.count / 20]
    let high = others.max() ?? low
    return low > high ? (low + high) / 2 : high + 0.25
  }
}
