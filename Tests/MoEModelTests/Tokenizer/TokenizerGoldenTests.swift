import MoEBase
import MoEModel
import Testing

@Suite struct TokenizerGoldenTests {
  private let golden: TokenizerGolden

  init() throws { golden = try TokenizerGolden() }

  @Test func `adversarial texts get the recorded ids and counts`() throws {
    let tokenizer = try Tokenizer(
      json: try TokenizerGolden.tokenizerFile(), maximumLength: golden.maximumLength)
    #expect(golden.lines.count >= 600)
    for line in golden.lines {
      let text = line.text.unicodeScalars.prefix(80).map { String($0.value, radix: 16) }
      #expect(tokenizer.encode(line.text) == line.small, "scalars \(text)")
      #expect(tokenizer.encode(utf8: line.utf8) == line.small, "bytes of scalars \(text)")
    }
    #expect(golden.lines.contains { $0.small.isTruncated })
    #expect(golden.lines.contains { String(validating: $0.utf8, as: UTF8.self) == nil })
  }

  @Test(
    .enabled(
      if: TokenizerGolden.backboneFile != nil,
      "needs the backbone: MOEPACK_BACKBONE_DIR names its directory"))
  func `with the backbone's own vocabulary, too`() throws {
    let file = try #require(TokenizerGolden.backboneFile)
    let tokenizer = try Tokenizer(json: file, maximumLength: golden.maximumLength)
    #expect(tokenizer.vocabularySize == 30_522)
    for line in golden.lines {
      let text = line.text.unicodeScalars.prefix(80).map { String($0.value, radix: 16) }
      #expect(tokenizer.encode(line.text) == line.backbone, "scalars \(text)")
    }
  }

  @Test(arguments: 0..<4)
  func `every scalar is normalised and split as recorded, under four settings`(
    _ index: Int
  ) throws {
    #expect(golden.scalars.count == 4)
    let recorded = golden.scalars[index]
    var document = try JSONValue(parsing: try TokenizerGolden.tokenizerFile())
    for (key, value) in recorded.settings {
      document = editing(document, at: ["normalizer", key], to: .boolean(value))
    }
    let tokenizer = try Tokenizer(json: document.bytes, maximumLength: 64)
    var digest = DigestBuilder()
    let before = Array("\u{08D4}".utf8)
    let after = Array("\u{1DFB}\u{1E94A}\u{1D165}Z ".utf8)
    var text: [UInt8] = []
    var words: [UInt8] = []
    for start in stride(from: UInt32(0), to: 0x110000, by: 256) {
      text.removeAll(keepingCapacity: true)
      for scalar in (start..<start + 256).compactMap({ Unicode.Scalar($0) }) {
        let bytes = Array(String(scalar).utf8)
        text += bytes + [0x20, 0x61] + bytes + [0x62, 0x20, 0x41] + before + bytes + after
      }
      words.removeAll(keepingCapacity: true)
      for word in tokenizer.words(in: String(decoding: text, as: UTF8.self)) {
        words.append(contentsOf: word.utf8)
        words.append(0x0A)
      }
      digest.update(words)
    }
    #expect(digest.finish().hex == recorded.sha256, "\(recorded.settings)")
  }
}
