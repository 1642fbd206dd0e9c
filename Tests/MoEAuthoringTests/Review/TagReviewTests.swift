import Foundation
import MoEAuthoring
import MoEBase
import MoETensor
import MoETestSupport
import Testing

/// What a review says of texts with any number of labels.
@Suite struct TagReviewTests {
  private func review(_ edit: (inout [String: [UInt8]]) -> Void) throws -> SourceReview {
    let directory = try TemporaryDirectory()
    var files = TinyTags.files()
    edit(&files)
    for (name, bytes) in files {
      let file = directory.url.appending(path: name)
      try FileManager.default.createDirectory(
        at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(bytes).write(to: file)
    }
    return try SourceReview(
      directory: directory.url, allowsNearDuplicates: true, backbones: ["tiny"],
      pool: ThreadPool(threads: 1))
  }

  private func lines(_ texts: [TinyTags.Text]) -> [UInt8] {
    texts.flatMap { TinyTags.line($0).bytes + [0x0A] }
  }

  private func codes(_ review: SourceReview) -> [String] { review.findings.map(\.code) }

  @Test func `a good source has its unlabelled texts noted, and nothing worse`() throws {
    let review = try review { _ in }
    #expect(review.refusal == nil && review.count(.fault) == 0)
    let bare = try #require(review.findings.first { $0.code == "label-none" })
    #expect(bare.weight == .note && bare.marks.count == 40)
    #expect(review.labels.map(\.train) == [80, 120, 80])
    #expect(review.labels.map(\.eval) == [20, 30, 20])
  }

  @Test func `labels that always go together, and one that is everywhere, are found`() throws {
    let review = try review { files in
      files["data/train.jsonl"] = lines(
        TinyTags.texts(240, seed: 61).map { text in
          (text.text, text.labels + (text.labels.contains("tag-0") ? ["twin"] : []) + ["all"])
        })
      files["evals/topics.jsonl"] = lines(
        TinyTags.texts(60, seed: 51).map { ($0.text, $0.labels + ["all", "twin"]) })
    }
    let together = try #require(review.findings.first { $0.code == "label-together" })
    #expect(together.message.contains("`tag-0` and `twin`") && together.weight == .warning)
    let everywhere = try #require(review.findings.first { $0.code == "label-everywhere" })
    #expect(everywhere.message.contains("`all`"))
  }

  @Test func `the same text with different sets contradicts itself, with the same it is a copy`()
    throws
  {
    let review = try review { files in
      let text = TinyTags.texts(1, seed: 77)[0].text
      files["data/train.jsonl", default: []] += lines([
        (text, ["tag-0", "tag-1"]), (text, ["tag-1"]), (text + " more", ["tag-0", "tag-1"]),
        (text + " more", ["tag-1", "tag-0"]),
      ])
    }
    let contradiction = try #require(review.findings.first { $0.code == "contradiction" })
    #expect(contradiction.marks.count == 1)
    #expect(contradiction.marks[0].detail == "tag-1 · tag-0, tag-1")
    #expect(review.findings.first { $0.code == "duplicate" }?.marks.count == 1)
    #expect(review.refusal != nil)
  }

  @Test func `few texts of a label, labels of no list and most texts bare are said`() throws {
    let review = try review { files in
      files["data/train.jsonl"] = lines(
        TinyTags.texts(240, seed: 61).enumerated().map { index, text in
          (text.text, index < 24 ? text.labels : [])
        } + [("a rare one here", ["rare"])])
    }
    let codes = codes(review)
    #expect(codes.contains("label-rare") && codes.contains("label-few"))
    #expect(review.findings.first { $0.code == "label-none" }?.weight == .warning)
    let unknown = try self.review { files in
      files["evals/topics.jsonl", default: []] += lines([("what is this", ["strange", "tag-0"])])
    }
    let unlisted = try #require(unknown.findings.first { $0.code == "label-unlisted" })
    #expect(unlisted.message.contains("`strange`") && !unlisted.message.contains("tag-0"))
  }

  @Test func `a floor that always giving the same labels would reach is noted`() throws {
    func floor(_ floor: Double) throws -> Bool {
      try codes(review { $0["pack.yaml"] = Array(TinyTags.description(floor: floor).utf8) })
        .contains("eval-floor")
    }
    // Of 60 texts 20, 30 and 20 have the labels: giving all three finds 70 of 70 with 180 given, 0.56.
    #expect(try floor(0.55) && !floor(0.57))
  }
}
