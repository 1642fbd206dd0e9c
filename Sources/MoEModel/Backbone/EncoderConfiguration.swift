public import MoEBase

/// The shape of a BERT encoder, from `config.json` and `sentence_bert_config.json`.
public struct EncoderConfiguration: Sendable, Equatable {
  /// V, the number of word pieces.
  public let vocabularySize: Int
  /// D, the model width.
  public let width: Int
  /// The number of layers.
  public let layerCount: Int
  /// H, the number of attention heads.
  public let headCount: Int
  /// F, the width of the feed-forward network.
  public let feedForwardWidth: Int
  /// How many positions have an embedding.
  public let positionCount: Int
  /// What keeps layer normalisation of a constant row finite.
  public let layerNormEpsilon: Float
  /// The most tokens a text may have, special tokens included.
  public let maximumTokens: Int

  /// The width of one attention head.
  public var headWidth: Int { width / headCount }
  /// The layers whose pooled states make the features: those that end a third, two thirds and all of the depth.
  public var pooledLayers: [Int] {
    [layerCount / 3, 2 * layerCount / 3].filter { $0 > 0 }.map { $0 - 1 } + [layerCount - 1]
  }

  /// G, the width of the features: the pooled states of those layers, side by side.
  public var featureWidth: Int { pooledLayers.count * width }

  /// Reads the configuration, and refuses every setting that would change the maths.
  ///
  /// - Throws: ``BackboneError/badConfiguration(file:path:expected:got:)``.
  public init(files: BackboneFiles) throws {
    try self.init(
      config: try files.json("config.json"),
      sentenceConfig: try files.json("sentence_bert_config.json"),
      pooling: try files.json("1_Pooling/config.json"))
  }

  /// Reads the configuration from the three parsed files.
  ///
  /// - Throws: ``BackboneError/badConfiguration(file:path:expected:got:)``.
  public init(config: JSONValue, sentenceConfig: JSONValue, pooling: JSONValue) throws {
    var file = "config.json"
    do {
      var reader = try JSONReader(config)
      try Self.require(&reader, "model_type", is: "bert", in: file)
      try Self.require(&reader, "hidden_act", is: "gelu", in: file)
      if reader.optional("position_embedding_type") != nil {
        try Self.require(&reader, "position_embedding_type", is: "absolute", in: file)
      }
      vocabularySize = try reader.integer("vocab_size", in: 1...10_000_000)
      width = try reader.integer("hidden_size", in: 1...65_536)
      layerCount = try reader.integer("num_hidden_layers", in: 1...1_000)
      headCount = try reader.integer("num_attention_heads", in: 1...1_024)
      feedForwardWidth = try reader.integer("intermediate_size", in: 1...1_000_000)
      positionCount = try reader.integer("max_position_embeddings", in: 1...1_000_000)
      layerNormEpsilon = Float(try reader.number("layer_norm_eps", in: 0...1))
      guard width % headCount == 0 else {
        throw BackboneError.badConfiguration(
          file: file, path: "num_attention_heads", expected: "a divisor of hidden_size \(width)",
          got: "\(headCount)")
      }
      file = "sentence_bert_config.json"
      var sentence = try JSONReader(sentenceConfig)
      maximumTokens = try sentence.integer("max_seq_length", in: 3...positionCount)
      file = "1_Pooling/config.json"
      var pool = try JSONReader(pooling)
      for key in pool.keys where key.hasPrefix("pooling_mode_") {
        let isOn = try pool.boolean(key)
        guard isOn == (key == "pooling_mode_mean_tokens") else {
          throw BackboneError.badConfiguration(
            file: file, path: key, expected: "mean pooling alone", got: "\(isOn)")
        }
      }
    } catch let error as JSONSchemaError {
      throw BackboneError.badConfiguration(
        file: file, path: error.path, expected: error.expected, got: error.got)
    }
  }

  private static func require(
    _ reader: inout JSONReader, _ key: String, is expected: String, in file: String
  ) throws {
    let value = try reader.string(key)
    guard value == expected else {
      throw BackboneError.badConfiguration(
        file: file, path: key, expected: "`\(expected)`", got: "`\(value)`")
    }
  }
}
