import Foundation
import MoEBase
import MoEModel
import MoETensor
import MoETraining
import SafeTensors
import Testing

/// The gradients of two layers with experts, both pooled, and a head against those that PyTorch gave, recorded by
/// `tools/reference/layer_gradients.py`.
@Suite struct PyTorchLayerTests {
  private let document: JSONValue
  private let encoder: Encoder
  private let offsets: [Int]
  private let labels: [Int]

  init() throws {
    let file = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../Reference/layer.json")
    document = try JSONValue(parsing: Array(Data(contentsOf: file)))
    encoder = try Self.encoder(document)
    offsets = try Self.integers(document, "lengths").reduce(into: [0]) {
      $0.append($0[$0.count - 1] + $1)
    }
    labels = try Self.integers(document, "labels")
  }

  @Test(arguments: [0, 1])
  func `loss and gradients are PyTorch's`(_ index: Int) throws {
    var reader = try JSONReader(document)
    var entry = try reader.objects("cases")[index]
    let count = try entry.integer("experts", in: 1...8)
    var options = TrainingOptions()
    options.labelSmoothing = Float(try reader.number("smoothing"))
    options.balance = Float(try reader.number("balance"))
    options.zLoss = Float(try reader.number("zLoss"))
    let trainer = try ExpertTrainer(
      encoder: encoder,
      plan: ExpertPlan(
        top: 2, of: 2, width: 4, count: count, topK: try entry.integer("topK", in: 1...count)),
      labelCount: 3, options: options, pool: ThreadPool(threads: 1))
    let layout = trainer.layout
    // Every block of the features is made by the layers that are trained.
    #expect(encoder.configuration.pooledLayers == [0, 1])
    #expect(layout.headWeight.count == 3 * 2 * encoder.width)
    var recorded = try entry.object("parameters")
    var parameters = [Float](repeating: 0, count: layout.count)
    for (name, range) in Self.names(layout) {
      parameters.replaceSubrange(range, with: try Self.values(&recorded, name))
    }
    try recorded.finish()
    let input = try Self.values(&reader, "input")
    let workspace = EncoderWorkspace()
    workspace.hidden.reserve(input.count).update(from: input, count: input.count)
    encoder.slot(0, offsets: offsets, workspace: workspace)
    func copy(_ buffer: AlignedBuffer) -> [Float] {
      Array(UnsafeBufferPointer(start: buffer.reserve(input.count), count: input.count))
    }
    let states = TrunkStates(
      layer: 0, attended: copy(workspace.attended), sums: copy(workspace.hidden), offsets: offsets,
      features: [Float](repeating: 0, count: labels.count * encoder.featureWidth),
      width: encoder.width)
    let (loss, gradients) = trainer.gradient(
      parameters, states, Array(labels.indices), .one(labels))
    let expectedLoss = try entry.number("loss")
    #expect(abs(loss - expectedLoss) < 1e-5 * expectedLoss)
    var expected = try entry.object("gradients")
    var greatest: Float = 0
    for (name, range) in Self.names(layout) {
      let values = try Self.values(&expected, name)
      let scale = values.map(abs).max() ?? 0
      let difference = zip(gradients[range], values).map { abs($0 - $1) }.max() ?? 0
      greatest = max(greatest, difference / scale)
      // Float's rounding through two layers, relative to the tensor's greatest element.
      #expect(difference < 1e-4 * scale, "\(name): \(difference) of \(scale)")
    }
    try expected.finish()
    print("\(count) experts: greatest relative difference to PyTorch \(greatest)")
  }

  /// The recorded name of each tensor of the layout.
  private static func names(_ layout: ExpertLayout) -> [(String, Range<Int>)] {
    var names = [("head.weight", layout.headWeight), ("head.bias", layout.headBias)]
    for (layer, experts) in layout.experts.enumerated() {
      for (index, expert) in experts.enumerated() {
        names += [
          ("\(layer).\(index).up.weight", expert.upWeight),
          ("\(layer).\(index).up.bias", expert.upBias),
          ("\(layer).\(index).down.weight", expert.downWeight),
          ("\(layer).\(index).down.bias", expert.downBias),
        ]
      }
    }
    for (layer, router) in layout.routers.enumerated() {
      names += [("\(layer).router.weight", router.weight), ("\(layer).router.bias", router.bias)]
    }
    return names
  }

  /// An encoder of two layers that share the recorded weights.
  private static func encoder(_ document: JSONValue) throws -> Encoder {
    var reader = try JSONReader(document)
    var layer = try reader.object("layer")
    var writer = SafeTensorsWriter()
    var feedForwardWidth = 0
    var width = 0
    for name in layer.keys {
      var tensor = try layer.object(name)
      let shape = try tensor.array("shape").map { value -> Int in
        if case .integer(let extent) = value { return Int(extent) }
        throw JSONSchemaError(path: name, expected: "a whole number", got: value.kind)
      }
      let values = try Self.values(&layer, name)
      for index in 0..<2 {
        writer.add("encoder.layer.\(index).\(name)", shape: shape, floats: values)
      }
      if name == "intermediate.dense.weight" { (feedForwardWidth, width) = (shape[0], shape[1]) }
    }
    let zeros = [Float](repeating: 0, count: 3 * width)
    writer.add("embeddings.word_embeddings.weight", shape: [3, width], floats: zeros)
    writer.add("embeddings.position_embeddings.weight", shape: [3, width], floats: zeros)
    writer.add(
      "embeddings.token_type_embeddings.weight", shape: [2, width],
      floats: Array(zeros[0..<2 * width]))
    for part in ["weight", "bias"] {
      writer.add("embeddings.LayerNorm.\(part)", shape: [width], floats: Array(zeros[0..<width]))
    }
    let configuration = try EncoderConfiguration(
      config: [
        "model_type": "bert", "hidden_act": "gelu", "vocab_size": 3, "hidden_size": .integer(width),
        "num_hidden_layers": 2,
        "num_attention_heads": .integer(try reader.integer("headCount", in: 1...width)),
        "intermediate_size": .integer(feedForwardWidth), "max_position_embeddings": 3,
        "layer_norm_eps": 1e-12,
      ],
      sentenceConfig: ["max_seq_length": 3], pooling: ["pooling_mode_mean_tokens": true])
    let file = try SafeTensorsFile(bytes: writer.bytes(), name: "model.safetensors")
    return Encoder(
      configuration: configuration,
      weights: try EncoderWeights(file: file, configuration: configuration), kernels: Kernels())
  }

  private static func values(_ reader: inout JSONReader, _ name: String) throws -> [Float] {
    var tensor = try reader.object(name)
    return try tensor.array("values").map { value in
      guard case .number(let number) = value else {
        throw JSONSchemaError(path: name, expected: "a number", got: value.kind)
      }
      return Float(number)
    }
  }

  private static func integers(_ document: JSONValue, _ key: String) throws -> [Int] {
    var reader = try JSONReader(document)
    return try reader.array(key).map { value in
      guard case .integer(let number) = value else {
        throw JSONSchemaError(path: key, expected: "a whole number", got: value.kind)
      }
      return Int(number)
    }
  }
}
