import MoEBase
import MoETensor

/// The tensors of a pack that were found in a checkpoint.
struct ExpertCut {
  let layers: [Int]
  let count: Int
  let width: Int
  /// The checkpoint's own K.
  let topK: Int
  /// Which experts of the checkpoint; `nil` where it is dense.
  let chosen: ClosedRange<Int>?
  let experts: [PlannedTensor]
  let routers: [PlannedTensor]
}

extension CheckpointComparison {
  /// The experts beyond the backbone's.
  ///
  /// - Parameter asked: Which of them; all where absent.
  /// - Returns: Their tensors.
  /// - Throws: ``InterchangeError`` or ``BackboneError``.
  func added(_ asked: ClosedRange<Int>?) throws -> ExpertCut {
    let (own, all) = (backbone.decoder.architecture.expertCount, architecture.expertCount)
    guard all > own else { throw InterchangeError.noNewExperts(count: own) }
    let chosen = asked ?? own...all - 1
    guard chosen.lowerBound >= own, chosen.upperBound < all else {
      throw InterchangeError.badExperts(asked: chosen, expected: own...all - 1)
    }
    let layers = architecture.sparseLayers
    for layer in layers {
      try requireOwn("layers.\(layer).router", rows: own)
      for expert in 0..<own {
        try requireOwn("layers.\(layer).experts.\(expert).gateUp")
        try requireOwn("layers.\(layer).experts.\(expert).down")
      }
    }
    var width = 1
    for layer in layers {
      for expert in chosen {
        let (gateUp, down) = try maps("layers.\(layer).experts.\(expert).")
        width = max(width, try Self.usedWidth(gateUp, down))
      }
    }
    var experts: [PlannedTensor] = []
    var routers: [PlannedTensor] = []
    for layer in layers {
      for (number, expert) in chosen.enumerated() {
        let (gateUp, down) = try maps("layers.\(layer).experts.\(expert).")
        experts += Self.expert(
          layer: layer, number: number, width: width, modelWidth: architecture.width,
          gate: { try gateUp.values(rows: 0..<width) },
          up: { try gateUp.values(rows: down.source.columns..<down.source.columns + width) },
          down: { try down.firstColumns(width) })
      }
      let router = try matrix("layers.\(layer).router")
      routers.append(
        .floats(
          TensorName.routerWeight(layer: layer), shape: [chosen.count, architecture.width]
        ) { try router.values(rows: chosen.lowerBound..<chosen.upperBound + 1) })
    }
    return ExpertCut(
      layers: layers, count: chosen.count, width: width, topK: gateTopK, chosen: chosen,
      experts: experts, routers: routers)
  }

  /// What dense feed-forward networks became more than the backbone's, one expert a layer that differs.
  ///
  /// - Throws: ``InterchangeError`` or ``BackboneError``.
  func upcycled() throws -> ExpertCut {
    var layers: [Int] = []
    var width = 0
    for (layer, feedForward) in architecture.feedForwards.enumerated() {
      guard case .dense(let inner, let hasBias) = feedForward else { continue }
      guard !hasBias else { throw InterchangeError.biases }
      width = inner
      let (gateUp, down) = try maps("layers.\(layer).")
      let (ownGateUp, ownDown) = try ownMaps("layers.\(layer).")
      let isOwn =
        try isSame(gateUp, ownGateUp, rows: 0..<2 * inner)
        && isSame(down, ownDown, rows: 0..<architecture.width)
      if !isOwn { layers.append(layer) }
    }
    guard !layers.isEmpty else { throw InterchangeError.sameNetworks(backbone: backbone.name) }
    let modelWidth = architecture.width
    var experts: [PlannedTensor] = []
    for layer in layers {
      let (gateUp, down) = try maps("layers.\(layer).")
      let (ownGateUp, ownDown) = try ownMaps("layers.\(layer).")
      func stacked(_ rows: Range<Int>) throws -> [Float] {
        try gateUp.values(rows: rows) + ownGateUp.values(rows: rows)
      }
      experts += Self.expert(
        layer: layer, number: 0, width: 2 * width, modelWidth: modelWidth,
        gate: { [width] in try stacked(0..<width) },
        up: { [width] in try stacked(width..<2 * width) },
        down: {
          try (0..<modelWidth).flatMap { row in
            try down.values(rows: row..<row + 1)
              + ownDown.values(rows: row..<row + 1).map { -$0 }
          }
        })
    }
    return ExpertCut(
      layers: layers, count: 1, width: 2 * width, topK: 1, chosen: nil, experts: experts,
      routers: layers.map { layer in
        .floats(TensorName.routerWeight(layer: layer), shape: [1, modelWidth]) {
          [Float](repeating: 0, count: modelWidth)
        }
      })
  }

  private var gateTopK: Int {
    for case .sparse(let gate) in architecture.feedForwards { return gate.topK }
    return 1
  }

  private static func expert(
    layer: Int, number: Int, width: Int, modelWidth: Int, gate: @escaping () throws -> [Float],
    up: @escaping () throws -> [Float], down: @escaping () throws -> [Float]
  ) -> [PlannedTensor] {
    [
      .floats(
        TensorName.expertGateWeight(layer: layer, expert: number), shape: [width, modelWidth],
        gate),
      .floats(
        TensorName.expertUpWeight(layer: layer, expert: number), shape: [width, modelWidth], up),
      .floats(
        TensorName.expertDownWeight(layer: layer, expert: number), shape: [modelWidth, width],
        down),
    ]
  }

  /// How much of an expert is not padding: zero rows of gate and up-projection, zero columns of the down-projection.
  private static func usedWidth(_ gateUp: CheckpointMatrix, _ down: CheckpointMatrix) throws -> Int
  {
    let full = down.source.columns
    var width = 0
    for first in stride(from: 0, to: down.source.rows, by: 32) {
      let rows = try down.values(rows: first..<min(first + 32, down.source.rows))
      for start in stride(from: 0, to: rows.count, by: full) {
        var end = full
        while end > width, rows[start + end - 1].bitPattern == 0 { end -= 1 }
        width = max(width, end)
      }
    }
    func isZero(_ row: Int) throws -> Bool {
      try gateUp.values(rows: row..<row + 1).allSatisfy { $0.bitPattern == 0 }
    }
    var end = full
    while end > width, try isZero(end - 1), try isZero(full + end - 1) { end -= 1 }
    return max(width, end)
  }

  /// Holds the first rows of a matrix to the backbone's.
  private func requireOwn(_ name: String, rows: Int? = nil) throws {
    let matrix = try matrix(name)
    guard let own = base[name] else { preconditionFailure("no matrix `\(name)`") }
    guard try isSame(matrix, own, rows: 0..<(rows ?? own.rows)) else {
      throw InterchangeError.otherTensor(
        name: matrix.blocks.map(\.tensor).joined(separator: "`, `"), backbone: backbone.name)
    }
  }

  private func maps(_ name: String) throws -> (gateUp: CheckpointMatrix, down: CheckpointMatrix) {
    (try matrix(name + "gateUp"), try matrix(name + "down"))
  }

  private func ownMaps(_ name: String) throws -> (gateUp: PackedMatrix, down: PackedMatrix) {
    guard let gateUp = base[name + "gateUp"], let down = base[name + "down"] else {
      preconditionFailure("no matrix `\(name)`")
    }
    return (gateUp, down)
  }

  private func matrix(_ name: String) throws -> CheckpointMatrix {
    guard let matrix = matrices[name] else { preconditionFailure("no matrix `\(name)`") }
    return matrix
  }
}

extension CheckpointMatrix {
  /// The first numbers of every row.
  fileprivate func firstColumns(_ count: Int) throws -> [Float] {
    let values = try values(rows: 0..<source.rows)
    guard count < source.columns else { return values }
    return (0..<source.rows).flatMap { row in
      values[row * source.columns..<row * source.columns + count]
    }
  }
}
