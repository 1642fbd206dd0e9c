import MoEBase
import MoEModel
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

  init(experts: PackExperts, gate: FittedGate, task: String, backbone: Backbone) throws {
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
    switch experts {
    case .trained(let training, _):
      self.experts = Self.trained(training, width: backbone.width, router: &router)
      var heads = SafeTensorsWriter()
      let labelCount = training.head.bias.count
      heads.add(
        TensorName.headWeight(task: task), shape: [labelCount, featureWidth],
        floats: training.head.weight)
      heads.add(TensorName.headBias(task: task), shape: [labelCount], floats: training.head.bias)
      self.heads = heads.bytes()
    case .imported(let imported):
      self.experts = try imported.map { try Self.copied($0, router: &router) }
      heads = nil
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

  /// The experts that were trained elsewhere, number for number.
  private static func copied(
    _ imported: ImportedExperts, router: inout SafeTensorsWriter
  ) throws -> [UInt8] {
    var writer = SafeTensorsWriter()
    for tensor in imported.experts.tensors {
      writer.add(
        tensor.name, shape: tensor.shape,
        floats: try imported.experts.floatArray(tensor.name, shape: tensor.shape))
    }
    for tensor in imported.router.tensors {
      router.add(
        tensor.name, shape: tensor.shape,
        floats: try imported.router.floatArray(tensor.name, shape: tensor.shape))
    }
    return writer.bytes()
  }

  private static func add(
    _ layer: ExpertLayer, layer index: Int, width: Int, to writer: inout SafeTensorsWriter
  ) {
    for (number, expert) in layer.experts.enumerated() {
      func add(_ name: (Int, Int) -> String, _ shape: [Int], _ values: [Float]) {
        writer.add(name(index, number), shape: shape, floats: values)
      }
      add(TensorName.expertUpWeight, [expert.width, width], expert.up.packed.values)
      add(TensorName.expertUpBias, [expert.width], expert.upBias)
      add(TensorName.expertDownWeight, [width, expert.width], expert.down.packed.values)
      add(TensorName.expertDownBias, [width], expert.downBias)
    }
  }
}
