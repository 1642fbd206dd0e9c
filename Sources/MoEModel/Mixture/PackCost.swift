import MoETensor

extension PackModel {
  /// The floating-point operations that this pack adds to the trunk for a text of so many tokens.
  ///
  /// They are those of its dispatcher rows, its experts and their routers, the layers above its first expert
  /// layer, which run again, and its heads; on a language model those of rows, experts and routers. A
  /// multiplication and its addition count as two.
  public func flopsPerText(tokens: Int, backbone: Backbone) -> Double {
    let (width, depth) = (Double(backbone.width), backbone.layerCount)
    guard case .encoder(let encoder) = backbone.transformer else {
      let perToken = gatedExperts.values.reduce(0.0) { sum, network in
        sum + 6 * width * Double(network.gate.expertWidth * network.gate.topK)
          + 2 * width * Double(network.gate.expertCount)
      }
      return perToken * Double(tokens) + 2 * width * Double(rows.count)
    }
    let inner = Double(encoder.configuration.feedForwardWidth)
    var perToken = 0.0
    for (layer, experts) in experts {
      let active = experts.router?.topK ?? 1
      let widest = experts.experts.map(\.width).max() ?? 0
      perToken += Double(active) * 4 * width * Double(widest)
      if experts.router != nil { perToken += 2 * width * Double(experts.experts.count) }
      precondition(layer < depth, "a layer of the backbone")
    }
    if let first = firstExpertLayer {
      // Queries, keys, values and output; both products of the attention; the feed-forward network.
      let again = 8 * width * width + 4 * Double(tokens) * width + 4 * width * inner
      perToken += Double(depth - 1 - first) * again
    }
    let outputs = rows.count + heads.reduce(0) { $0 + $1.labels.count }
    return perToken * Double(tokens) + 2 * Double(encoder.featureWidth) * Double(outputs)
  }
}

extension DispatcherRows {
  /// How many rows have the weights of an earlier one, bit for bit.
  ///
  /// Such a row says nothing that one row with another offset does not say; it only costs.
  public var repeatedCount: Int {
    let values = weight.values
    let columns = weight.columns
    var seen: Set<[UInt32]> = []
    return (0..<count).count { row in
      !seen.insert(values[row * columns..<(row + 1) * columns].map(\.bitPattern)).inserted
    }
  }
}
