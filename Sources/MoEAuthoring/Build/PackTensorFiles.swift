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
  /// `heads.safetensors`.
  let heads: [UInt8]

  init(training: TaskTraining, gate: FittedGate, task: String, encoder: Encoder) {
    let (width, featureWidth) = (encoder.width, encoder.featureWidth)
    let rowCount = gate.rows.bias.count
    var router = SafeTensorsWriter()
    router.add(
      TensorName.dispatcherWeight, shape: [rowCount, featureWidth],
      floats: gate.rows.weight.map { Float($0) })
    router.add(
      TensorName.dispatcherBias, shape: [rowCount], floats: gate.rows.bias.map { Float($0) })
    router.add(
      TensorName.dispatcherPrior, shape: [rowCount], floats: gate.rows.prior.map { Float($0) })
    var experts: SafeTensorsWriter?
    if training.shipsExperts, let trained = training.experts {
      var writer = SafeTensorsWriter()
      for (layer, content) in trained.layers.sorted(by: { $0.key < $1.key }) {
        Self.add(content, layer: layer, width: width, to: &writer)
        guard let expertRouter = content.router else { continue }
        let count = expertRouter.bias.count
        router.add(
          TensorName.routerWeight(layer: layer), shape: [count, width],
          floats: expertRouter.weight.values)
        router.add(TensorName.routerBias(layer: layer), shape: [count], floats: expertRouter.bias)
      }
      experts = writer
    }
    var heads = SafeTensorsWriter()
    let labelCount = training.head.bias.count
    heads.add(
      TensorName.headWeight(task: task), shape: [labelCount, featureWidth],
      floats: training.head.weight)
    heads.add(TensorName.headBias(task: task), shape: [labelCount], floats: training.head.bias)
    self.experts = experts?.bytes()
    self.router = router.bytes()
    self.heads = heads.bytes()
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
