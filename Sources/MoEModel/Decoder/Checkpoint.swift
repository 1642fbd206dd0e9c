import Foundation
import MoEBase
import MoETensor
import SafeTensors

/// The tensors of a Hugging Face checkpoint as they lie on disk: one file, or shards behind an index.
struct Checkpoint {
  /// The weight files, in the order of their names.
  let fileNames: [String]
  private let files: [String: SafeTensorsFile]
  private let places: [String: String]

  /// Maps the weight files of a directory and checks their headers and the index.
  ///
  /// - Throws: ``BackboneError`` or `SafeTensorsError`.
  init(_ directory: BackboneFiles) throws {
    let index = try Self.index(directory)
    fileNames = index.map { Set($0.values).sorted() } ?? [Self.singleFile]
    var files: [String: SafeTensorsFile] = [:]
    var places: [String: String] = [:]
    for name in fileNames {
      let file = try SafeTensorsFile(url: directory.url(name))
      files[name] = file
      for tensor in file.tensors {
        if let other = places.updateValue(name, forKey: tensor.name) {
          throw BackboneError.badTensor(
            name: tensor.name, expected: "a tensor in one file", got: "one in \(other) and \(name)")
        }
      }
    }
    if let index { try Self.check(places, against: index) }
    self.files = files
    self.places = places
  }

  /// The file of a checkpoint in one piece.
  private static let singleFile = "model.safetensors"
  /// The file that says which shard holds what.
  static let indexFile = "model.safetensors.index.json"

  /// Which shard holds each tensor; `nil` where the checkpoint is in one piece.
  ///
  /// - Throws: ``BackboneError``, also where a file that is named is not there.
  private static func index(_ directory: BackboneFiles) throws -> [String: String]? {
    let manager = FileManager.default
    if manager.fileExists(atPath: directory.url(singleFile).path) {
      guard !manager.fileExists(atPath: directory.url(indexFile).path) else {
        throw BackboneError.badConfiguration(
          file: indexFile, path: "weight_map", expected: "no index beside `\(singleFile)`",
          got: "both")
      }
      return nil
    }
    guard manager.fileExists(atPath: directory.url(indexFile).path) else {
      throw BackboneError.missingFile(name: singleFile, directory: directory.directory.path)
    }
    guard case .object(let members)? = try directory.json(indexFile)["weight_map"],
      !members.isEmpty
    else {
      throw BackboneError.badConfiguration(
        file: indexFile, path: "weight_map", expected: "tensor names and their files",
        got: "nothing")
    }
    var index: [String: String] = [:]
    for member in members {
      guard case .string(let name) = member.value, !name.utf8.contains(UInt8(ascii: "/")),
        name.hasSuffix(".safetensors"), !name.hasPrefix(".")
      else {
        throw BackboneError.badConfiguration(
          file: indexFile, path: "weight_map.\(member.key)",
          expected: "the name of a `.safetensors` file beside it", got: "another value")
      }
      index[member.key] = name
    }
    for name in Set(index.values).sorted()
    where !manager.fileExists(atPath: directory.url(name).path) {
      throw BackboneError.missingFile(name: name, directory: directory.directory.path)
    }
    return index
  }

  /// Holds the shards to their index, tensor by tensor.
  private static func check(_ places: [String: String], against index: [String: String]) throws {
    for name in Set(places.keys).union(index.keys).sorted() where places[name] != index[name] {
      throw BackboneError.badTensor(
        name: name, expected: index[name].map { "a tensor of \($0)" } ?? "an entry in the index",
        got: places[name].map { "one in \($0)" } ?? "no such tensor")
    }
  }

  /// The names of all tensors.
  var tensorNames: Set<String> { Set(places.keys) }

  /// Whether there is a tensor of that name.
  func contains(_ name: String) -> Bool { places[name] != nil }

  /// Where a tensor lies, held to its shape and to the numbers that are understood.
  ///
  /// - Throws: ``BackboneError/badTensor(name:expected:got:)``.
  func tensor(
    _ name: String, shape: [Int]
  ) throws -> (file: SafeTensorsFile, descriptor: TensorDescriptor, format: NumberFormat) {
    let formats = NumberFormat.allCases.map(\.rawValue).joined(separator: ", ")
    guard let place = places[name], let file = files[place], let tensor = file.tensor(name) else {
      throw BackboneError.badTensor(
        name: name, expected: "\(formats) \(shape)", got: "no such tensor")
    }
    guard let format = NumberFormat(rawValue: tensor.dtype.rawValue), tensor.shape == shape else {
      throw BackboneError.badTensor(
        name: name, expected: "\(formats) \(shape)",
        got: "\(tensor.dtype.rawValue) \(tensor.shape)")
    }
    return (file, tensor, format)
  }

  /// The numbers of a vector, widened; all finite.
  ///
  /// - Throws: ``BackboneError/badTensor(name:expected:got:)``.
  func vector(_ source: VectorSource) throws -> [Float] {
    var values: [Float] = []
    for (name, count) in source.tensors {
      let (file, descriptor, format) = try tensor(name, shape: [count])
      let part = file.withBytes(of: descriptor) { format.widen($0) }
      if let index = part.firstIndex(where: { !$0.isFinite }) {
        throw BackboneError.notFinite(tensor: name, index: index)
      }
      values += part
    }
    return values
  }

  /// The layout of a matrix that this checkpoint has.
  func layout(of source: MatrixSource) -> [MatrixSource.Block] {
    source.layouts.first { $0.allSatisfy { contains($0.tensor) } } ?? source.layouts[0]
  }
}
