import Foundation
import MoEModel
import MoETensor
import MoETestSupport
import SafeTensors
import Testing

/// A checkpoint and two packs with random weights, and what transformers computed from all of it in one softmax
/// (`tools/reference/interchange`).
struct InterchangeCase: Sendable, CustomTestStringConvertible {
  /// Where `packs/<name>` and `flat.safetensors` lie.
  let directory: URL
  /// The checkpoint.
  let base: URL
  var testDescription: String { directory.lastPathComponent }

  /// The committed ones, and those of the directory that `MOEPACK_INTERCHANGE` names.
  static let all: [InterchangeCase] = {
    let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    let golden = cases(in: tests.appending(path: "Golden")) {
      tests.deletingLastPathComponent().appending(path: "Decoder/Golden/\($0)")
    }
    guard let path = ProcessInfo.processInfo.environment["MOEPACK_INTERCHANGE"] else {
      return golden
    }
    let root = URL(fileURLWithPath: path, isDirectory: true)
    return golden + cases(in: root) { root.appending(path: "\($0)/base") }
  }()

  private static func cases(in root: URL, base: (String) -> URL) -> [InterchangeCase] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: root.path)) ?? []
    return names.sorted().compactMap { name in
      let directory = root.appending(path: name)
      let reference = directory.appending(path: "flat.safetensors")
      return FileManager.default.fileExists(atPath: reference.path)
        ? InterchangeCase(directory: directory, base: base(name)) : nil
    }
  }

  /// What transformers computed.
  func reference() throws -> ReferenceCheckpoint.Reference {
    .init(file: try SafeTensorsFile(url: directory.appending(path: "flat.safetensors")))
  }

  /// Where a pack's tensors lie.
  func pack(_ name: String) -> URL { directory.appending(path: "packs/\(name)") }

  /// Both packs, in the order in which they stand in the softmax.
  func packs(width: Int) throws -> [(name: String, experts: [Int: SparseNetwork])] {
    try ["narrow", "wide"].map { ($0, try ExpertTensors.read(pack($0), width: width)) }
  }

  /// Runs `body` with the checkpoint registered, and a directory of its own for so long.
  func withModel<Result>(_ body: (LanguageModel, URL) throws -> Result) throws -> Result {
    let scratch = try TemporaryDirectory()
    return try body(try base.registered(in: scratch.url), scratch.url)
  }
}

extension URL {
  /// Registers the checkpoint that lies here and loads it.
  func registered(in home: URL) throws -> LanguageModel {
    let registry = BackboneRegistry(root: home.appending(path: "backbones"))
    _ = try registry.add(from: self, name: "base")
    return try registry.languageModel("base", kernels: Kernels())
  }

  /// Runs `body` with the decoder of the checkpoint that lies here.
  func withDecoder<Result>(_ body: (Decoder) throws -> Result) throws -> Result {
    try ReferenceCheckpoint(directory: self).withDecoder(body)
  }

  /// The tensors of a file that lies here: shapes and bits.
  func tensorBits() throws -> [String: TensorBits] {
    let file = try SafeTensorsFile(url: self)
    return Dictionary(
      uniqueKeysWithValues: file.tensors.map { tensor in
        (
          tensor.name,
          TensorBits(
            dtype: tensor.dtype, shape: tensor.shape,
            bytes: file.withBytes(of: tensor) { Array($0) })
        )
      })
  }
}

/// A tensor as it lies in a file.
struct TensorBits: Equatable {
  var dtype: DType
  var shape: [Int]
  var bytes: [UInt8]
}
