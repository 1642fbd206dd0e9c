import MoETensor

extension DecoderWeights {
  /// Every matrix, under the names of ``CheckpointKeys``.
  var namedMatrices: [String: PackedMatrix] {
    var found = ["embedding": embedding]
    if !isTied { found["output"] = output }
    for (number, layer) in layers.enumerated() {
      let name = "layers.\(number)."
      found[name + "attention.input"] = layer.attentionInput
      found[name + "attention.output"] = layer.attentionOutput
      switch layer.feedForward {
      case .dense(let network): add(network, name, to: &found)
      case .sparse(let network):
        found[name + "router"] = network.router
        for (expert, network) in network.experts.enumerated() {
          add(network, name + "experts.\(expert).", to: &found)
        }
        guard let shared = network.shared else { continue }
        add(shared.network, name + "shared.", to: &found)
        found[name + "shared.gate"] = shared.gate
      }
    }
    return found
  }

  /// Every vector, under the names of ``CheckpointKeys``.
  var namedVectors: [String: [Float]] {
    var found = ["norm": norm]
    for (number, layer) in layers.enumerated() {
      let name = "layers.\(number)."
      found[name + "attention.norm"] = layer.attentionNorm
      found[name + "feedForward.norm"] = layer.feedForwardNorm
      found[name + "attention.input.bias"] = layer.attentionInputBias
      found[name + "attention.output.bias"] = layer.attentionOutputBias
      found[name + "query.norm"] = layer.queryNorm
      found[name + "key.norm"] = layer.keyNorm
      guard case .dense(let network) = layer.feedForward else { continue }
      found[name + "gateUp.bias"] = network.gateUpBias
      found[name + "down.bias"] = network.downBias
    }
    return found
  }

  private func add(
    _ network: GatedNetwork, _ name: String, to found: inout [String: PackedMatrix]
  ) {
    found[name + "gateUp"] = network.gateUp
    found[name + "down"] = network.down
  }
}
