import Foundation
import MoEBase
import MoEModel
import MoETensor

/// Runs texts through the default backbone, or through packs on it, and says how long it took.
///
/// It is the half of tools/bench/peers that is moe-pack, and no product.
///
///     encoder-bench f32|bf16|int8 [PACKS LAYERS]
///
/// With the latter, each text is answered by the nearest of so many packs, whose experts of width 64 stand in so many of
/// the upper layers: random ones, each pack at home around one of the first texts.
///
/// Reads jobs from standard input, a JSON object a line: {"texts": […], "batch": 32}. The texts are tokenized, then run
/// in batches of consecutive ones; the clock runs around each batch. Answers each job with a line: {"seconds": …,
/// "latencies": […]}, the latencies being those of the batches.
@main struct EncoderBench {
  static func main() throws {
    let arguments = CommandLine.arguments
    let sizes = arguments.dropFirst(2).compactMap { Int($0) }
    guard arguments.count == 2 || (arguments.count == 4 && sizes.count == 2),
      let precision = Precision(rawValue: arguments[1])
    else { throw Failure("usage: encoder-bench f32|bf16|int8 [PACKS LAYERS]") }
    let entry = try BackboneRegistry(root: root).entry("minilm-l6")
    let backbone = try Backbone(
      entry.known, files: entry.files, kernels: Kernels(path: try .requested()),
      precision: precision)
    let pool = ThreadPool.shared
    var mixture: MixtureModel?
    while let line = readLine() {
      var job = try JSONReader(try JSONValue(parsing: Array(line.utf8)))
      let texts = try job.strings("texts")
      let size = try job.integer("batch", in: 1...Int.max)
      let encodings = texts.map { backbone.tokenizer.encode($0) }
      if mixture == nil, sizes.count == 2 {
        mixture = try makeMixture(
          backbone, homes: Array(encodings.prefix(sizes[0])), depth: sizes[1], pool: pool)
      }
      var latencies: [JSONValue] = []
      let clock = ContinuousClock()
      let start = clock.now
      for first in stride(from: 0, to: encodings.count, by: size) {
        let batch = Array(encodings[first..<min(first + size, encodings.count)])
        let began = clock.now
        if let mixture {
          _ = try mixture.answer(
            batch, options: AnswerOptions(isForced: true, topK: 1), pool: pool)
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

  /// Packs with random experts in the upper layers, each with one dispatcher row at its text.
  private static func makeMixture(
    _ backbone: Backbone, homes: [Encoding], depth: Int, pool: ThreadPool
  ) throws -> MixtureModel {
    let (width, inner, labels) = (backbone.width, 64, 12)
    // Heads so sure that no label is in doubt, whose texts a reduced precision would run once more: what that costs
    // depends on the packs, and tools/bench/shipped tells how many texts it is.
    let confidence: Float = 1000
    var generator = SeededGenerator(seed: 1)
    func random(_ count: Int) -> [Float] {
      (0..<count).map { _ in Float.random(in: -0.05...0.05, using: &generator) }
    }
    func matrix(_ rows: Int, _ columns: Int) -> PackedMatrix {
      PackedMatrix(rows: rows, columns: columns, values: random(rows * columns))
    }
    let features = try backbone.features(homes, pool: pool)
    let featureWidth = backbone.featureWidth
    let layerCount = try backbone.encoder.layerCount
    let packs = homes.indices.map { index in
      let experts = (layerCount - depth..<layerCount).map { layer in
        let expert = Expert(
          up: matrix(inner, width), upBias: random(inner), down: matrix(width, inner),
          downBias: random(width))
        return (layer, ExpertLayer(experts: [expert], router: nil))
      }
      let home = Array(features[index * featureWidth..<(index + 1) * featureWidth])
      return PackModel(
        identity: PackIdentity(
          name: "bench/p\(index)", version: "1.0.0", digest: Digest(of: Array("\(index)".utf8))),
        rows: DispatcherRows(
          weight: PackedMatrix(rows: 1, columns: featureWidth, values: home), bias: [0],
          prior: [1], threshold: 0, temperature: 1),
        experts: Dictionary(uniqueKeysWithValues: experts),
        heads: [
          LabelHead(
            task: "label", labels: (0..<labels).map { "l\($0)" },
            weight: PackedMatrix(
              rows: labels, columns: featureWidth,
              values: random(labels * featureWidth).map { confidence * $0 }),
            bias: random(labels))
        ])
    }
    return MixtureModel(backbone: backbone, packs: packs)
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
