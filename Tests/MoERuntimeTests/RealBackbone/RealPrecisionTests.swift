import Foundation
import MoEBase
import MoEModel
import MoERuntime
import MoETensor
import MoETestSupport
import Testing

/// Reduced precision on the real backbone: how near it is to full precision, and the invariants within it.
@Suite(
  .enabled(if: RealGround.directory != nil, "needs the backbone: MOEPACK_BACKBONE_DIR names it"))
struct RealPrecisionTests {
  let ground: RealGround

  init() throws { ground = try RealGround.shared.get() }

  private func backbone(_ precision: Precision, path: KernelPath = .best) throws -> Backbone {
    guard path != .best else { return try ground.backbone.converted(to: precision) }
    return try Backbone(
      .miniLM, files: ground.backbone.files, kernels: Kernels(path: path), precision: precision)
  }

  private func composition(_ backbone: Backbone, _ packs: [Int]) throws -> Composition {
    Composition(
      backbone: backbone, profile: ground.profileDigest, generation: 1,
      packs: try packs.map {
        try ground.packs[$0].mounted(digest: ground.digests[$0], on: backbone)
      })
  }

  private func bytes(_ composition: Composition, batch: Int, count: Int) throws -> [[UInt8]] {
    try stride(from: 0, to: count, by: batch).flatMap { start in
      try composition.answer(
        ground.texts[start..<min(start + batch, count)].map {
          composition.backbone.tokenizer.encode($0)
        }, pool: ThreadPool(threads: 2)
      ).map(\.invariantBytes)
    }
  }

  @Test(arguments: [(Precision.bf16, Float(0.9995)), (.int8, 0.995)])
  func `embeddings lie near those of full precision`(precision: Precision, least: Float) throws {
    let pool = ThreadPool(threads: 2)
    let encodings = ground.texts.prefix(400).map { ground.backbone.tokenizer.encode($0) }
    let full = try ground.backbone.embed(encodings, pool: pool)
    let reduced = try backbone(precision).embed(encodings, pool: pool)
    let width = ground.backbone.width
    var worst: Float = 1
    for text in encodings.indices {
      let range = text * width..<(text + 1) * width
      worst = min(worst, zip(full[range], reduced[range]).reduce(0) { $0 + $1.0 * $1.1 })
    }
    #expect(worst >= least)
    #expect(full != reduced)
  }

  @Test(arguments: [Precision.bf16, .int8])
  func `I1 to I4 hold within a precision, on every path`(precision: Precision) throws {
    let count = 200
    let reduced = try backbone(precision)
    let both = try composition(reduced, [0, 1])
    let reference = try bytes(both, batch: count, count: count)
    #expect(try bytes(both, batch: 1, count: 60) == Array(reference.prefix(60)), "I3")
    #expect(try bytes(composition(reduced, [1, 0]), batch: 7, count: count) == reference, "I4")
    for path in KernelPath.supported where path != .best && path != .portable {
      let other = try composition(try backbone(precision, path: path), [0, 1])
      #expect(try bytes(other, batch: 32, count: 40) == Array(reference.prefix(40)), "\(path)")
    }
    let alone = try composition(reduced, [0])
    let answers = try alone.answer(
      ground.texts.prefix(count).map { reduced.tokenizer.encode($0) }, pool: ThreadPool(threads: 2))
    let other = try composition(reduced, [1]).answer(
      ground.texts.prefix(count).map { reduced.tokenizer.encode($0) }, pool: ThreadPool(threads: 2))
    let silent = answers.indices.filter { other[$0].route.isEmpty }
    #expect(silent.count > 40)
    #expect(silent.allSatisfy { answers[$0].invariantBytes == reference[$0] }, "I1")
  }

  @Test(arguments: [Precision.bf16, .int8])
  func `the labels told first are those of full precision`(precision: Precision) throws {
    let pool = ThreadPool(threads: 2)
    let full = try composition(backbone(.f32), [0, 1])
    let reduced = try composition(backbone(precision), [0, 1])
    let encodings = ground.texts.prefix(400).map { ground.backbone.tokenizer.encode($0) }
    for pack in full.mixture.packs {
      let options = AnswerOptions(pack: pack.identity)
      let expected = try full.answer(encodings, options: options, pool: pool)
      let answers = try reduced.answer(encodings, options: options, pool: pool)
      #expect(answers != expected)
      for (answer, expected) in zip(answers, expected) {
        #expect(answer.lead?.first?.label == expected.lead?.first?.label)
      }
    }
  }

  @Test func `a precision is part of the composition's identity`() throws {
    let digests = try Precision.allCases.map { try composition(backbone($0), [0]).digest }
    #expect(Set(digests).count == 3)
  }
}
