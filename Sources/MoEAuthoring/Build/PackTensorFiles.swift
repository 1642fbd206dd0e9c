import MoEBase
import MoEModel
import MoEPackFormat
import MoETensor
import MoETraining
import SafeTensors

/// The tensor entries of a pack, as bytes.
struct PackTensorFiles: Sendable {
  /// `experts.safetensors`; `nil` where the frozen head won.
  let experts: [UInt8]?
  /// `router.safetensors`.
  let router: [UInt8]
  /// `heads.safetensors`; `nil` where no task has labels.
  let heads: [UInt8]?

  init(experts source: PackExperts, gate: FittedGate, task: String, backbone: Backbone) throws {
    let featureWidth = backbone.featureWidth
    let rowCount = gate.rows.bias.count
    var router = SafeTensorsWriter()
    router.add(
      TensorName.dispatcherWeight, shape: [rowCount, featureWidth],
      floats: gate.rows.weight.map { Float($0) })
    router.add(
      TensorName.dispatcherBias, shape: [rowCount], floats: gate.rows.bias.map { Float($0) })
    router.add(
      TensorName.dispatcherPrior, shape: [rowCount], floats: gate.rows.prior.map { Float($0) })
    if gate.ngramShare > 0 {
      router.add(
        TensorName.dispatcherNGrams, shape: [NGramBag.bucketCount], floats: gate.ngrams)
    }
    switch source {
    case .trained(let training, _):
      experts = Self.trained(training, width: backbone.width, router: &router)
      var heads = SafeTensorsWriter()
      let labelCount = training.head.bias.count
      heads.add(
        TensorName.headWeight(task: task), shape: [labelCount, featureWidth],
        floats: training.head.weight)
      heads.add(TensorName.headBias(task: task), shape: [labelCount], floats: training.head.bias)
      if let thresholds = training.thresholds {
        heads.add(
          TensorName.headThreshold(task: task), shape: [labelCount], floats: thresholds)
      }
      self.heads = heads.bytes()
    case .imported(let imported):
      experts = try imported.flatMap { try Self.copied($0, EntryName.experts) }
      heads = try imported.flatMap { try Self.copied($0, EntryName.heads) }
      if let file = imported?.files[EntryName.router] { try Self.copy(file, to: &router) }
    }
    self.router = router.bytes()
  }

  /// The experts that were trained here; `nil` where the frozen head ships.
  private static func trained(
    _ training: TaskTraining, width: Int, router: inout SafeTensorsWriter
  ) -> [UInt8]? {
    guard training.shipsExperts, let trained = training.experts else { return nil }
    var writer = SafeTensorsWriter()
    for (layer, content) in trained.layers.sorted(by: { $0.key < $1.key }) {
      add(content, layer: layer, width: width, to: &writer)
      guard let expertRouter = content.router else { continue }
      let count = expertRouter.bias.count
      router.add(
        TensorName.routerWeight(layer: layer), shape: [count, width],
        floats: expertRouter.weight.values)
      router.add(TensorName.routerBias(layer: layer), shape: [count], floats: expertRouter.bias)
    }
    return writer.bytes()
  }

  /// An entry that was trained elsewhere, number for number; `nil` where it has no tensor.
  private static func copied(_ imported: ImportedExperts, _ entry: String) throws -> [UInt8]? {
    guard let file = imported.files[entry] else { return nil }
    var writer = SafeTensorsWriter()
    try copy(file, to: &writer)
    return writer.bytes()
  }

  private static func copy(_ file: SafeTensorsFile, to writer: inout SafeTensorsWriter) throws {
    for tensor in file.tensors {
      writer.add(
        tensor.name, shape: tensor.shape,
        floats: try file.floatArray(tensor.name, shape: tensor.shape))
    }
  }

  private static func add(
    _ layer: ExpertLayer, layer index: Int, width: Int, to writer: inout SafeTensorsWriter
  ) {
    for (number, expert) in layer.experts.enumerated() {
      func add(_ name: (Int, Int) -> String, _ shape: [Int], _ values: [Float]) {
        writer.add(name(index, number), shape: shape, floats: values)
      }
      add(TensorName.expertUpWeight, [expert.width, width], expert.up.values)
      add(TensorName.expertUpBias, [expert.width], expert.upBias)
      add(TensorName.expertDownWeight, [width, expert.width], expert.down.values)
      add(TensorName.expertDownBias, [width], expert.downBias)
    }
  }
}
