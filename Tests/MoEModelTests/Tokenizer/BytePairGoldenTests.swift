import Foundation
import MoEBase
import MoEModel
import Testing

@Suite struct BytePairGoldenTests {
  private func compare(_ kind: String, in folder: URL, atLeast count: Int) throws {
    let tokenizer = try BytePairGolden.tokenizer(kind, in: folder)
    let lines = try BytePairGolden.lines(kind, in: folder)
    try #require(lines.count >= count)
    for line in lines {
      let shown = "\(line.text.prefix(200).debugDescription), \(kind)"
      try #require(tokenizer.encode(line.text).ids == line.ids, "\(shown)")
      let bare = tokenizer.encode(line.text, addingSpecialTokens: false)
      let plain = tokenizer.encode(
        line.text, addingSpecialTokens: false, specialTokens: .nowhere)
      try #require(plain.ids == line.plain ?? bare.ids, "\(shown)")
      let decoded = tokenizer.decode(line.source)
      try #require(decoded.utf8.elementsEqual(line.decoded.utf8), "\(shown) \(line.source)")
      let skipping = tokenizer.decode(line.source, skippingSpecialTokens: true)
      try #require(skipping.utf8.elementsEqual(line.skipping.utf8), "\(shown) \(line.source)")
    }
  }

  @Test(arguments: BytePairGolden.kinds)
  func `adversarial texts get the recorded ids, and ids the recorded texts`(
    _ kind: String
  ) throws {
    try compare(kind, in: BytePairGolden.folder, atLeast: 75)
    let lines = try BytePairGolden.lines(kind)
    #expect(lines.contains { $0.plain != nil })
    #expect(lines.contains { $0.skipping != $0.decoded })
    #expect(lines.contains { $0.source != $0.ids })
  }

  private static let recordings = ProcessInfo.processInfo
    .environment["MOEPACK_BYTE_PAIR_RECORDINGS"].map { URL(fileURLWithPath: $0) }

  @Test(
    .enabled(
      if: Self.recordings != nil,
      "needs recordings: `tools/reference/byte-pair-parity` makes them"),
    arguments: BytePairGolden.kinds)
  func `and so do many more`(_ kind: String) throws {
    try compare(kind, in: try #require(Self.recordings), atLeast: 1)
  }

  @Test(arguments: BytePairGolden.kinds)
  func `a stream gives the same text, and never half a character`(_ kind: String) throws {
    let tokenizer = try BytePairGolden.tokenizer(kind)
    for line in try BytePairGolden.lines(kind) {
      var decoder = TokenStreamDecoder(tokenizer, skippingSpecialTokens: true)
      for _ in 0..<2 {
        var text = ""
        for id in line.source { text += decoder.append(id) }
        text += decoder.finish()
        #expect(text.utf8.elementsEqual(line.skipping.utf8), "\(kind) \(line.source)")
      }
    }
  }
}
