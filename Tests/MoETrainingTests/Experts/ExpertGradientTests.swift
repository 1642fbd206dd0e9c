import Foundation
import MoEBase
import MoEModel
import MoETensor
import MoETestSupport
import MoETraining
import Testing

/// The gradient of all that is trained, through layers, experts, routers and head, in one piece.
@Suite struct ExpertGradientTests {
  /// E and K of the plans that are tried.
  static let plans = [(1, 1), (3, 1), (3, 2), (3, 3)]
  /// Layers and how many of them hold experts: of three layers all are pooled; of six every second one, so that
  /// experts lie in pooled layers, under them, and over one whose block stays the trunk's.
  static let depths = [(3, 1), (3, 2), (3, 3), (6, 3), (6, 4), (6, 6)]

  /// A trainer of random experts in the top layers, with states and labels to train on.
  struct Setting {
    let trainer: ExpertTrainer
    let twin: DoubleTwin
    let parameters: [Float]
    let states: TrunkStates
    let labels: [Int]
    let targets: HeadTargets
    let batch: RaggedBatch
    /// What the frozen part makes of the texts.
    let texts: [DoubleTwin.Text]

    init(
      _ experts: Int, _ topK: Int, lengths: [Int], options: TrainingOptions,
      layerCount: Int = TinyBackbone.layerCount, depth: Int = 2, threads: Int = 1,
      hasTags: Bool = false
    ) throws {
      let encoder = try TinyBackbone.make(layerCount: layerCount).encoder
      let plan = ExpertPlan(top: depth, of: layerCount, width: 6, count: experts, topK: topK)
      trainer = try ExpertTrainer(
        encoder: encoder, plan: plan, labelCount: 3, options: options,
        pool: ThreadPool(threads: threads))
      twin = DoubleTwin(encoder: encoder, layout: trainer.layout, options: options)
      var generator = SeededGenerator(seed: 31)
      let layout = trainer.layout
      var parameters = (0..<layout.count).map { _ in Float(0.2 * generator.normal()) }
      for index in layout.headWeight { parameters[index] *= 0.25 }
      self.parameters = parameters
      let vocabularySize = encoder.configuration.vocabularySize
      let encodings = lengths.map { length in
        Encoding(
          ids: (0..<length).map { _ in Int32(generator.below(vocabularySize)) }, tokenCount: length)
      }
      states = try TrunkStates(
        encodings, entering: layerCount - depth, encoder: encoder, pool: ThreadPool(threads: 1))
      let labels = lengths.indices.map { _ in generator.below(3) }
      self.labels = labels
      // One label, two, or none.
      let tags = labels.enumerated().map { index, label in
        index % 3 == 0 ? [label] : index % 3 == 1 ? [] : [label, (label + 1) % 3]
      }
      targets = hasTags ? .each(tags) : .one(labels)
      batch = RaggedBatch(encodings.map(\.ids))
      let workspace = EncoderWorkspace()
      try encoder.embed(batch, workspace: workspace)
      var features = [Float](repeating: 0, count: lengths.count * encoder.featureWidth)
      for layer in 0..<layerCount - depth {
        encoder.layer(layer, offsets: batch.offsets, experts: nil, workspace: workspace)
        encoder.pool(layer, offsets: batch.offsets, into: &features, workspace: workspace)
      }
      let stride = encoder.featureWidth
      let width = encoder.width
      let hidden = workspace.hidden.reserve(batch.tokenCount * width)
      texts = lengths.indices.map { [batch] index in
        let rows = batch.rows(index)
        return DoubleTwin.Text(
          states: (rows.lowerBound * width..<rows.upperBound * width).map { Double(hidden[$0]) },
          features: features[index * stride..<(index + 1) * stride].map(Double.init),
          labels: hasTags ? tags[index] : [labels[index]], hasTags: hasTags)
      }
    }

    /// The mean cross-entropy and the share of right labels that inference gives.
    func inference() throws -> (loss: Double, accuracy: Double) {
      let encoder = twin.encoder
      let layout = trainer.layout
      let workspace = EncoderWorkspace()
      try encoder.embed(batch, workspace: workspace)
      let first = layout.plan.layers[0]
      var features = [Float](repeating: 0, count: labels.count * encoder.featureWidth)
      for layer in 0..<encoder.layerCount {
        encoder.layer(
          layer, offsets: batch.offsets,
          experts: layer < first ? nil : layout.layer(layer - first, of: parameters),
          workspace: workspace)
        encoder.pool(layer, offsets: batch.offsets, into: &features, workspace: workspace)
      }
      let head = LabelHead(
        task: "issue", labels: ["a", "b", "c"],
        weight: PackedMatrix(
          rows: 3, columns: encoder.featureWidth,
          values: parameters[layout.headWeight].map { $0 * ExpertTrainer.headScale }),
        bias: Array(parameters[layout.headBias]))
      let probabilities = head.probabilities(
        features, count: labels.count, kernels: encoder.kernels)
      var loss = 0.0
      var correct = 0
      for (text, label) in labels.enumerated() {
        let row = Array(probabilities[text * 3..<(text + 1) * 3])
        loss -= log(Double(row[label]))
        correct += row[label] == row.max() ? 1 : 0
      }
      return (loss / Double(labels.count), Double(correct) / Double(labels.count))
    }

    /// Loss and gradient of all texts as one batch.
    func gradient() -> (loss: Double, gradients: [Float]) {
      trainer.gradient(parameters, states, Array(labels.indices), targets)
    }

    /// The ranges of every tensor, by name.
    var tensors: [(name: String, range: Range<Int>)] {
      let layout = trainer.layout
      var tensors = [("head bias", layout.headBias)]
      // Each block of the features' columns is a tensor of its own here, so that none is passed over.
      let width = twin.encoder.width
      let stride = twin.encoder.featureWidth
      for block in 0..<stride / width {
        for label in 0..<layout.labelCount {
          let start = layout.headWeight.lowerBound + label * stride + block * width
          tensors.append(("head weight, label \(label), block \(block)", start..<start + width))
        }
      }
      for (layer, experts) in layout.experts.enumerated() {
        for (index, expert) in experts.enumerated() {
          let name = "layer \(layer), expert \(index)"
          tensors += [
            ("\(name), up weight", expert.upWeight), ("\(name), up bias", expert.upBias),
            ("\(name), down weight", expert.downWeight), ("\(name), down bias", expert.downBias),
          ]
        }
      }
      for (layer, router) in layout.routers.enumerated() {
        tensors += [
          ("layer \(layer), router weight", router.weight),
          ("layer \(layer), router bias", router.bias),
        ]
      }
      return tensors
    }
  }

  private static func options(balance: Float) -> TrainingOptions {
    var options = TrainingOptions()
    options.zLoss = balance / 2
    options.labelSmoothing = 0.1
    options.balance = balance
    return options
  }

  @Test(arguments: plans, [Float(0), 0.7])
  func `the gradient is that of central differences`(_ plan: (Int, Int), _ balance: Float) throws {
    // Nine texts make two shards.
    let setting = try Setting(
      plan.0, plan.1, lengths: [3, 1, 4, 2, 2, 1, 2, 1, 3], options: Self.options(balance: balance))
    let greatest = Self.compareWithCentralDifferences(setting)
    print(
      "E = \(plan.0), K = \(plan.1), balance \(balance): greatest relative difference \(greatest)")
  }

  @Test(arguments: plans)
  func `the gradient of tags is that of central differences`(_ experts: Int, _ topK: Int) throws {
    let setting = try Setting(
      experts, topK, lengths: [3, 1, 4, 2, 2, 1, 2, 1, 3], options: Self.options(balance: 0),
      hasTags: true)
    let greatest = Self.compareWithCentralDifferences(setting)
    print("tags, E = \(experts), K = \(topK): greatest relative difference \(greatest)")
  }

  @Test(arguments: depths)
  func `the gradient is that of central differences wherever the pooled layers lie`(
    _ layerCount: Int, _ depth: Int
  ) throws {
    let setting = try Setting(
      1, 1, lengths: [3, 1, 4], options: Self.options(balance: 0), layerCount: layerCount,
      depth: depth)
    let pooled = setting.twin.encoder.configuration.pooledLayers
    #expect(pooled == (layerCount == 3 ? [0, 1, 2] : [1, 3, 5]))
    #expect(setting.trainer.layout.headWeight.count == 3 * 3 * setting.twin.encoder.width)
    let greatest = Self.compareWithCentralDifferences(setting)
    print(
      "experts in \(depth) of \(layerCount) layers: greatest relative difference \(greatest)")
  }

  /// Compares loss and gradient with those of the twin.
  ///
  /// - Returns: The greatest difference, relative to the tensor's greatest element.
  private static func compareWithCentralDifferences(_ setting: Setting) -> Double {
    let (loss, gradients) = setting.gradient()
    var withoutRouterLosses = setting.twin.options
    withoutRouterLosses.balance = 0
    withoutRouterLosses.zLoss = 0
    let naive = DoubleTwin(
      encoder: setting.twin.encoder, layout: setting.twin.layout, options: withoutRouterLosses)
    let parameters = setting.parameters.map(Double.init)
    let count = Double(setting.texts.count)
    #expect(abs(loss / count - naive.loss(parameters, setting.texts)) < 1e-5)
    var greatest = 0.0
    var generator = SeededGenerator(seed: 32)
    for (name, range) in setting.tensors {
      let scale = range.map { abs(Double(gradients[$0])) }.max() ?? 0
      #expect(scale > 0, "\(name) gets no gradient")
      for _ in 0..<4 {
        let index = range.lowerBound + generator.below(range.count)
        var moved = parameters
        // In Double a step of 1e-5 leaves the difference quotient right to about 1e-9.
        moved[index] = parameters[index] + 1e-5
        let above = setting.twin.loss(moved, setting.texts)
        moved[index] = parameters[index] - 1e-5
        let expected = (above - setting.twin.loss(moved, setting.texts)) / 2e-5
        let difference = abs(Double(gradients[index]) - expected) / scale
        greatest = max(greatest, difference)
        // Float's rounding over chains of up to 192 terms through up to six layers, relative to the tensor's
        // greatest element.
        #expect(difference < 2e-4, "\(name): \(gradients[index]), expected \(expected)")
      }
    }
    return greatest
  }

  @Test(arguments: plans)
  func `the gradient has the same bits on one thread and on two`(_ experts: Int, _ topK: Int) throws
  {
    let lengths = (0..<30).map { 1 + $0 % 5 }
    let one = try Setting(experts, topK, lengths: lengths, options: TrainingOptions()).gradient()
    let two = try Setting(experts, topK, lengths: lengths, options: TrainingOptions(), threads: 2)
      .gradient()
    #expect(one.loss.bitPattern == two.loss.bitPattern)
    #expect(one.gradients.map(\.bitPattern) == two.gradients.map(\.bitPattern))
  }

  @Test(arguments: plans)
  func `training sees the loss that inference gives`(_ experts: Int, _ topK: Int) throws {
    var options = TrainingOptions()
    options.labelSmoothing = 0
    let setting = try Setting(
      experts, topK, lengths: [4, 1, 7, 2, 9, 3, 3, 5, 1], options: options)
    let evaluation = setting.trainer.evaluate(
      setting.parameters, setting.states, setting.targets)
    let inference = try setting.inference()
    #expect(evaluation.score == inference.accuracy)
    // Float's probabilities; and training multiplies by the head's scale after the product, not before.
    #expect(abs(evaluation.loss - inference.loss) < 1e-5)
    #expect(abs(setting.gradient().loss / 9 - inference.loss) < 1e-5)
  }
}
