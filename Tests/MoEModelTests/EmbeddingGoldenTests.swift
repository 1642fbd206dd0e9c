import Foundation
import MoEBase
import MoEModel
import MoETensor
import Testing

/// The embeddings that sentence-transformers gave, as `tools/reference/embedding-parity --golden` wrote
/// them down.
private struct EmbeddingGolden {
  struct Line {
    var text: String
    var tokenCount: Int
    var embedding: [Float]
  }

  let weights: Digest
  let maximumTokens: Int
  let lines: [Line]

  init() throws {
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("Golden/embeddings.json")
    var reader = try JSONReader(
      try JSONValue(parsing: Array(try Data(contentsOf: file))), path: "embeddings.json")
    _ = try reader.string("sentenceTransformers")
    _ = try reader.string("torch")
    weights = try reader.digest("weights")
    maximumTokens = try reader.integer("maximumTokens", in: 3...512)
    var lines: [Line] = []
    for var entry in try reader.objects("texts") {
      let bytes = try #require(Data(base64Encoded: try entry.string("embedding")))
      let embedding = stride(from: 0, to: bytes.count - 3, by: 4).map { offset in
        Float(
          bitPattern: (0..<4).reduce(0) { $0 | UInt32(bytes[offset + $1]) << UInt32(8 * $1) })
      }
      lines.append(
        Line(
          text: try entry.string("text"), tokenCount: try entry.integer("tokens", in: 2...100_000),
          embedding: embedding))
    }
    try reader.finish()
    self.lines = lines
  }
}

@Suite struct EmbeddingGoldenTests {
  /// Where the real backbone lies, if this machine has it; `tools/test` says so.
  static let directory = ProcessInfo.processInfo.environment["MOEPACK_BACKBONE_DIR"]

  @Test(.enabled(if: directory != nil, "MOEPACK_BACKBONE_DIR names no backbone"))
  func `embeddings are those of sentence-transformers`() throws {
    let golden = try EmbeddingGolden()
    let directory = try #require(Self.directory)
    let files = BackboneFiles(directory: URL(fileURLWithPath: directory, isDirectory: true))
    #expect(KnownBackbone.miniLM.files["model.safetensors"] == golden.weights)
    let backbone = try Backbone(.miniLM, files: files, kernels: Kernels())
    #expect(backbone.tokenizer.maximumLength == golden.maximumTokens)

    let encodings = golden.lines.map { backbone.tokenizer.encode($0.text) }
    let width = backbone.width
    let embeddings = try backbone.embed(encodings, pool: ThreadPool(threads: 2))
    var largest: Float = 0
    for (index, line) in golden.lines.enumerated() {
      #expect(encodings[index].tokenCount == line.tokenCount, "text \(index)")
      #expect(encodings[index].isTruncated == (line.tokenCount > golden.maximumTokens))
      try #require(line.embedding.count == width)
      for column in 0..<width {
        let difference = abs(embeddings[index * width + column] - line.embedding[column])
        largest = max(largest, difference.isNaN ? .infinity : difference)
      }
    }
    // Two orders of summation in float32; another order of PyTorch's own differs as much.
    #expect(largest <= 2e-5, "the largest difference is \(largest)")
    print("embeddings: largest difference from sentence-transformers \(largest)")
  }

  @Test func `the golden file has texts of every length`() throws {
    let counts = try EmbeddingGolden().lines.map(\.tokenCount)
    #expect(counts.count >= 20)
    #expect(counts.contains(2) && counts.contains { $0 > 256 } && counts.contains(200...256))
  }
}

extension [Int] {
  fileprivate func contains(_ range: ClosedRange<Int>) -> Bool { contains { range.contains($0) } }
}
