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

  init(training: TaskTraining, gate: FittedGate, task: String, width: Int) {
    let rowCount = gate.rows.bias.count
    var router = SafeTensorsWriter()
    router.add(
      PackTensors.rowWeight, shape: [rowCount, width], floats: gate.rows.weight.map { Float($0) })
    router.add(PackTensors.rowBias, shape: [rowCount], floats: gate.rows.bias.map { Float($0) })
    router.add(PackTensors.rowPrior, shape: [rowCount], floats: gate.rows.prior.map { Float($0) })
    var experts: SafeTensorsWriter?
    if training.shipsExperts, let trained = training.experts {
      var writer = SafeTensorsWriter()
      for (layer, content) in trained.layers.sorted(by: { $0.key < $1.key }) {
        Self.add(content, layer: layer, width: width, to: &writer)
        guard let expertRouter = content.router else { continue }
        let count = expertRouter.bias.count
        router.add(
          PackTensors.routerWeight(layer: layer), shape: [count, width],
          floats: expertRouter.weight.values)
        router.add(PackTensors.routerBias(layer: layer), shape: [count], floats: expertRouter.bias)
      }
      experts = writer
    }
    var heads = SafeTensorsWriter()
    let labelCount = training.head.bias.count
    heads.add(
      PackTensors.headWeight(task), shape: [labelCount, width], floats: training.head.weight)
    heads.add(PackTensors.headBias(task), shape: [labelCount], floats: training.head.bias)
    self.experts = experts?.bytes()
    self.router = router.bytes()
    self.heads = heads.bytes()
  }

  private static func add(
    _ layer: ExpertLayer, layer index: Int, width: Int, to writer: inout SafeTensorsWriter
  ) {
    for (number, expert) in layer.experts.enumerated() {
      let names = PackTensors.Expert(layer: index, expert: number)
      writer.add(names.upWeight, shape: [expert.width, width], floats: expert.up.values)
      writer.add(names.upBias, shape: [expert.width], floats: expert.upBias)
      writer.add(names.downWeight, shape: [width, expert.width], floats: expert.down.values)
      writer.add(names.downBias, shape: [width], floats: expert.downBias)
    }
  }
}
