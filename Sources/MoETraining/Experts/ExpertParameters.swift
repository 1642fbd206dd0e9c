import MoEBase
package import MoEModel
import MoETensor

/// The shape of what is trained: experts in the top layers, and a head.
public struct ExpertPlan: Sendable, Equatable {
  /// The layers that hold experts, ascending.
  public var layers: [Int]
  /// F.
  public var width: Int
  /// E, experts a layer.
  public var count: Int
  /// K, experts a token.
  public var topK: Int

  /// Experts in the top `depth` of `layerCount` layers.
  public init(top depth: Int, of layerCount: Int, width: Int, count: Int = 1, topK: Int = 1) {
    layers = Array((layerCount - depth)..<layerCount)
    self.width = width
    self.count = count
    self.topK = topK
  }
}

/// Where each tensor of the experts and the head lies in one flat vector of parameters.
package struct ExpertLayout: Sendable {
  /// The plan.
  package let plan: ExpertPlan
  /// D.
  package let width: Int
  /// G.
  package let featureWidth: Int
  /// L, the number of labels.
  package let labelCount: Int

  /// The ranges of one expert's tensors.
  package struct Expert: Sendable {
    package let upWeight: Range<Int>
    package let upBias: Range<Int>
    package let downWeight: Range<Int>
    package let downBias: Range<Int>
  }

  /// The ranges of one layer's router: `[E, D]` and `[E]`.
  package struct Router: Sendable {
    package let weight: Range<Int>
    package let bias: Range<Int>
  }

  /// By position in `plan.layers`, then by expert.
  package let experts: [[Expert]]
  /// By position in `plan.layers`; empty where there is one expert.
  package let routers: [Router]
  /// `[L, G]`.
  package let headWeight: Range<Int>
  /// `[L]`.
  package let headBias: Range<Int>

  init(plan: ExpertPlan, width: Int, featureWidth: Int, labelCount: Int) {
    var next = 0
    func take(_ count: Int) -> Range<Int> {
      defer { next += count }
      return next..<next + count
    }
    self.plan = plan
    self.width = width
    self.featureWidth = featureWidth
    self.labelCount = labelCount
    experts = plan.layers.map { _ in
      (0..<plan.count).map { _ in
        Expert(
          upWeight: take(plan.width * width), upBias: take(plan.width),
          downWeight: take(width * plan.width), downBias: take(width))
      }
    }
    routers =
      plan.count == 1
      ? []
      : plan.layers.map { _ in
        Router(weight: take(plan.count * width), bias: take(plan.count))
      }
    headWeight = take(labelCount * featureWidth)
    headBias = take(labelCount)
  }

  /// All parameters.
  package var count: Int { headBias.upperBound }
  /// The parameters of experts and routers.
  var expertRange: Range<Int> { 0..<headWeight.lowerBound }
  /// The parameters of the head.
  var headRange: Range<Int> { headWeight.lowerBound..<headBias.upperBound }

  /// Draws the first parameters: `up` and the routers from a normal distribution, `down` and biases zero, so
  /// that training starts from the backbone exactly.
  func initial(generator: inout SeededGenerator) -> [Float] {
    var parameters = [Float](repeating: 0, count: count)
    let scale = 1 / Double(width).squareRoot()
    for layer in experts {
      for expert in layer {
        for index in expert.upWeight { parameters[index] = Float(generator.normal() * scale) }
      }
    }
    for router in routers {
      for index in router.weight { parameters[index] = Float(generator.normal() * scale) }
    }
    return parameters
  }

  /// The experts of a layer, packed for the kernels.
  package func layer(_ position: Int, of parameters: [Float]) -> ExpertLayer {
    ExpertLayer(
      experts: experts[position].map { expert in
        MoEModel.Expert(
          up: packed(expert.upWeight, rows: plan.width, columns: width, of: parameters),
          upBias: Array(parameters[expert.upBias]),
          down: packed(expert.downWeight, rows: width, columns: plan.width, of: parameters),
          downBias: Array(parameters[expert.downBias]))
      },
      router: plan.count == 1
        ? nil
        : ExpertRouter(
          weight: packed(
            routers[position].weight, rows: plan.count, columns: width, of: parameters),
          bias: Array(parameters[routers[position].bias]), topK: plan.topK))
  }

  private func packed(
    _ range: Range<Int>, rows: Int, columns: Int, of parameters: [Float]
  ) -> PackedMatrix {
    PackedMatrix(rows: rows, columns: columns, values: Array(parameters[range]))
  }
}
