import MoEBase
import MoEModel
import Testing

@Suite struct TokenizerErrorTests {
  private func refusal(
    of path: [String], _ new: JSONValue?, maximumLength: Int = 16
  ) throws -> TokenizerError? {
    let document = try JSONValue(parsing: try TokenizerGolden.tokenizerFile())
    let bytes = editing(document, at: path, to: new).bytes
    do throws(TokenizerError) {
      _ = try Tokenizer(json: bytes, maximumLength: maximumLength)
      return nil
    } catch { return error }
  }

  private static let unsupported: [(path: [String], value: JSONValue?, sentence: String)] = [
    (["version"], "2.0", "`version`: this version tokenizes with `1.0`, got `2.0`"),
    (
      ["normalizer", "type"], "NFC",
      "`normalizer.type`: this version tokenizes with `BertNormalizer`, got `NFC`"
    ),
    (
      ["normalizer"], .null,
      "`normalizer.type`: this version tokenizes with `BertNormalizer`, got nothing"
    ),
    (
      ["pre_tokenizer", "type"], "ByteLevel",
      "`pre_tokenizer.type`: this version tokenizes with `BertPreTokenizer`, got `ByteLevel`"
    ),
    (
      ["model", "type"], "Unigram",
      "`model.type`: this version tokenizes with `WordPiece` or `BPE`, got `Unigram`"
    ),
    (
      ["post_processor"], nil,
      "`post_processor.type`: this version tokenizes with `TemplateProcessing`, got nothing"
    ),
    (
      ["truncation"], ["strategy": "OnlySecond", "direction": "Right"],
      "`truncation.strategy`: this version tokenizes with `LongestFirst` or `OnlyFirst`,"
        + " got `OnlySecond`"
    ),
    (
      ["truncation"], ["strategy": "LongestFirst", "direction": "Left"],
      "`truncation.direction`: this version tokenizes with `Right`, got `Left`"
    ),
    (
      ["added_tokens", "2", "normalized"], true,
      "`added_tokens[2].normalized`: this version tokenizes with `false`, got `true`"
    ),
    (
      ["added_tokens", "4", "single_word"], true,
      "`added_tokens[4].single_word`: this version tokenizes with `false`, got `true`"
    ),
  ]

  @Test(arguments: 0..<10)
  func `what is not implemented is refused by name`(_ index: Int) throws {
    #expect(Self.unsupported.count == 10)
    let (path, value, sentence) = Self.unsupported[index]
    let error = try #require(try refusal(of: path, value))
    #expect(error.message == "`tokenizer.json`, " + sentence)
    #expect(error.code == "tokenizer-unsupported")
    #expect(
      error.hint
        == "nothing was tokenized, because the token ids would differ from those the backbone was"
        + " trained with; `moe-pack backbone list` shows the backbones that work")
    #expect(error.exitCode == .badData)
  }

  private static let schema: [(path: [String], value: JSONValue?, sentence: String)] = [
    (["model", "vocab"], nil, "`model.vocab`: expected a value, got nothing"),
    (
      ["model", "vocab"], [1],
      "`model.vocab`: expected an object with at least one token, got an array"
    ),
    (
      ["model", "vocab"], [:],
      "`model.vocab`: expected an object with at least one token, got an empty one"
    ),
    (
      ["model", "vocab", "[CLS]"], 2000,
      "`model.vocab`: expected whole numbers from 0 to 1999, each once, got 2000 for `[CLS]`"
    ),
    (
      ["model", "vocab", "[CLS]"], -1,
      "`model.vocab`: expected whole numbers from 0 to 1999, each once, got -1 for `[CLS]`"
    ),
    (
      ["model", "vocab", "[CLS]"], 1,
      "`model.vocab`: expected whole numbers from 0 to 1999, each once, got 1 for both `[UNK]` and"
        + " `[CLS]`"
    ),
    (
      ["model", "vocab", "[CLS]"], "2",
      "`model.vocab`: expected whole numbers from 0 to 1999, each once, got a string for `[CLS]`"
    ),
    (
      ["model", "unk_token"], "<\u{1B}unk>",
      "`model.unk_token`: expected a token of `model.vocab`, got `<\\u001bunk>`"
    ),
    (
      ["model", "max_input_chars_per_word"], 0,
      "`model.max_input_chars_per_word`: expected a whole number from 1 to 1000000, got 0"
    ),
    (
      ["model", "dropout"], 0.1,
      "`model.dropout`: expected one of the keys `continuing_subword_prefix`,"
        + " `max_input_chars_per_word`, `type`, `unk_token`, `vocab`, got a key that is not known"
    ),
    (
      ["normalizer", "lowercase"], 1,
      "`normalizer.lowercase`: expected true or false, got a whole number"
    ),
    (
      ["added_tokens", "0", "id"], 7,
      "`added_tokens[0].id`: expected 0, the id of `[PAD]`, got 7"
    ),
    (
      ["added_tokens", "0", "content"], " [PAD]",
      "`added_tokens[0].content`: expected a token, not empty, without white space, got ` [PAD]`"
    ),
    (
      ["added_tokens", "1", "content"], "[PAD]",
      "`added_tokens[1].content`: expected a token that was not added before, got `[PAD]` again"
    ),
    (
      ["post_processor", "single"], [],
      "`post_processor.single`: expected the sequence `A` once, got 0 of it"
    ),
    (
      ["post_processor", "single"], [["Sequence": ["id": "B", "type_id": 0]]],
      "`post_processor.single[0].Sequence.id`: expected `A`, the one text, got `B`"
    ),
    (
      ["post_processor", "special_tokens", "[CLS]", "ids"], [2000],
      "`post_processor.special_tokens.[CLS].ids[0]`: expected an id from 0 to 1999, got 2000"
    ),
    (
      ["post_processor", "special_tokens", "[CLS]"], nil,
      "`post_processor.special_tokens.[CLS]`: expected a value, got nothing"
    ),
    (
      ["steps"], [],
      "`steps`: expected one of the keys `added_tokens`, `decoder`, `model`, `normalizer`, `padding`,"
        + " `post_processor`, `pre_tokenizer`, `truncation`, `version`, got a key that is not known"
    ),
  ]

  @Test(arguments: 0..<19)
  func `what is missing or wrong is named with what was expected`(_ index: Int) throws {
    #expect(Self.schema.count == 19)
    let (path, value, sentence) = Self.schema[index]
    let error = try #require(try refusal(of: path, value))
    #expect(error.message == "`tokenizer.json`, " + sentence)
    #expect(error.code == "tokenizer-schema")
    #expect(
      error.hint
        == "nothing was tokenized; get the backbone's files again from where they were published,"
        + " then `moe-pack backbone add DIR`")
  }

  @Test func `text that is not JSON is refused at its byte`() {
    let error = #expect(throws: TokenizerError.self) {
      try Tokenizer(json: Array(#"{"version" "1.0"}"#.utf8), maximumLength: 16)
    }
    #expect(
      error?.message == "`tokenizer.json` is not JSON: expected `:` after a key, at byte 11")
    #expect(error?.code == "tokenizer-syntax")
  }

  @Test func `a length without room for the text is refused`() throws {
    let error = try #require(try refusal(of: ["padding"], .null, maximumLength: 2))
    #expect(
      error.message
        == "texts cannot be cut to 2 tokens: expected at least 3, one for the text beside the special"
        + " tokens, got 2")
    #expect(error.code == "tokenizer-length")
    #expect(
      error.hint == "correct `max_seq_length` in the backbone's `sentence_bert_config.json`")
    #expect(try refusal(of: ["padding"], .null, maximumLength: 3) == nil)
  }
}
