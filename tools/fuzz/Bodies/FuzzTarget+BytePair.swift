import MoEBase
import MoEModel

extension FuzzTarget {
  /// A byte-level tokenizer: every byte a token, a few merges, one special token.
  static let bytePairFile: JSONValue = {
    let plain = Array(0x21...0x7E) + Array(0xA1...0xAC) + Array(0xAE...0xFF)
    var letters: [UInt32] = []
    var extra: UInt32 = 0x100
    for byte in 0..<256 {
      if plain.contains(byte) {
        letters.append(UInt32(byte))
      } else {
        letters.append(extra)
        extra += 1
      }
    }
    let tokens = letters.compactMap { Unicode.Scalar($0).map { String(Character($0)) } }
    let merges = [("h", "e"), ("l", "l"), ("he", "ll"), ("Ġ", "w"), ("o", "r"), ("a", "a")]
    let vocabulary = tokens + merges.map { $0.0 + $0.1 }
    return [
      "version": "1.0", "truncation": .null, "padding": .null,
      "added_tokens": [
        [
          "id": .integer(vocabulary.count), "content": "<|end|>", "single_word": false,
          "lstrip": false, "rstrip": false, "normalized": false, "special": true,
        ]
      ],
      "normalizer": .null,
      "pre_tokenizer": [
        "type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true,
      ],
      "post_processor": .null,
      "decoder": [
        "type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true, "use_regex": true,
      ],
      "model": [
        "type": "BPE", "dropout": .null, "unk_token": .null, "continuing_subword_prefix": .null,
        "end_of_word_suffix": .null, "fuse_unk": false, "byte_fallback": false,
        "ignore_merges": false,
        "vocab": .object(
          vocabulary.enumerated().map { JSONMember($0.element, .integer($0.offset)) }),
        "merges": .array(merges.map { .string("\($0.0) \($0.1)") }),
      ],
    ]
  }()

  private static let bytePair: Tokenizer = {
    guard let tokenizer = try? Tokenizer(json: bytePairFile.bytes, maximumLength: 1 << 20) else {
      fatalError("the byte-level tokenizer of the tests cannot be made")
    }
    return tokenizer
  }()

  /// A text and back: all of it, and token by token.
  static func continueText(_ bytes: [UInt8]) {
    let text = String(decoding: bytes, as: UTF8.self)
    let ids = bytePair.encode(text).ids
    require(bytePair.decode(ids).utf8.elementsEqual(text.utf8), "a text is decoded otherwise")
    var decoder = TokenStreamDecoder(bytePair)
    var streamed = ""
    for id in ids { streamed += decoder.append(id) }
    streamed += decoder.finish()
    require(streamed.utf8.elementsEqual(text.utf8), "a stream is decoded otherwise")
    let plain = bytePair.encode(text, specialTokens: .nowhere).ids
    require(!plain.contains { bytePair.isSpecial($0) }, "plain text became a special token")
  }

  /// A template from outside over two messages; what it makes is bounded, or refused.
  static func renderChat(_ source: String) {
    guard let template = try? ChatTemplate(source: source, variables: ["eos_token": "<|end|>"])
    else { return }
    let messages = [
      ChatMessage(role: "user", content: "hello <|end|>"),
      ChatMessage(role: "assistant", content: "wörld"),
    ]
    guard let prompt = try? template.render(messages, addGenerationPrompt: true) else { return }
    let again = try? template.render(messages, addGenerationPrompt: true)
    require(again == prompt, "one template, two prompts")
    _ = bytePair.encode(prompt)
  }
}
