import MoEBase

/// Reads a family's `config.json` into a ``DecoderArchitecture``.
///
/// A key is known, or known to change nothing at inference, or refused by name: a setting that is not
/// understood would give other numbers than the checkpoint's authors meant.
struct DecoderConfiguration {
  /// The keys that change nothing here: bookkeeping, training and generation settings.
  private static let inert: Set<String> = [
    "_name_or_path", "add_cross_attention", "architectures", "attn_implementation", "auto_map",
    "bad_words_ids", "begin_suppress_tokens", "bos_token_id", "chunk_size_feed_forward",
    "cross_attention_hidden_size", "decoder_start_token_id", "diversity_penalty", "do_sample",
    "dtype", "early_stopping", "emb_pdrop", "encoder_no_repeat_ngram_size", "eos_token_id",
    "exponential_decay_length_penalty", "finetuning_task", "forced_bos_token_id",
    "forced_eos_token_id", "id2label", "initializer_range", "keys_to_ignore_at_inference",
    "label2id", "length_penalty", "max_length", "min_length", "no_repeat_ngram_size",
    "num_beam_groups", "num_beams", "num_return_sequences", "output_attentions",
    "output_hidden_states", "output_router_logits", "output_scores", "pad_token_id", "prefix",
    "problem_type", "pruned_heads", "remove_invalid_values", "repetition_penalty", "resid_pdrop",
    "return_dict", "return_dict_in_generate", "router_aux_loss_coef", "router_jitter_noise",
    "sep_token_id", "suppress_tokens", "task_specific_params", "temperature", "tf_legacy_loss",
    "tie_encoder_decoder", "tokenizer_class", "top_k", "top_p", "torch_dtype", "torchscript",
    "transformers_version", "typical_p", "use_bfloat16", "use_cache", "attention_dropout",
    "pretraining_tp", "router_z_loss_coef", "moe_loss_weight", "attn_pdrop", "moe_jitter_eps",
    "expert_dropout", "uniform_expert_assignment", "attn_impl", "kv_cache_bits",
  ]

  var reader: JSONReader
  let family: DecoderFamily
  let vocabularySize: Int
  let width: Int
  let layerCount: Int
  let headCount: Int
  let keyHeadCount: Int
  let headWidth: Int
  let positionCount: Int

  /// Reads the architecture that `config.json` describes.
  ///
  /// - Throws: ``BackboneError/badConfiguration(file:path:expected:got:)``, naming the key.
  static func architecture(_ config: JSONValue) throws -> DecoderArchitecture {
    do {
      var start = try JSONReader(config)
      let type = try start.string("model_type")
      guard let family = DecoderFamily(rawValue: type) else {
        throw JSONSchemaError(
          path: "model_type",
          expected: "one of "
            + DecoderFamily.allCases.map { "`\($0.rawValue)`" }.joined(separator: ", ")
            + ", `bert`",
          got: "`\(type.prefix(80))`")
      }
      var configuration = try DecoderConfiguration(config, family: family)
      let architecture = try configuration.read()
      try configuration.finish()
      return architecture
    } catch let error as JSONSchemaError {
      throw BackboneError.badConfiguration(
        file: "config.json", path: error.path, expected: error.expected, got: error.got)
    }
  }

  private init(_ config: JSONValue, family: DecoderFamily) throws(JSONSchemaError) {
    self.family = family
    reader = try JSONReader(config)
    _ = reader.optional("model_type")
    let isDBRX = family == .dbrx
    vocabularySize = try reader.integer("vocab_size", in: 1...10_000_000)
    width = try reader.integer(isDBRX ? "d_model" : "hidden_size", in: 1...1_048_576)
    layerCount = try reader.integer(isDBRX ? "n_layers" : "num_hidden_layers", in: 1...1_000)
    headCount = try reader.integer(isDBRX ? "n_heads" : "num_attention_heads", in: 1...4_096)
    positionCount = try reader.integer(
      isDBRX ? "max_seq_len" : "max_position_embeddings", in: 1...16_777_216)
    if isDBRX {
      var attention = try reader.object("attn_config")
      keyHeadCount = try attention.integer("kv_n_heads", in: 1...4_096)
      headWidth = width / headCount
    } else {
      keyHeadCount =
        try reader.optionalInteger("num_key_value_heads", in: 1...4_096)
        ?? (family == .mixtral ? 8 : headCount)
      headWidth = try reader.optionalInteger("head_dim", in: 1...65_536) ?? width / headCount
    }
    guard headCount % keyHeadCount == 0 else {
      throw JSONSchemaError(
        path: isDBRX ? "attn_config.kv_n_heads" : "num_key_value_heads",
        expected: "a divisor of the \(headCount) heads", got: "\(keyHeadCount)")
    }
    guard headWidth >= 2, headWidth % 2 == 0 else {
      throw JSONSchemaError(
        path: isDBRX ? "n_heads" : "head_dim", expected: "heads of an even width",
        got: "\(headWidth)")
    }
  }

  /// What the family's keys say.
  private mutating func read() throws(JSONSchemaError) -> DecoderArchitecture {
    try requireInert()
    let isDBRX = family == .dbrx
    let theta: Double = family == .mixtral ? 1e6 : family == .flexOlmo ? 5e5 : 1e4
    var architecture = DecoderArchitecture(
      family: family, vocabularySize: vocabularySize, width: width, layerCount: layerCount,
      positionCount: positionCount,
      norm: isDBRX ? .layer(epsilon: 1e-5) : .rms(epsilon: try epsilon()),
      normPlacement: family == .flexOlmo ? .after : .before,
      attention: try attention(), rotary: try rotary(defaultTheta: theta),
      feedForwards: try feedForwards(),
      tiesEmbeddings: try reader.optionalBoolean("tie_word_embeddings") ?? false)
    if family == .graniteMoE {
      architecture.embeddingMultiplier = try positive("embedding_multiplier")
      architecture.residualMultiplier = try positive("residual_multiplier")
      architecture.logitsDivisor = try positive("logits_scaling")
      architecture.attention.scale = try positive("attention_multiplier")
    }
    return architecture
  }

  private mutating func epsilon() throws(JSONSchemaError) -> Float {
    let defaults: Float = family == .mixtral || family == .olmoe ? 1e-5 : 1e-6
    return Float(try reader.optionalNumber("rms_norm_eps", in: 0...1) ?? Double(defaults))
  }

  private mutating func positive(_ key: String) throws(JSONSchemaError) -> Float {
    Float(try reader.optionalNumber(key, in: 1e-9...1e9) ?? 1)
  }

  private mutating func attention() throws(JSONSchemaError) -> DecoderArchitecture.Attention {
    var attention = DecoderArchitecture.Attention(
      headCount: headCount, keyHeadCount: keyHeadCount, headWidth: headWidth,
      scale: 1 / Float(headWidth).squareRoot(), windows: try windows())
    switch family {
    case .olmoe, .flexOlmo: attention.queryKeyNorm = .wholeRow
    case .qwen3MoE: attention.queryKeyNorm = .eachHead
    case .mixtral, .qwen2MoE, .graniteMoE, .dbrx, .llama: break
    }
    switch family {
    case .qwen2MoE: attention.hasInputBias = try reader.optionalBoolean("qkv_bias") ?? true
    case .olmoe, .flexOlmo, .qwen3MoE, .graniteMoE, .llama:
      attention.hasInputBias = try reader.optionalBoolean("attention_bias") ?? false
      attention.hasOutputBias = attention.hasInputBias
    case .mixtral, .dbrx: break
    }
    if family == .olmoe {
      attention.clip = try reader.optionalNumber("clip_qkv", in: 1e-9...1e9).map { Float($0) }
    } else if family == .dbrx {
      var object = try reader.object("attn_config")
      attention.clip = try object.optionalNumber("clip_qkv", in: 1e-9...1e9).map { Float($0) }
    }
    return attention
  }

  /// How many keys each layer's queries see.
  private mutating func windows() throws(JSONSchemaError) -> [Int?] {
    let everything = [Int?](repeating: nil, count: layerCount)
    var kinds: [String]?
    if let types = reader.optional("layer_types"), types != .null {
      let names = try reader.strings("layer_types")
      guard names.count == layerCount else {
        throw JSONSchemaError(
          path: "layer_types", expected: "\(layerCount) names", got: "\(names.count)")
      }
      for (index, name) in names.enumerated()
      where name != "full_attention" && (name != "sliding_attention" || family != .qwen2MoE) {
        throw JSONSchemaError(
          path: "layer_types[\(index)]", expected: "an attention of `\(family.rawValue)`",
          got: "`\(name.prefix(80))`")
      }
      kinds = names
    }
    guard [.mixtral, .qwen2MoE, .qwen3MoE].contains(family) else { return everything }
    let window = try reader.optionalInteger("sliding_window", in: 0...16_777_216)
    var isUsed = true
    if family != .mixtral { isUsed = try reader.optionalBoolean("use_sliding_window") ?? false }
    let windowedLayers = try reader.optionalInteger("max_window_layers", in: 0...1_000_000)
    guard isUsed, let window, window > 0 else { return everything }
    guard family == .qwen2MoE else { return Array(repeating: window, count: layerCount) }
    return (0..<layerCount).map { layer in
      let isWindowed =
        kinds.map { $0[layer] == "sliding_attention" }
        ?? (layer % 2 == 0 && layer < windowedLayers ?? 28)
      return isWindowed ? window : nil
    }
  }

  /// Refuses what was never asked for.
  private func finish() throws(JSONSchemaError) { try reader.finish() }

  /// Takes note of the keys that change nothing, and holds some to their only value.
  private mutating func requireInert() throws(JSONSchemaError) {
    for key in reader.keys where Self.inert.contains(key) { _ = reader.optional(key) }
    if family != .dbrx {
      let activation = try reader.optionalString("hidden_act") ?? "silu"
      guard activation == "silu" else {
        throw JSONSchemaError(
          path: "hidden_act", expected: "`silu`", got: "`\(activation.prefix(80))`")
      }
    }
    if family == .dbrx {
      let repeated = try reader.optionalInteger("num_key_value_heads", in: 1...4_096)
      guard repeated ?? keyHeadCount == keyHeadCount else {
        throw JSONSchemaError(
          path: "num_key_value_heads",
          expected: "\(keyHeadCount), as `attn_config.kv_n_heads` says",
          got: "\(repeated ?? 0)")
      }
      try requireInert(in: "attn_config", but: ["kv_n_heads", "clip_qkv", "rope_theta"])
      try requireInert(
        in: "ffn_config",
        but: [
          "ffn_act_fn", "ffn_hidden_size", "hidden_size", "moe_num_experts", "moe_top_k",
          "moe_normalize_expert_weights",
        ])
    }
    for key in ["is_encoder_decoder", "is_decoder"] {
      guard let value = reader.optional(key) else { continue }
      guard value == .boolean(false) || value == .null else {
        throw JSONSchemaError(path: key, expected: "false", got: value.kind)
      }
    }
    for key in ["sliding_window", "quantization_config", "rope_interleaved"]
    where !(key == "sliding_window" && [.mixtral, .qwen2MoE, .qwen3MoE].contains(family)) {
      guard let value = reader.optional(key) else { continue }
      guard value == .null || value == .boolean(false) else {
        throw JSONSchemaError(
          path: key, expected: "nothing: `\(family.rawValue)` does not use it", got: value.kind)
      }
    }
  }

  /// Refuses keys of an inner object that are neither known nor inert.
  private mutating func requireInert(
    in key: String, but known: Set<String>
  ) throws(JSONSchemaError) {
    var object = try reader.object(key)
    for inner in object.keys where !known.contains(inner) && !Self.inert.contains(inner) {
      if inner == "model_type" { continue }
      if inner == "is_encoder_decoder", object.optional(inner) == .boolean(false) { continue }
      throw JSONSchemaError(
        path: object.path(of: inner),
        expected: "one of the keys "
          + known.sorted().map { "`\($0)`" }.joined(separator: ", "),
        got: "a key that is not known")
    }
  }
}
