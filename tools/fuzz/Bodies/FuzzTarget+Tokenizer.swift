import MoEBase
import MoEModel

extension FuzzTarget {
  /// The tokenizers and chat templates, as the first byte says: a text for a small tokenizer of either kind, a
  /// tokenizer's own file, or a template.
  public static let tokenizer = FuzzTarget(
    name: "tokenizer", largestInput: 4096,
    seeds: {
      let texts = [
        "hello, world", "Ünïcödé\u{301} ＡＢＣ", "漢字かな", "[MASK][SEP] x", "a\u{0}b\u{200D}c\u{FFFD}",
        "👩‍👩‍👧 don't stop-ing", String(repeating: "a", count: 300),
      ]
      return texts.flatMap { [[0] + Array($0.utf8), [2] + Array($0.utf8)] }
        + [[0, 0xFF, 0xC3, 0x28], [1] + file.bytes, [1] + bytePairFile.bytes]
        + [
          "{% for m in messages %}<{{ m['role'] }}>{{ m.content | trim }}{% endfor %}",
          "{%- set ns = namespace(n=0) %}{%- if messages[0].role == 'user' -%}{{ 'x' * 3 }}{%- endif %}",
        ].map { [3] + Array($0.utf8) }
    },
    run: { input in
      guard let mode = input.first else { return }
      let rest = Array(input.dropFirst())
      switch mode % 4 {
      case 0: encode(rest, small)
      case 1:
        if let own = try? Tokenizer(json: rest, maximumLength: 16) {
          encode(Array("hello <|end|> wörld".utf8), own)
        }
      case 2: continueText(rest)
      default: renderChat(String(decoding: rest, as: UTF8.self))
      }
    })

  private static let small: Tokenizer = {
    guard let tokenizer = try? Tokenizer(json: file.bytes, maximumLength: 32) else {
      fatalError("the tokenizer of the tests cannot be made")
    }
    return tokenizer
  }()

  private static func encode(_ bytes: [UInt8], _ tokenizer: Tokenizer) {
    let encoding = tokenizer.encode(utf8: bytes)
    require(encoding.ids.count <= tokenizer.maximumLength, "too many ids")
    require(encoding.tokenCount >= encoding.ids.count, "fewer tokens than ids")
    for id in encoding.ids { require(tokenizer.token(id) != nil, "id \(id) is no token") }
    require(tokenizer.encode(utf8: bytes) == encoding, "one text, two encodings")
    let words = tokenizer.words(in: String(decoding: bytes, as: UTF8.self))
    require(words.count <= bytes.count + 1, "more words than bytes")
  }

  private static let file: JSONValue = {
    let specials = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    let letters = "abcdefghijklmnopqrstuvwxyz0123456789,.-'".map { String($0) }
    let words = ["hello", "world", "stop", "##ing", "don", "漢", "字"]
    let vocabulary = specials + letters + letters.map { "##" + $0 } + words
    func template(_ names: [String]) -> JSONValue {
      .array(
        names.map { name in
          name.hasPrefix("[")
            ? ["SpecialToken": ["id": .string(name), "type_id": 0]]
            : ["Sequence": ["id": .string(name), "type_id": 0]]
        })
    }
    return [
      "version": "1.0", "truncation": .null, "padding": .null,
      "added_tokens": .array(
        specials.enumerated().map { id, token in
          [
            "id": .integer(id), "content": .string(token), "single_word": false, "lstrip": false,
            "rstrip": false, "normalized": false, "special": true,
          ]
        }),
      "normalizer": [
        "type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true,
        "strip_accents": .null, "lowercase": true,
      ],
      "pre_tokenizer": ["type": "BertPreTokenizer"],
      "post_processor": [
        "type": "TemplateProcessing", "single": template(["[CLS]", "A", "[SEP]"]),
        "pair": [
          ["SpecialToken": ["id": "[CLS]", "type_id": 0]], ["Sequence": ["id": "A", "type_id": 0]],
          ["SpecialToken": ["id": "[SEP]", "type_id": 0]], ["Sequence": ["id": "B", "type_id": 1]],
          ["SpecialToken": ["id": "[SEP]", "type_id": 1]],
        ],
        "special_tokens": [
          "[CLS]": ["id": "[CLS]", "ids": [2], "tokens": ["[CLS]"]],
          "[SEP]": ["id": "[SEP]", "ids": [3], "tokens": ["[SEP]"]],
        ],
      ],
      "decoder": .null,
      "model": [
        "type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
        "max_input_chars_per_word": 100,
        "vocab": .object(
          vocabulary.enumerated().map { JSONMember($0.element, .integer($0.offset)) }),
      ],
    ]
  }()
}
