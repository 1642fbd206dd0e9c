public import Foundation
import MoEBase
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
    let tensors = PackTensors(
      shape: shape, width: width,
      experts: try SafeTensorsFile(url: directory.appending(path: expertFile)),
      router: try SafeTensorsFile(url: directory.appending(path: routerFile)))
    return Dictionary(
      uniqueKeysWithValues: try shape.layers.map { ($0, try tensors.sparseNetwork($0)) })
  }

  /// What `training.json` says.
  private static func shape(_ files: BackboneFiles, width: Int) throws -> PackShape {
    do {
      var reader = try JSONReader(try files.json(recordFile))
      _ = try reader.integer("width", in: width...width)
      var experts = try reader.object("experts")
      let count = try experts.integer("count", in: 1...1024)
      var layers: Set<Int> = []
      for element in try experts.array("layers") {
        guard case .integer(let layer) = element, (0..<1_000).contains(layer) else {
          throw JSONSchemaError(
            path: experts.path(of: "layers"), expected: "numbers of layers", got: element.text)
        }
        layers.insert(Int(layer))
      }
      return PackShape(
        layers: layers.sorted(), expertCount: count,
        expertWidth: try experts.integer("width", in: 1...65_536),
        topK: try experts.integer("topK", in: 1...count), rowCount: 0, threshold: 0,
        temperature: 1, tasks: [])
    } catch let error as JSONSchemaError {
      throw BackboneError.badConfiguration(
        file: recordFile, path: error.path, expected: error.expected, got: error.got)
    }
  }
}
