import Foundation
import MoEModel
import MoETensor
import SafeTensors
import Testing

/// A checkpoint with random weights and what transformers computed from it
/// (`tools/reference/checkpoints`, FORMAT.md).
struct ReferenceCheckpoint: Sendable, CustomTestStringConvertible {
  let directory: URL
  var name: String { directory.lastPathComponent }
  var testDescription: String { name }

  /// The committed ones, and those of the directory that `MOEPACK_CHECKPOINTS` names.
  static let all: [ReferenceCheckpoint] = {
    let golden = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appending(path: "Golden")
    let more = ProcessInfo.processInfo.environment["MOEPACK_CHECKPOINTS"].map {
      URL(fileURLWithPath: $0, isDirectory: true)
    }
    return [golden, more].compactMap(\.self).flatMap { root in
      ((try? FileManager.default.contentsOfDirectory(at: root, includingPropertiesForKeys: nil))
        ?? [])
        .filter {
          FileManager.default.fileExists(atPath: $0.appending(path: "reference.safetensors").path)
        }
        .sorted { $0.path < $1.path }.map(ReferenceCheckpoint.init)
    }
  }()

  /// What transformers computed.
  func reference() throws -> Reference {
    Reference(file: try SafeTensorsFile(url: directory.appending(path: "reference.safetensors")))
  }

  /// Runs `body` with the decoder, whose panels lie in a directory of their own for so long.
  func withDecoder<Result>(
    kernels: Kernels = Kernels(), _ body: (Decoder) throws -> Result
  ) throws -> Result {
    let scratch = FileManager.default.temporaryDirectory.appending(
      path: "moe-pack-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: scratch, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: scratch) }
    return try body(
      try Decoder(
        checkpoint: directory, panels: scratch.appending(path: "panels.safetensors"),
        kernels: kernels))
  }

  /// Tensors by name.
  struct Reference {
    let file: SafeTensorsFile

    func floats(_ name: String) throws -> [Float] {
      let tensor = try #require(file.tensor(name), "no tensor \(name)")
      return try file.floatArray(name, shape: tensor.shape)
    }

    func ids(_ name: String) throws -> [Int32] {
      let tensor = try #require(file.tensor(name), "no tensor \(name)")
      return file.withBytes(of: tensor) { Array($0.bindMemory(to: Int32.self)) }
    }

    /// How many `<kind>.<i>.ids` there are.
    func count(_ kind: String) -> Int {
      var count = 0
      while file.tensor("\(kind).\(count).ids") != nil { count += 1 }
      return count
    }
  }
}

/// What a decoder makes of one prompt: copies of everything the tests look at.
struct DecoderOutput: Equatable {
  var states: [Float] = []
  var logits: [Float] = []
  var probabilities: [Int: [Float]] = [:]
  var experts: [Int: [Int32]] = [:]
  var weights: [Int: [Float]] = [:]
}

extension Decoder {
  /// Runs a whole prompt, in passes of these lengths.
  func output(
    _ ids: [Int32], passes: [Int]? = nil, pool: ThreadPool = .shared
  ) -> DecoderOutput {
    let workspace = DecoderWorkspace()
    let cache = makeCache()
    var output = DecoderOutput()
    var start = 0
    for length in passes ?? [ids.count] {
      let sequence = DecoderSequence(cache: cache, ids: Array(ids[start..<start + length]))
      let states = forward([sequence], pool: pool, workspace: workspace) { rows in
        output.probabilities[rows.layer, default: []] += rows.probabilities
        output.experts[rows.layer, default: []] += rows.experts
        output.weights[rows.layer, default: []] += rows.weights
      }
      output.states += UnsafeBufferPointer(start: states, count: length * architecture.width)
      let logits = logits(states, rows: Array(0..<length), pool: pool, workspace: workspace)
      output.logits += UnsafeBufferPointer(
        start: logits, count: length * architecture.vocabularySize)
      start += length
    }
    return output
  }
}
