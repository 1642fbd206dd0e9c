import Foundation
import MoEBase
import MoEModel
public import MoEPackFormat
import SafeTensors

/// Experts for a language model that were trained elsewhere: what `tools/train-experts` writes.
///
/// A directory with `experts.safetensors`, `router.safetensors` (``TensorName``, all F32) and `training.json`, of which
/// the object `experts` is read: `{"layers": […], "width": F, "count": E, "topK": K}`.
public struct ImportedExperts: Sendable {
  /// The layers that hold experts, E, F and K.
  public let shape: Manifest.Experts
  /// The experts' tensors, as they are.
  let experts: SafeTensorsFile
  /// The routers' tensors, as they are.
  let router: SafeTensorsFile
  /// What the trainer wrote down.
  let record: JSONValue

  /// The names of the files.
  static let fileNames = [EntryName.experts, EntryName.router, recordName]
  private static let recordName = "training.json"

  /// Reads a directory, and holds every tensor to the shape it says.
  ///
  /// - Parameters:
  ///   - directory: Where it lies.
  ///   - name: The directory as `pack.yaml` spells it.
  ///   - backbone: The language model.
  /// - Throws: ``SourceError``.
  init(directory: URL, name: String, backbone: Backbone) throws {
    func file(_ entry: String) -> (url: URL, name: String) {
      (directory.appending(path: entry), "\(name)/\(entry)")
    }
    let recordFile = file(Self.recordName)
    let bytes = try SourceFile.bytes(
      recordFile.url, name: recordFile.name, neededBy: "`experts.tensors` in `pack.yaml`",
      limit: 1 << 24)
    do {
      record = try JSONValue(parsing: bytes)
      shape = try Self.shape(record, layerCount: backbone.layerCount)
    } catch let error as JSONSyntaxError {
      throw SourceError.badField(
        file: recordFile.name, path: "byte \(error.offset)", expected: "JSON", got: error.reason)
    } catch let error as JSONSchemaError {
      throw SourceError.badField(
        file: recordFile.name, path: error.path, expected: error.expected, got: error.got)
    }
    func tensors(_ entry: String) throws -> SafeTensorsFile {
      let (url, name) = file(entry)
      do {
        return try SafeTensorsFile(url: url, name: name, limits: .pack)
      } catch {
        throw SourceError.badTensors(file: name, reason: error.message)
      }
    }
    experts = try tensors(EntryName.experts)
    router = try tensors(EntryName.router)
    try check(width: backbone.width, name: name)
  }

  private static func shape(
    _ record: JSONValue, layerCount: Int
  ) throws(JSONSchemaError) -> Manifest.Experts {
    var reader = try JSONReader(record)
    var experts = try reader.object("experts")
    let width = try experts.integer("width", in: 1...65_536)
    let count = try experts.integer("count", in: 1...1024)
    let topK = try experts.integer("topK", in: 1...count)
    var layers: [Int] = []
    for element in try experts.array("layers") {
      guard case .integer(let number) = element, let layer = Int(exactly: number),
        (0..<layerCount).contains(layer), layer > layers.last ?? -1
      else {
        throw JSONSchemaError(
          path: experts.path(of: "layers"),
          expected: "layers from 0 to \(layerCount - 1), ascending", got: element.text)
      }
      layers.append(layer)
    }
    guard !layers.isEmpty else {
      throw JSONSchemaError(
        path: experts.path(of: "layers"), expected: "at least one layer", got: "none")
    }
    return Manifest.Experts(
      layers: layers, width: width, count: count, topK: topK,
      activation: Manifest.Experts.gated)
  }

  /// Every tensor that the shape asks for, and no other.
  private func check(width: Int, name: String) throws {
    var wanted: [String: [String: [Int]]] = [:]
    for layer in shape.layers {
      for expert in 0..<shape.count {
        let inner = [shape.width, width]
        wanted[EntryName.experts, default: [:]].merge([
          TensorName.expertGateWeight(layer: layer, expert: expert): inner,
          TensorName.expertUpWeight(layer: layer, expert: expert): inner,
          TensorName.expertDownWeight(layer: layer, expert: expert): [width, shape.width],
        ]) { first, _ in first }
      }
      wanted[EntryName.router, default: [:]][TensorName.routerWeight(layer: layer)] = [
        shape.count, width,
      ]
    }
    for (entry, file) in [(EntryName.experts, experts), (EntryName.router, router)] {
      let expected = wanted[entry] ?? [:]
      for tensor in file.tensors where expected[tensor.name] == nil {
        throw SourceError.badTensors(
          file: "\(name)/\(entry)", reason: "a tensor `\(tensor.name)` that does not map")
      }
      for (tensor, shape) in expected.sorted(by: { $0.key < $1.key }) {
        do {
          let values = try file.floatArray(tensor, shape: shape)
          guard values.allSatisfy(\.isFinite) else {
            throw SourceError.badTensors(
              file: "\(name)/\(entry)",
              reason: "`\(tensor)` holds a number that is not finite")
          }
        } catch let error as SafeTensorsError {
          throw SourceError.badTensors(file: "\(name)/\(entry)", reason: error.message)
        }
      }
    }
  }
}
