import Foundation
import MoEBase
import MoEModel
public import MoEPackFormat
import SafeTensors

/// Experts that were trained elsewhere: what `tools/train-experts` writes for a language model, and
/// `tools/train-encoder`, with a head, for an encoder.
///
/// A directory with `experts.safetensors`, `router.safetensors`, `heads.safetensors` (``TensorName``, all F32; each where
/// it has a tensor) and `training.json`, of which the object `experts` is read, `{"layers": […], "width": F, "count": E,
/// "topK": K}` or of a head alone `null`, and where there is a head `labels`.
public struct ImportedExperts: Sendable {
  /// The layers that hold experts, E, F and K; `nil` where a head comes alone.
  public let shape: Manifest.Experts?
  /// The tensors as they are, by entry.
  let files: [String: SafeTensorsFile]
  /// What the trainer wrote down.
  let record: JSONValue

  private static let recordName = "training.json"

  /// Reads a directory, and holds every tensor to the shape it says.
  ///
  /// - Parameters:
  ///   - directory: Where it lies.
  ///   - name: The directory as `pack.yaml` spells it.
  ///   - source: Whose pack it is for.
  ///   - backbone: What it was trained on.
  /// - Throws: ``SourceError``.
  init(directory: URL, name: String, source: PackSource, backbone: Backbone) throws {
    let recordName = "\(name)/\(Self.recordName)"
    let bytes = try SourceFile.bytes(
      directory.appending(path: Self.recordName), name: recordName,
      neededBy: "`experts.tensors` in `pack.yaml`", limit: 1 << 24)
    do {
      record = try JSONValue(parsing: bytes)
      shape = try Self.shape(record, backbone: backbone)
      if source.task.kind.hasLabels { try Self.check(record, labels: source.labels) }
    } catch let error as JSONSyntaxError {
      throw SourceError.badField(
        file: recordName, path: "byte \(error.offset)", expected: "JSON", got: error.reason)
    } catch let error as JSONSchemaError {
      throw SourceError.badField(
        file: recordName, path: error.path, expected: error.expected, got: error.got)
    }
    var files: [String: SafeTensorsFile] = [:]
    for (entry, tensors) in Self.wanted(shape, source: source, backbone: backbone) {
      let file = "\(name)/\(entry)"
      do {
        files[entry] = try SafeTensorsFile(
          url: directory.appending(path: entry), name: file, limits: .pack)
        try files[entry]?.check(tensors, file: file)
      } catch let error as SafeTensorsError {
        throw SourceError.badTensors(file: file, reason: error.message)
      }
    }
    self.files = files
  }

  /// The head's rows are in the order of the trainer's labels: it has to be the source's.
  private static func check(
    _ record: JSONValue, labels: [String]
  ) throws(JSONSchemaError) {
    var reader = try JSONReader(record)
    let trained = try reader.strings("labels")
    guard trained.map({ Array($0.utf8) }) == labels.map({ Array($0.utf8) }) else {
      throw JSONSchemaError(
        path: "labels",
        expected: "the \(labels.count) labels of the source, in the order of their bytes",
        got: trained.count == labels.count ? "others" : "\(trained.count)")
    }
  }

  private static func shape(
    _ record: JSONValue, backbone: Backbone
  ) throws(JSONSchemaError) -> Manifest.Experts? {
    let layerCount = backbone.layerCount
    var reader = try JSONReader(record)
    if backbone.kind == .encoder, reader.optional("experts") == nil { return nil }
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
      activation: backbone.kind == .decoder ? Manifest.Experts.gated : "gelu")
  }

  /// The tensors of each entry, with their shapes.
  private static func wanted(
    _ shape: Manifest.Experts?, source: PackSource, backbone: Backbone
  ) -> [(entry: String, tensors: [String: [Int]])] {
    var wanted: [String: [String: [Int]]] = [:]
    func add(_ entry: String, _ name: String, _ shape: [Int]) {
      wanted[entry, default: [:]][name] = shape
    }
    let width = backbone.width
    for layer in shape?.layers ?? [] {
      guard let shape else { break }
      for expert in 0..<shape.count {
        func add(_ name: (Int, Int) -> String, _ dimensions: [Int]) {
          wanted[EntryName.experts, default: [:]][name(layer, expert)] = dimensions
        }
        add(TensorName.expertUpWeight, [shape.width, width])
        add(TensorName.expertDownWeight, [width, shape.width])
        if shape.isGated {
          add(TensorName.expertGateWeight, [shape.width, width])
        } else {
          add(TensorName.expertUpBias, [shape.width])
          add(TensorName.expertDownBias, [width])
        }
      }
      if shape.isGated || shape.count > 1 {
        add(EntryName.router, TensorName.routerWeight(layer: layer), [shape.count, width])
      }
      if !shape.isGated, shape.count > 1 {
        add(EntryName.router, TensorName.routerBias(layer: layer), [shape.count])
      }
    }
    let task = source.task
    if task.kind.hasLabels {
      let count = source.labels.count
      add(
        EntryName.heads, TensorName.headWeight(task: task.name), [count, backbone.featureWidth])
      add(EntryName.heads, TensorName.headBias(task: task.name), [count])
      if task.kind == .tag {
        add(EntryName.heads, TensorName.headThreshold(task: task.name), [count])
      }
    }
    return wanted.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }
}

extension SafeTensorsFile {
  /// Holds the file to exactly these tensors, all finite.
  fileprivate func check(_ expected: [String: [Int]], file: String) throws {
    for tensor in tensors where expected[tensor.name] == nil {
      throw SourceError.badTensors(
        file: file, reason: "a tensor `\(tensor.name)` that does not map")
    }
    for (tensor, shape) in expected.sorted(by: { $0.key < $1.key }) {
      guard try floatArray(tensor, shape: shape).allSatisfy(\.isFinite) else {
        throw SourceError.badTensors(
          file: file, reason: "`\(tensor)` holds a number that is not finite")
      }
    }
  }
}
