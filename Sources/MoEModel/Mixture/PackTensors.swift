import MoEBase
import MoETensor
import SafeTensors

/// Reads the experts and expert routers of a pack, layer by layer.
struct PackTensors {
  let shape: PackShape
  /// D.
  let width: Int
  /// `experts.safetensors`; no layer can be read without it.
  let experts: SafeTensorsFile?
  /// `router.safetensors`.
  let router: SafeTensorsFile

  /// The experts beside an encoder's network.
  ///
  /// - Throws: `SafeTensorsError`.
  func expertLayer(_ layer: Int) throws -> ExpertLayer {
    let experts = try (0..<shape.expertCount).map { expert in
      Expert(
        up: try packed(
          TensorName.expertUpWeight(layer: layer, expert: expert), rows: shape.expertWidth,
          columns: width),
        upBias: try floats(
          TensorName.expertUpBias(layer: layer, expert: expert), shape: [shape.expertWidth]),
        down: try packed(
          TensorName.expertDownWeight(layer: layer, expert: expert), rows: width,
          columns: shape.expertWidth),
        downBias: try floats(
          TensorName.expertDownBias(layer: layer, expert: expert), shape: [width]))
    }
    guard shape.expertCount > 1 else { return ExpertLayer(experts: experts, router: nil) }
    return ExpertLayer(
      experts: experts,
      router: ExpertRouter(
        weight: try router.packed(
          TensorName.routerWeight(layer: layer), rows: shape.expertCount, columns: width),
        bias: try router.floatArray(
          TensorName.routerBias(layer: layer), shape: [shape.expertCount]), topK: shape.topK))
  }

  /// The experts beside a language model's network: gated, behind a router without bias.
  ///
  /// - Throws: `SafeTensorsError`.
  func sparseNetwork(_ layer: Int) throws -> SparseNetwork {
    let matrix = [shape.expertWidth, width]
    return SparseNetwork(
      gate: ExpertGate(pack: shape),
      router: try router.packed(
        TensorName.routerWeight(layer: layer), rows: shape.expertCount, columns: width),
      experts: try (0..<shape.expertCount).map { expert in
        let gate = try floats(
          TensorName.expertGateWeight(layer: layer, expert: expert), shape: matrix)
        let up = try floats(
          TensorName.expertUpWeight(layer: layer, expert: expert), shape: matrix)
        return GatedNetwork(
          gateUp: PackedMatrix(
            rows: 2 * shape.expertWidth, columns: width, values: gate + up),
          down: try packed(
            TensorName.expertDownWeight(layer: layer, expert: expert), rows: width,
            columns: shape.expertWidth))
      })
  }

  private func packed(_ name: String, rows: Int, columns: Int) throws -> PackedMatrix {
    PackedMatrix(rows: rows, columns: columns, values: try floats(name, shape: [rows, columns]))
  }

  private func floats(_ name: String, shape: [Int]) throws -> [Float] {
    guard let experts else {
      throw SafeTensorsError("experts.safetensors", .missingTensor(name: name))
    }
    return try experts.floatArray(name, shape: shape)
  }
}

extension LabelHead {
  /// Reads the head of a task with labels.
  ///
  /// - Throws: `SafeTensorsError` where a tensor is missing or of another shape, or a threshold is no probability.
  init(_ task: PackShape.Task, in file: SafeTensorsFile, featureWidth: Int) throws {
    let count = task.labels.count
    var decision = Decision.one
    if task.kind == .tag {
      let name = TensorName.headThreshold(task: task.name)
      let thresholds = try file.floatArray(name, shape: [count])
      guard thresholds.allSatisfy({ (0...1).contains($0) }) else {
        throw SafeTensorsError(
          file.name, .tensor(name: name, expected: "numbers from 0 to 1", got: "another"))
      }
      decision = .each(thresholds: thresholds)
    }
    self.init(
      task: task.name, labels: task.labels,
      weight: try file.packed(
        TensorName.headWeight(task: task.name), rows: count, columns: featureWidth),
      bias: try file.floatArray(TensorName.headBias(task: task.name), shape: [count]),
      decision: decision)
  }
}

extension SafeTensorsFile {
  /// Reads a matrix and packs it for the kernels.
  func packed(_ name: String, rows: Int, columns: Int) throws -> PackedMatrix {
    PackedMatrix(rows: rows, columns: columns, values: try floats(name, shape: [rows, columns]))
  }
}

extension ExpertGate {
  /// The gate of a pack's experts beside a language model's: softmax over the pack's own E, its top K,
  /// divided by their sum where K ≥ 2.
  init(pack shape: PackShape) {
    self.init(
      expertCount: shape.expertCount, expertWidth: shape.expertWidth, topK: shape.topK,
      order: .softmaxThenTopK, normalization: shape.topK > 1 ? .sum : .none)
  }
}
