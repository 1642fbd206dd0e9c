import Foundation
import MoEBase
import MoEModel
import MoERuntime
import MoEStore
import MoETensor
import Synchronization

/// Runs texts through the default backbone, or through a store's composition, and says how long it took.
///
/// It is the half of tools/bench/peers that is moe-pack, and no product.
///
///     encoder-bench f32|bf16|int8 [STORE]
///
/// Reads jobs from standard input, a JSON object a line: {"texts": […], "batch": 32}. The texts are tokenized, then run
/// in batches of consecutive ones; the clock runs around each batch. Answers each job with a line: {"seconds": …,
/// "latencies": […]}, the latencies being those of the batches.
@main struct EncoderBench {
  static func main() throws {
    let arguments = CommandLine.arguments
    guard arguments.count >= 2, let precision = Precision(rawValue: arguments[1]) else {
      throw Failure("usage: encoder-bench f32|bf16|int8 [STORE]")
    }
    let entry = try BackboneRegistry(root: root).entry("minilm-l6")
    let backbone = try Backbone(
      entry.known, files: entry.files, kernels: Kernels(path: try .requested()),
      precision: precision)
    let pool = ThreadPool.shared
    let composition = try arguments.dropFirst(2).first.map { path in
      let generation = try Store(at: URL(filePath: path)).active()
      return try Composition(
        backbone: backbone, profile: nil, generation: generation.id, packs: generation.packs)
    }
    while let line = readLine() {
      var job = try JSONReader(try JSONValue(parsing: Array(line.utf8)))
      let texts = try job.strings("texts")
      let size = try job.integer("batch", in: 1...Int.max)
      let encodings = texts.map { backbone.tokenizer.encode($0) }
      var latencies: [JSONValue] = []
      let clock = ContinuousClock()
      let start = clock.now
      for first in stride(from: 0, to: encodings.count, by: size) {
        let batch = Array(encodings[first..<min(first + size, encodings.count)])
        let began = clock.now
        if let composition {
          _ = try composition.answer(batch, pool: pool)
        } else {
          _ = try backbone.embed(batch, pool: pool)
        }
        latencies.append(.number((clock.now - began) / .seconds(1)))
      }
      let answer: JSONValue = [
        "seconds": .number((clock.now - start) / .seconds(1)), "latencies": .array(latencies),
      ]
      try FileHandle.standardOutput.write(contentsOf: Array((answer.text + "\n").utf8))
    }
  }

  /// Where backbones are registered.
  private static var root: URL {
    let environment = ProcessInfo.processInfo.environment
    let data =
      environment["XDG_DATA_HOME"].map { URL(filePath: $0) }
      ?? URL.homeDirectory.appending(path: ".local/share")
    return data.appending(path: "moe-pack/backbones")
  }
}

/// A sentence for whoever started this.
private struct Failure: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}
