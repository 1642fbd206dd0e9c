import Foundation
import MoEAuthoring
import MoETensor
import Testing

/// The packs of this repository, which are to have nothing that a reviewer would say against them.
///
/// Texts are compared by their words here; `tools/soak review` compares what they mean.
@Suite struct ShippedReviewTests {
  private static let packs = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appending(path: "../../../packs").standardizedFileURL

  static let names: [String] = {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: packs.path)) ?? []
    return names.sorted().filter {
      FileManager.default.fileExists(atPath: packs.appending(path: "\($0)/pack.yaml").path)
    }
  }()

  @Test func `there are packs`() { #expect(Self.names.count >= 2) }

  @Test(arguments: names)
  func `a pack of this repository has no finding`(_ name: String) throws {
    let review = try SourceReview(
      directory: Self.packs.appending(path: name), pool: ThreadPool(threads: 1))
    #expect(review.findings == [] && review.refusal == nil)
    #expect(review.trainTexts >= 500 && review.labels.count >= 10)
  }
}
