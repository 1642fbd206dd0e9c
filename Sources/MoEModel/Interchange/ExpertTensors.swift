public import Foundation
import MoEBase
import MoETensor
import SafeTensors

/// A pack's experts before they are a pack: a directory with the tensors that `tools/train-experts` and an import
/// write, in the format of packs.
public enum ExpertTensors {
  /// The experts' maps.
  static let expertFile = "experts.safetensors"
  /// The routers' rows.
  static let routerFile = "router.safetensors"
  /// What they are, and where they come from.
  static let recordFile = "training.json"

  /// Reads experts by layer, to stand beside a model of that width.
  ///
  /// - Parameters:
  ///   - directory: Where the three files lie.
  ///   - width: D.
  /// - Returns: The experts of each layer that has some.
  /// - Throws: `SafeTensorsError` or ``BackboneError``.
  public static func read(_ directory: URL, width: Int) throws -> [Int: SparseNetwork] {
    let shape = try shape(BackboneFiles(directory: directory), width: width)
    let experts = try SafeTensorsFile(url: directory.appending(path: expertFile))
    let router = try SafeTensorsFile(url: directory.appending(path: routerFile))
    func packed(_ file: SafeTensorsFile, _ name: String, _ rows: Int, _ columns: Int) throws
      -> PackedMatrix
    {
      PackedMatrix(
        rows: rows, columns: columns, values: try file.floatArray(name, shape: [rows, columns]))
    }
    var found: [Int: SparseNetwork] = [:]
    for layer in shape.layers {
      found[layer] = SparseNetwork(
        gate: shape.gate,
        router: try packed(
          router, TensorName.routerWeight(layer: layer), shape.gate.expertCount, width),
        experts: try (0..<shape.gate.expertCount).map { expert in
          let inner = shape.gate.expertWidth
          let gate = try experts.floatArray(
            TensorName.expertGateWeight(layer: layer, expert: expert), shape: [inner, width])
          let up = try experts.floatArray(
            TensorName.expertUpWeight(layer: layer, expert: expert), shape: [inner, width])
          return GatedNetwork(
            gateUp: PackedMatrix(rows: 2 * inner, columns: width, values: gate + up),
            down: try packed(
              experts, TensorName.expertDownWeight(layer: layer, expert: expert), width, inner))
        })
    }
    return found
  }

  /// What `training.json` says.
  private static func shape(
    _ files: BackboneFiles, width: Int
  ) throws -> (layers: [Int], gate: ExpertGate) {
    do {
      let record = try files.json(recordFile)
      var reader = try JSONReader(record)
      _ = try reader.integer("width", in: width...width)
      var experts = try reader.object("experts")
      let count = try experts.integer("count", in: 1...65_536)
      let topK = try experts.integer("topK", in: 1...count)
      var layers: [Int] = []
      for element in try experts.array("layers") {
        guard case .integer(let layer) = element, (0..<1_000).contains(layer) else {
          throw JSONSchemaError(
            path: "experts.layers", expected: "numbers of layers", got: element.kind)
        }
        layers.append(Int(layer))
      }
      return (
        layers,
        ExpertGate(
          expertCount: count, expertWidth: try experts.integer("width", in: 1...16_777_216),
          topK: topK, order: .softmaxThenTopK, normalization: topK > 1 ? .sum : .none)
      )
    } catch let error as JSONSchemaError {
      throw BackboneError.badConfiguration(
        file: recordFile, path: error.path, expected: error.expected, got: error.got)
    }
  }
}
