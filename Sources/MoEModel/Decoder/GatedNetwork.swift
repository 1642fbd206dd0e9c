public import MoETensor

/// A feed-forward network with a gate: `down(silu(gate(x)) · up(x))`.
///
/// Reference: Shazeer, *GLU Variants Improve Transformer* (2020), arXiv:2002.05202.
public struct GatedNetwork: Sendable {
  /// The gate's and the up-projection's outputs, the gate's first: `[2 F, D]`.
  public let gateUp: PackedMatrix
  /// `[D, F]`.
  public let down: PackedMatrix
  /// One an output, where the network has biases.
  public let gateUpBias: [Float]?
  /// One an output, where the network has biases.
  public let downBias: [Float]?

  /// Makes a network of its maps.
  ///
  /// - Precondition: Their shapes fit each other.
  public init(
    gateUp: PackedMatrix, down: PackedMatrix, gateUpBias: [Float]? = nil, downBias: [Float]? = nil
  ) {
    precondition(
      gateUp.rows == 2 * down.columns && gateUp.columns == down.rows, "maps of two networks")
    self.gateUp = gateUp
    self.down = down
    self.gateUpBias = gateUpBias
    self.downBias = downBias
  }

  /// F, the inner width.
  public var width: Int { down.columns }
}
