import Foundation
public import MoEBase
public import MoEModel
public import MoETensor
import SafeTensors

/// A small random BERT with a tokenizer of its own: three layers of width 64, four heads, features of all three.
public enum TinyBackbone {
  /// D.
  public static let width = 64
  /// The number of layers.
  public static let layerCount = 3
  /// G: with three layers, every one is pooled.
  public static let featureWidth = layerCount * width
  /// The most tokens of a text.
  public static let maximumTokens = 32
  /// The digest it goes by.
  public static let digest = Digest(of: Array("tiny backbone".utf8))
  /// The digest of its tokenizer.
  public static let tokenizerDigest = Digest(of: Array("tiny tokenizer".utf8))
  /// The digest of its profile, which is the texts of ``probes``.
  public static let profileDigest = Digest(of: Array("tiny profile".utf8))
  private static let feedForwardWidth = 128

  /// Neutral texts.
  public static let probes: [String] = {
    var generator = SeededGenerator(seed: 404)
    return (0..<300).map { _ in TinyTexts.text(topic: nil, using: &generator) }
  }()

  /// Makes the backbone; the same weights every time.
  ///
  /// - Parameters:
  ///   - layerCount: More layers than ``layerCount`` follow the same first ones.
  ///   - kernels: What it runs on.
  ///   - precision: What its linear maps are computed in.
  /// - Returns: The backbone.
  /// - Throws: What reading the made files throws.
  public static func make(
    layerCount: Int = layerCount, kernels: Kernels = Kernels(), precision: Precision = .f32
  ) throws -> Backbone {
    let configuration = try EncoderConfiguration(
      config: [
        "model_type": "bert", "hidden_act": "gelu", "vocab_size": .integer(vocabulary.count),
        "hidden_size": .integer(width), "num_hidden_layers": .integer(layerCount),
        "num_attention_heads": 4, "intermediate_size": .integer(feedForwardWidth),
        "max_position_embeddings": 48, "layer_norm_eps": 1e-12,
      ],
      sentenceConfig: ["max_seq_length": .integer(maximumTokens)],
      pooling: ["pooling_mode_mean_tokens": true])
    let checkpoint = try SafeTensorsFile(
      bytes: checkpoint(layerCount: layerCount), name: "model.safetensors")
    return Backbone(
      name: "tiny", digest: digest, tokenizerDigest: tokenizerDigest,
      tokenizer: try Tokenizer(json: tokenizer.bytes, maximumLength: maximumTokens),
      transformer: .encoder(
        Encoder(
          configuration: configuration,
          weights: try EncoderWeights(
            file: checkpoint, configuration: configuration, precision: precision),
          kernels: kernels)),
      files: BackboneFiles(directory: URL(fileURLWithPath: "/nonexistent")))
  }

  private static let specials = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]

  private static let vocabulary: [String] = {
    let letters = "abcdefghijklmnopqrstuvwxyz".map { String($0) }
    return specials + letters + letters.map { "##" + $0 } + TinyTexts.all
  }()

  private static var tokenizer: JSONValue {
    [
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
        "type": "TemplateProcessing",
        "single": [
          ["SpecialToken": ["id": "[CLS]", "type_id": 0]],
          ["Sequence": ["id": "A", "type_id": 0]],
          ["SpecialToken": ["id": "[SEP]", "type_id": 0]],
        ],
        "pair": [
          ["SpecialToken": ["id": "[CLS]", "type_id": 0]],
          ["Sequence": ["id": "A", "type_id": 0]],
          ["SpecialToken": ["id": "[SEP]", "type_id": 0]],
          ["Sequence": ["id": "B", "type_id": 1]],
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
  }

  /// Random vectors; those of a topic's words lie around one of its own, so that topics can be told apart.
  private static func wordEmbeddings(_ generator: inout SeededGenerator) -> [Float] {
    let topics = (0..<TinyTexts.topicCount).map { _ in
      (0..<width).map { _ in Float(generator.normal()) }
    }
    let firstTopicWord = vocabulary.count - TinyTexts.topicCount * TinyTexts.wordsPerTopic
    return vocabulary.indices.flatMap { word in
      let topic = word < firstTopicWord ? nil : (word - firstTopicWord) / TinyTexts.wordsPerTopic
      return (0..<width).map { column in
        Float(generator.normal()) + (topic.map { topics[$0][column] } ?? 0)
      }
    }
  }

  private static func checkpoint(layerCount: Int) -> [UInt8] {
    var generator = SeededGenerator(seed: 20)
    var writer = SafeTensorsWriter()
    func add(_ name: String, _ shape: [Int], around mean: Float = 0, scale: Float) {
      let count = shape.reduce(1, *)
      writer.add(
        name, shape: shape,
        floats: (0..<count).map { _ in mean + scale * Float(generator.normal()) })
    }
    func norm(_ name: String) {
      add(name + ".weight", [width], around: 1, scale: 0.05)
      add(name + ".bias", [width], scale: 0.05)
    }
    func linear(_ name: String, _ outputs: Int, _ inputs: Int) {
      add(name + ".weight", [outputs, inputs], scale: 0.5 / Float(inputs).squareRoot())
      add(name + ".bias", [outputs], scale: 0.05)
    }
    writer.add(
      "embeddings.word_embeddings.weight", shape: [vocabulary.count, width],
      floats: wordEmbeddings(&generator))
    add("embeddings.position_embeddings.weight", [48, width], scale: 0.1)
    add("embeddings.token_type_embeddings.weight", [2, width], scale: 0.1)
    norm("embeddings.LayerNorm")
    for layer in 0..<layerCount {
      let prefix = "encoder.layer.\(layer)."
      for part in ["query", "key", "value"] {
        linear(prefix + "attention.self.\(part)", width, width)
      }
      linear(prefix + "attention.output.dense", width, width)
      norm(prefix + "attention.output.LayerNorm")
      linear(prefix + "intermediate.dense", feedForwardWidth, width)
      linear(prefix + "output.dense", width, feedForwardWidth)
      norm(prefix + "output.LayerNorm")
    }
    return writer.bytes()
  }
}
