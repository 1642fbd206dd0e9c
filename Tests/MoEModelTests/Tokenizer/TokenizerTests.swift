import MoEBase
import MoEModel
import Testing

@Suite struct TokenizerTests {
  private let document: JSONValue

  init() throws { document = try JSONValue(parsing: try TokenizerGolden.tokenizerFile()) }

  private func tokenizer(
    _ document: JSONValue? = nil, maximumLength: Int = 16
  ) throws -> Tokenizer {
    try Tokenizer(json: (document ?? self.document).bytes, maximumLength: maximumLength)
  }

  /// A file with a vocabulary of one's own; `[UNK]` gets the last id.
  private func document(vocabulary: [String], maximumWordScalars: Int = 100) -> JSONValue {
    let members = (vocabulary + ["[UNK]"]).enumerated().map { JSONMember($1, .integer($0)) }
    var value = editing(document, at: ["model", "vocab"], to: .object(members))
    value = editing(value, at: ["added_tokens"], to: [])
    value = editing(value, at: ["post_processor", "special_tokens"], to: [:])
    value = editing(
      value, at: ["post_processor", "single"], to: [["Sequence": ["id": "A", "type_id": 0]]])
    return editing(
      value, at: ["model", "max_input_chars_per_word"], to: .integer(maximumWordScalars))
  }

  @Test func `an empty text is the special tokens alone`() throws {
    let encoding = try tokenizer().encode("")
    #expect(try encoding.ids.map { try tokenizer().token($0) } == ["[CLS]", "[SEP]"])
    #expect(encoding.tokenCount == 2)
    #expect(!encoding.isTruncated)
  }

  @Test func `a text is cut to the maximum length, and its whole length is told`() throws {
    let tokenizer = try tokenizer(maximumLength: 6)
    let whole = tokenizer.encode("ship ship ship ship")
    #expect(whole.ids.count == 6)
    #expect(!whole.isTruncated)
    let cut = tokenizer.encode("ship ship ship ship ship ship ship")
    #expect(cut.ids == whole.ids)
    #expect(cut.tokenCount == 9)
    #expect(cut.isTruncated)
  }

  @Test func `a word cut in the middle by the maximum length keeps its first pieces`() throws {
    let value = document(vocabulary: ["a", "##b"])
    let encoding = try tokenizer(value, maximumLength: 3).encode("abbbb")
    #expect(encoding == Encoding(ids: [0, 1, 1], tokenCount: 5))
  }

  @Test func `bytes that are not UTF-8 are read as U+FFFD, which cleaning removes`() throws {
    let tokenizer = try tokenizer()
    let ship = tokenizer.encode("ship")
    #expect(
      tokenizer.encode(utf8: Array("sh".utf8) + [0xFF, 0xED, 0xA0] + Array("ip".utf8)) == ship)
    #expect(tokenizer.encode(utf8: Array("ship".utf8) + [0xF0, 0x9F]) == ship)
    #expect(tokenizer.encode(utf8: Array("ship".utf8)[...]) == ship)
  }

  @Test func `words are those that the model gets`() throws {
    let text = "Ship's[MASK] É\u{200D}tat 船舶\u{0}!"
    #expect(
      try tokenizer().words(in: text) == ["ship", "'", "s", "[MASK]", "etat", "船", "舶", "!"])
  }

  @Test func `every id has its token, and no other number has`() throws {
    let tokenizer = try tokenizer()
    #expect(tokenizer.vocabularySize == 2000)
    #expect(tokenizer.token(0) == "[PAD]")
    #expect(tokenizer.token(1999) != nil)
    #expect(tokenizer.token(2000) == nil)
    #expect(tokenizer.token(-1) == nil)
  }

  @Test func `an added token that the model lacks takes the next id`() throws {
    let token: JSONValue = [
      "id": 2000, "content": "[PACK]", "single_word": false, "lstrip": true, "rstrip": true,
      "normalized": false, "special": true,
    ]
    guard case .array(let tokens)? = document["added_tokens"] else { return }
    let value = editing(document, at: ["added_tokens"], to: .array(tokens + [token]))
    let tokenizer = try tokenizer(value)
    #expect(tokenizer.vocabularySize == 2001)
    #expect(tokenizer.encode("x [PACK]y").ids.contains(2000))
    #expect(tokenizer.encode("[pack]").ids.contains(2000) == false)
  }

  @Test func `strip_accents of null follows lowercase`() throws {
    var value = editing(document, at: ["normalizer", "lowercase"], to: false)
    #expect(try tokenizer(value).words(in: "É") == ["É"])
    value = editing(value, at: ["normalizer", "strip_accents"], to: true)
    #expect(try tokenizer(value).words(in: "É") == ["E"])
  }

  @Test func `lines of ten megabytes are read in one pass`() throws {
    let tokenizer = try tokenizer()
    let word = tokenizer.encode(String(repeating: "a", count: 10_000_000))
    #expect(word.tokenCount == 3)
    let mark = tokenizer.encode(String(repeating: "\u{1D165}\u{1D16D}", count: 1_250_000))
    #expect(mark.tokenCount == 3)
    let signs = tokenizer.encode(String(repeating: "[C", count: 5_000_000))
    #expect(signs.tokenCount == 10_000_002)
    #expect(signs.ids.count == 16)
  }

  /// Greedy longest match by trying every end, longest first.
  private func naivePieces(_ word: String, _ ids: [String: Int32], limit: Int) -> [Int32] {
    let unknown = ids["[UNK]", default: -1]
    let scalars = Array(word.unicodeScalars)
    guard scalars.count <= limit else { return [unknown] }
    var pieces: [Int32] = []
    var start = 0
    while start < scalars.count {
      let match = stride(from: scalars.count, to: start, by: -1).lazy.compactMap { end in
        let piece = String(String.UnicodeScalarView(scalars[start..<end]))
        return ids[(start == 0 ? "" : "##") + piece].map { (id: $0, end: end) }
      }.first
      guard let match else { return [unknown] }
      pieces.append(match.id)
      start = match.end
    }
    return pieces
  }

  @Test(arguments: [UInt64(1), 2, 3, 4, 5, 6, 7, 8])
  func `pieces are those of the naive greedy search`(_ seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let letters = ["a", "b", "c", "ж", "я", "ᄀ", "𝒳"]
    func word(_ most: Int) -> String {
      (0...random.below(most)).map { _ in letters[random.below(letters.count)] }.joined()
    }
    var vocabulary: Set<String> = ["##"]
    for _ in 0..<120 { vocabulary.insert((random.below(2) == 0 ? "##" : "") + word(4)) }
    for letter in letters.dropLast() { vocabulary.formUnion([letter, "##" + letter]) }
    let tokens = vocabulary.sorted()
    let ids = Dictionary(
      uniqueKeysWithValues: (tokens + ["[UNK]"]).enumerated().map { ($1, Int32($0)) })
    let tokenizer = try tokenizer(
      document(vocabulary: tokens, maximumWordScalars: 20), maximumLength: 64)
    for _ in 0..<500 {
      let text = word(23)
      let expected = naivePieces(text, ids, limit: 20)
      #expect(tokenizer.encode(text).ids == expected, "seed \(seed), \(text)")
    }
  }
}
