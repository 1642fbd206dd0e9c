public import MoETensor

/// Which experts took which tokens of a text, in one layer.
///
/// A trace can reveal the text to who knows the model (arXiv:2602.04105): it is for those who may see that.
public struct ExpertTrace: Sendable, Equatable {
  /// The pack whose experts they are; `nil` for the backbone's own.
  public let pack: PackIdentity?
  /// The layer, from 0.
  public let layer: Int
  /// By expert, the share of the tokens' places that it took; they sum to 1.
  public let shares: [Double]
  /// By token, the experts it went to, greatest weight first; empty where only shares are known.
  public let tokens: [[Int]]
}

extension MixtureModel {
  /// What the expert routers do with a text: those of the packs that answer it, and on a language model the
  /// backbone's.
  ///
  /// - Parameters:
  ///   - encoding: The tokenized text.
  ///   - answer: Its answer by this very mixture.
  ///   - pool: The threads that share the work.
  /// - Returns: One a pack and layer that has experts.
  /// - Throws: Whatever reading the mapped weights throws.
  public func traces(
    of encoding: Encoding, answer: Answer, pool: ThreadPool
  ) throws -> [ExpertTrace] {
    switch backbone.transformer {
    case .decoder(let decoder):
      return decoder.utilization(of: [encoding.ids], pool: pool).map {
        ExpertTrace(pack: nil, layer: $0.layer, shares: $0.shares, tokens: [])
      }
    case .encoder(let encoder):
      let chosen = packs.filter { pack in answer.route.contains { $0.pack == pack.identity } }
      let workspace = EncoderWorkspace()
      let trunk = try Trunk(
        [encoding.ids], encoder: encoder, packs: chosen, workspace: workspace)
      var traces: [ExpertTrace] = []
      for pack in chosen {
        let pass = ExpertPass(pack: pack, sequences: [0])
        _ = trunk.features(by: [pass], workspace: workspace) { layer, h, rows in
          guard let experts = pack.experts[layer] else { return }
          traces.append(
            experts.trace(
              h, rows: rows, layer: layer, pack: pack.identity, kernels: trunk.kernels))
        }
      }
      return traces
    }
  }
}

extension ExpertLayer {
  /// Routes tokens without running the experts.
  fileprivate func trace(
    _ h: UnsafePointer<Float>, rows: Int, layer: Int, pack: PackIdentity, kernels: Kernels
  ) -> ExpertTrace {
    guard let router else {
      return ExpertTrace(
        pack: pack, layer: layer, shares: [1], tokens: Array(repeating: [0], count: rows))
    }
    let assignment = router.route(h, rows: rows, kernels: kernels, workspace: EncoderWorkspace())
    let tokens = (0..<rows).map { row in
      assignment.experts[row * assignment.topK..<(row + 1) * assignment.topK].map(Int.init)
    }
    var taken = [Int](repeating: 0, count: experts.count)
    for expert in tokens.joined() { taken[expert] += 1 }
    let places = Double(max(1, assignment.experts.count))
    return ExpertTrace(
      pack: pack, layer: layer, shares: taken.map { Double($0) / places }, tokens: tokens)
  }
}
