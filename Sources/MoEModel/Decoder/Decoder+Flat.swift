import MoETensor

extension Decoder {
  /// The model with the experts of packs among its own, in one softmax: the gate version `flat`.
  ///
  /// ```
  /// z = [W; W_1; …; W_P] h        the backbone's router rows, then each pack's
  /// ```
  ///
  /// of which the backbone's own order, K and normalisation choose and weigh. What a pack adds changes what
  /// the others give: isolation, which this gives up, is what a pack's own router as a residual keeps. Weights
  /// are shared with this decoder.
  ///
  /// Reference: FlexOlmo (2025), arXiv:2507.07024; Branch-Train-MiX (2024), arXiv:2403.07816.
  ///
  /// - Parameter packs: Each pack's name and its experts by layer, as wide as this model, in the order of
  ///   the packs' digests.
  /// - Returns: The wider model.
  /// - Throws: ``FlatModeError``.
  public func flattened(
    with packs: [(name: String, experts: [Int: SparseNetwork])]
  ) throws(FlatModeError) -> Decoder {
    var wide = weights
    var architecture = architecture
    for pack in packs {
      for layer in pack.experts.keys.sorted() where !architecture.sparseLayers.contains(layer) {
        throw .denseLayer(pack: pack.name, layer: layer)
      }
    }
    for layer in architecture.sparseLayers {
      guard case .sparse(var network) = wide.layers[layer].feedForward else { continue }
      for pack in packs {
        guard let own = pack.experts[layer] else {
          throw .missingLayer(pack: pack.name, layer: layer)
        }
        network = network.joined(by: own)
      }
      wide.layers[layer].feedForward = .sparse(network)
      architecture.feedForwards[layer] = .sparse(network.gate)
    }
    return Decoder(architecture: architecture, weights: wide, kernels: kernels)
  }
}

extension SparseNetwork {
  /// This network with another's router rows and experts after its own; gating stays this one's.
  ///
  /// The rows of both routers are widened to `Float`, exactly.
  fileprivate func joined(by other: SparseNetwork) -> SparseNetwork {
    precondition(other.router.columns == router.columns, "experts of another width")
    var gate = gate
    gate.expertCount += other.gate.expertCount
    var joined = SparseNetwork(
      gate: gate,
      router: PackedMatrix(
        rows: gate.expertCount, columns: router.columns,
        values: router.values + other.router.values),
      experts: experts + other.experts)
    joined.shared = shared
    return joined
  }
}
