import MoEBase
import MoEModel
import Testing

@Suite struct BytePairTests {
  /// A tokenizer of characters with a vocabulary and merges of one's own.
  private func tokenizer(
    _ tokens: [String], _ merges: [(String, String)], _ edits: [([String], JSONValue)] = []
  ) throws -> Tokenizer {
    var document: JSONValue = [
      "version": "1.0", "truncation": .null, "padding": .null, "added_tokens": [],
      "normalizer": .null, "pre_tokenizer": .null, "post_processor": .null,
      "decoder": ["type": "Fuse"],
      "model": [
        "type": "BPE", "dropout": .null, "unk_token": .null, "continuing_subword_prefix": .null,
        "end_of_word_suffix": .null, "fuse_unk": false, "byte_fallback": false,
        "ignore_merges": false,
      ],
    ]
    let members = tokens.enumerated().map { JSONMember($1, .integer($0)) }
    document = editing(document, at: ["model", "vocab"], to: .object(members))
    document = editing(
      document, at: ["model", "merges"],
      to: .array(merges.map { .array([.string($0.0), .string($0.1)]) }))
    for (path, value) in edits { document = editing(document, at: path, to: value) }
    return try Tokenizer(json: document.bytes, maximumLength: 1 << 24)
  }

  /// Merges the leftmost pair of the lowest rank, over and over.
  private func naiveMerge(_ word: String, _ ranks: [String: Int]) -> [String] {
    var parts = word.unicodeScalars.map { String($0) }
    while true {
      let ranked = (0..<max(0, parts.count - 1)).compactMap { index in
        ranks["\(parts[index]) \(parts[index + 1])"].map { (rank: $0, index: index) }
      }
      guard let best = ranked.min(by: { ($0.rank, $0.index) < ($1.rank, $1.index) }) else {
        return parts
      }
      parts[best.index] += parts.remove(at: best.index + 1)
    }
  }

  @Test(arguments: [UInt64(1), 2, 3, 4, 5, 6])
  func `words of every length are merged as the naive search merges them`(
    _ seed: UInt64
  ) throws {
    var random = SeededGenerator(seed: seed)
    let letters = ["a", "b", "c", "ж", "𝒳"]
    var tokens = letters
    var merges: [(String, String)] = []
    while merges.count < 150 {
      let pair = (tokens[random.below(tokens.count)], tokens[random.below(tokens.count)])
      guard pair.0.count + pair.1.count < 9, !merges.contains(where: { $0 == pair }) else {
        continue
      }
      merges.append(pair)
      if !tokens.contains(pair.0 + pair.1) { tokens.append(pair.0 + pair.1) }
    }
    var order = merges
    for index in order.indices { order.swapAt(index, random.below(order.count)) }
    let ranks = Dictionary(
      uniqueKeysWithValues: order.enumerated().map { ("\($1.0) \($1.1)", $0) })
    let tokenizer = try tokenizer(tokens, order)
    for index in 0..<400 {
      let length = index % 4 == 0 ? 30 + random.below(200) : random.below(40)
      let word = (0..<length).map { _ in letters[random.below(letters.count)] }.joined()
      let expected = naiveMerge(word, ranks)
      #expect(
        tokenizer.encode(word).ids.map { tokenizer.token($0) } == expected, "seed \(seed), \(word)")
      #expect(tokenizer.decode(tokenizer.encode(word).ids) == word)
    }
  }

  @Test func `of equal pairs the leftmost is merged first`() throws {
    let tokenizer = try tokenizer(["a", "aa"], [("a", "a")])
    #expect(tokenizer.encode("aaaaa").ids == [1, 1, 0])
    let long = tokenizer.encode(String(repeating: "a", count: 101)).ids
    #expect(long == Array(repeating: 1, count: 50) + [0])
  }

  @Test func `a pair that is there twice has the later rank`() throws {
    let merges = [("a", "b"), ("b", "c"), ("a", "b")]
    let tokenizer = try tokenizer(["a", "b", "c", "ab", "bc"], merges)
    #expect(tokenizer.encode("abc").ids == [0, 4])
  }

  @Test func `words of a megabyte take no more than their length`() throws {
    let tokenizer = try BytePairGolden.tokenizer("mixtral")
    for unit in ["a", "ab", "船", "\u{301}", " ", "\u{10FFFF}"] {
      let text = String(repeating: unit, count: 1_000_000 / unit.utf8.count)
      let encoding = tokenizer.encode(text)
      #expect(tokenizer.decode(encoding.ids, skippingSpecialTokens: true) == text)
    }
  }

  @Test func `the ids are cut to the maximum length, and the whole length is told`() throws {
    let file = try BytePairGolden.tokenizerFile("mistral")
    let whole = try Tokenizer(json: file, maximumLength: 100).encode("ship and cargo and ship")
    let cut = try Tokenizer(json: file, maximumLength: 6).encode("ship and cargo and ship")
    #expect(whole.ids.count > 6)
    #expect(cut.ids == Array(whole.ids.prefix(5)) + [whole.ids[whole.ids.count - 1]])
    #expect(cut.tokenCount == whole.tokenCount)
    #expect(cut.isTruncated)
  }

  @Test func `a vocabulary may have holes, and every id has its token or none`() throws {
    let edits: [([String], JSONValue)] = [(["model", "vocab"], ["a": 0, "b": 7])]
    let tokenizer = try tokenizer(["a", "b"], [], edits)
    #expect(tokenizer.vocabularySize == 8)
    #expect(tokenizer.token(7) == "b")
    #expect([-1, 1, 8, .max].allSatisfy { tokenizer.token($0) == nil })
    #expect(tokenizer.id(of: "b") == 7)
    #expect(tokenizer.id(of: "c") == nil)
    #expect(tokenizer.decode([0, 3, 7, 900, -2]) == "ab")
  }

  @Test func `tokens are compared as bytes, escapes and all`() throws {
    let tokenizer = try tokenizer(["é", "e\u{301}", "\"\\\n\u{1}", "e", "\u{301}"], [])
    #expect(tokenizer.id(of: "é") == 0)
    #expect(tokenizer.id(of: "e\u{301}") == 1)
    #expect(tokenizer.id(of: "\"\\\n\u{1}") == 2)
    #expect(tokenizer.encode("ée\u{301}").ids == [0, 3, 4])
  }

  @Test func `words are those that the model gets`() throws {
    let tokenizer = try BytePairGolden.tokenizer("qwen")
    #expect(
      tokenizer.words(in: "It'S 42  é<|im_end|>\r\nx") == [
        "It", "'S", "Ġ", "4", "2", "Ġ", "ĠÃ©", "<|im_end|>", "čĊ", "x",
      ])
  }
}
