import MoEBase
import MoEModel
import Testing

@Suite struct BytePairErrorTests {
  private struct Edit: Sendable {
    var kind = "llama3"
    var path: [String]
    var value: JSONValue?
    var message: String
  }

  private func refusal(_ edit: Edit) throws -> TokenizerError? {
    let document = try JSONValue(parsing: try BytePairGolden.tokenizerFile(edit.kind))
    let bytes = editing(document, at: edit.path, to: edit.value).bytes
    do throws(TokenizerError) {
      _ = try Tokenizer(json: bytes, maximumLength: 16)
      return nil
    } catch { return error }
  }

  private static let unsupported = [
    Edit(
      path: ["normalizer"], value: ["type": "Lowercase"],
      message: "`normalizer.type`: this version tokenizes with `NFC`, `Prepend`, `Replace` or"
        + " `Sequence` before `BPE`, got `Lowercase`"),
    Edit(
      path: ["normalizer"],
      value: ["type": "Sequence", "normalizers": [["type": "NFC"], ["type": "NFKC"]]],
      message: "`normalizer.normalizers[1].type`: this version tokenizes with `NFC`, `Prepend`,"
        + " `Replace` or `Sequence` before `BPE`, got `NFKC`"),
    Edit(
      kind: "pieces", path: ["normalizer", "pattern"], value: ["Regex": "-+"],
      message: "`normalizer.pattern`: this version tokenizes with texts to be replaced, got `Regex`"
    ),
    Edit(
      path: ["pre_tokenizer", "pretokenizers", "0", "pattern", "Regex"], value: #"\p{L}+"#,
      message: "`pre_tokenizer.pretokenizers[0].pattern.Regex`: this version tokenizes with the"
        + #" expressions of GPT-2, cl100k and Qwen2, and those of digits, got `\\p{L}+`"#),
    Edit(
      path: ["pre_tokenizer", "pretokenizers", "0"], value: ["type": "Whitespace"],
      message: "`pre_tokenizer.pretokenizers[0].type`: this version tokenizes with `ByteLevel`,"
        + " `Split`, `Digits`, `Metaspace` or `Sequence` before `BPE`, got `Whitespace`"),
    Edit(
      kind: "granite", path: ["pre_tokenizer", "pretokenizers", "0"],
      value: ["type": "ByteLevel", "add_prefix_space": false, "use_regex": false],
      message: "`pre_tokenizer.pretokenizers[1]`: this version tokenizes with `ByteLevel` as the"
        + " last of a `Sequence`, got `ByteLevel` after it"),
    Edit(
      path: ["model", "dropout"], value: 0.1,
      message: "`model.dropout`: this version tokenizes with no dropout, got 0.1"),
    Edit(
      path: ["model", "end_of_word_suffix"], value: "</w>",
      message: "`model.end_of_word_suffix`: this version tokenizes with none, got `\\\"</w>\\\"`"),
    Edit(
      path: ["post_processor"], value: ["type": "RobertaProcessing"],
      message: "`post_processor.type`: this version tokenizes with `ByteLevel`,"
        + " `TemplateProcessing` or `Sequence` after `BPE`, got `RobertaProcessing`"),
    Edit(
      path: ["decoder"], value: ["type": "CTC"],
      message: "`decoder.type`: this version tokenizes with `ByteLevel`, `Metaspace`, `WordPiece`,"
        + " or a `Sequence` of `Replace`, `ByteFallback`, `Fuse` and `Strip`, got `CTC`"),
    Edit(
      kind: "mixtral", path: ["decoder", "decoders", "3"], value: ["type": "ByteFallback"],
      message: "`decoder.decoders[3]`: this version tokenizes with `Strip` alone after `Fuse` or"
        + " `ByteLevel`, got `ByteFallback`"),
    Edit(
      path: ["truncation"], value: ["strategy": "LongestFirst", "direction": "Left"],
      message: "`truncation.direction`: this version tokenizes with `Right`, got `Left`"),
  ]

  @Test(arguments: unsupported.indices)
  func `what is not implemented is refused by name`(_ index: Int) throws {
    let error = try #require(try refusal(Self.unsupported[index]))
    #expect(error.message == "`tokenizer.json`, " + Self.unsupported[index].message)
    #expect(error.code == "tokenizer-unsupported")
  }

  private static let schema = [
    Edit(
      path: ["model", "vocab"], value: nil, message: "`model.vocab`: expected a value, got nothing"),
    Edit(
      path: ["model", "vocab"], value: [:],
      message: "`model.vocab`: expected an object with at least one token, got an empty one"),
    Edit(
      path: ["model", "vocab"], value: [1],
      message: "`model.vocab`: expected an object of tokens and ids, got another value"),
    Edit(
      path: ["model", "vocab", "!"], value: 1,
      message: "`model.vocab`: expected each id once, got 1 for both `!` and `\\\"`"),
    Edit(
      path: ["model", "vocab", "!"], value: -1,
      message: "`model.vocab`: expected whole numbers from 0 to 4194303, got another value for `!`"),
    Edit(
      path: ["model", "vocab", "!"], value: 4_194_304,
      message: "`model.vocab`: expected whole numbers from 0 to 4194303, got 4194304 for `!`"),
    Edit(
      path: ["model", "merges", "1"], value: "nonsense",
      message: "`model.merges[1]`: expected two tokens, as a pair or with a space between them,"
        + " got something else"),
    Edit(
      path: ["model", "merges", "0"], value: "! !",
      message: "`model.merges[0]`: expected tokens of `model.vocab`, got `!!`"),
    Edit(
      path: ["model", "merges"], value: 1,
      message: "`model.merges`: expected an array of merges, got another value"),
    Edit(
      path: ["model", "unk_token"], value: "<none>",
      message: "`model.unk_token`: expected a token of `model.vocab`, got `<none>`"),
    Edit(
      path: ["model", "heads"], value: 1,
      message: "`model.heads`: expected one of the keys `byte_fallback`,"
        + " `continuing_subword_prefix`, `dropout`, `end_of_word_suffix`, `fuse_unk`,"
        + " `ignore_merges`, `merges`, `type`, `unk_token`, `vocab`, got a key that is not known"),
    Edit(
      path: ["added_tokens", "0", "id"], value: 9,
      message: "`added_tokens[0].id`: expected 600, the id of `<|begin_of_text|>`, got 9"),
    Edit(
      path: ["added_tokens", "1", "content"], value: "<|begin_of_text|>",
      message: "`added_tokens[1].content`: expected a token, not empty, that was not added before,"
        + " got `<|begin_of_text|>`"),
    Edit(
      path: ["pre_tokenizer", "pretokenizers", "0", "behavior"], value: "Gone",
      message: "`pre_tokenizer.pretokenizers[0].behavior`: expected one of `Removed`, `Isolated`,"
        + " `MergedWithPrevious`, `MergedWithNext`, `Contiguous`, got `Gone`"),
    Edit(
      kind: "mistral", path: ["pre_tokenizer", "replacement"], value: "ab",
      message: "`pre_tokenizer.replacement`: expected one character, got `ab`"),
    Edit(
      kind: "mistral", path: ["pre_tokenizer", "prepend_scheme"], value: "last",
      message: "`pre_tokenizer.prepend_scheme`: expected `always`, `first` or `never`, got `last`"),
  ]

  @Test(arguments: schema.indices)
  func `what is missing or wrong is named with what was expected`(_ index: Int) throws {
    let error = try #require(try refusal(Self.schema[index]))
    #expect(error.message == "`tokenizer.json`, " + Self.schema[index].message)
    #expect(error.code == "tokenizer-schema")
  }

  @Test(arguments: [
    (#"{"a":0,"a":1}"#, "the same key twice in one object"),
    (#"{"a":0,}"#, "expected a key in an object"), (#"{"a" 0}"#, "expected `:` after a key"),
    (#"{"a\q":0}"#, "an escape that JSON does not have"),
    (#"{"\ud800":0}"#, "half of a surrogate pair"), (#"{"a":01}"#, "a number cannot start with 0"),
  ])
  func `a vocabulary that is not JSON is refused at its byte`(
    _ vocabulary: String, _ reason: String
  ) throws {
    let head = #"{"version":"1.0","added_tokens":[],"model":{"type":"BPE","vocab":"#
    let error = #expect(throws: TokenizerError.self) {
      try Tokenizer(
        json: Array((head + vocabulary + #","merges":[]}}"#).utf8), maximumLength: 16)
    }
    #expect(error?.code == "tokenizer-syntax")
    #expect(error?.message.contains(reason) == true, "\(error?.message ?? "")")
  }

  @Test(arguments: ["granite", "mixtral", "qwen"])
  func `a file that was cut off anywhere is refused`(_ kind: String) throws {
    let file = try BytePairGolden.tokenizerFile(kind)
    for count in stride(from: 0, to: file.count - 2, by: 97) {
      #expect(throws: TokenizerError.self) {
        try Tokenizer(json: Array(file[..<count]), maximumLength: 16)
      }
    }
  }
}
