import MoEBase

extension DecoderConfiguration {
  /// The feed-forward network of each layer.
  mutating func feedForwards() throws(JSONSchemaError) -> [DecoderArchitecture.FeedForward] {
    switch family {
    case .llama:
      let width = try reader.integer("intermediate_size", in: 1...16_777_216)
      let hasBias = try reader.optionalBoolean("mlp_bias") ?? false
      return Array(repeating: .dense(width: width, hasBias: hasBias), count: layerCount)
    case .mixtral, .graniteMoE:
      let gate = try gate(
        width: "intermediate_size", count: ["num_local_experts"], defaultCount: 8, defaultK: 2,
        order: family == .mixtral ? .softmaxThenTopK : .topKThenSoftmax,
        normalization: family == .mixtral ? .sum : .none)
      return Array(repeating: .sparse(gate), count: layerCount)
    case .olmoe, .flexOlmo:
      let gate = try gate(
        width: "intermediate_size", count: ["num_experts", "num_local_experts"],
        defaultCount: family == .olmoe ? 64 : 7, defaultK: family == .olmoe ? 8 : 5,
        order: .softmaxThenTopK, normalization: try normalizationFlag())
      return Array(repeating: .sparse(gate), count: layerCount)
    case .qwen2MoE, .qwen3MoE: return try qwen()
    case .dbrx: return Array(repeating: .sparse(try dbrxGate()), count: layerCount)
    }
  }

  private mutating func normalizationFlag() throws(JSONSchemaError) -> ExpertGate.Normalization {
    try reader.optionalBoolean("norm_topk_prob") ?? false ? .sum : .none
  }

  private mutating func gate(
    width: String, count keys: [String], defaultCount: Int, defaultK: Int,
    order: ExpertGate.Order, normalization: ExpertGate.Normalization
  ) throws(JSONSchemaError) -> ExpertGate {
    var count: Int?
    for key in keys.reversed() {
      if let value = try reader.optionalInteger(key, in: 1...65_536) { count = value }
    }
    let expertCount = count ?? defaultCount
    let topK = try reader.optionalInteger("num_experts_per_tok", in: 1...65_536) ?? defaultK
    guard topK <= expertCount else {
      throw JSONSchemaError(
        path: "num_experts_per_tok", expected: "at most the \(expertCount) experts",
        got: "\(topK)")
    }
    return ExpertGate(
      expertCount: expertCount, expertWidth: try reader.integer(width, in: 1...16_777_216),
      topK: topK, order: order, normalization: normalization)
  }

  /// Qwen's layers: sparse each `decoder_sparse_step`, but for those listed.
  private mutating func qwen() throws(JSONSchemaError) -> [DecoderArchitecture.FeedForward] {
    let width = try reader.integer("intermediate_size", in: 1...16_777_216)
    let step = try reader.optionalInteger("decoder_sparse_step", in: 1...1_000) ?? 1
    var dense: Set<Int64> = []
    if let value = reader.optional("mlp_only_layers"), value != .null {
      for (index, element) in try reader.array("mlp_only_layers").enumerated() {
        guard case .integer(let layer) = element else {
          throw JSONSchemaError(
            path: "mlp_only_layers[\(index)]", expected: "a layer", got: element.kind)
        }
        dense.insert(layer)
      }
    }
    var gate = try gate(
      width: "moe_intermediate_size", count: ["num_experts", "num_local_experts"],
      defaultCount: family == .qwen2MoE ? 60 : 128, defaultK: family == .qwen2MoE ? 4 : 8,
      order: .softmaxThenTopK, normalization: try normalizationFlag())
    if family == .qwen2MoE {
      gate.sharedExpertWidth = try reader.integer(
        "shared_expert_intermediate_size", in: 1...16_777_216)
    }
    return (0..<layerCount).map { layer in
      let isSparse = !dense.contains(Int64(layer)) && (layer + 1) % step == 0
      return isSparse ? .sparse(gate) : .dense(width: width, hasBias: false)
    }
  }

  private mutating func dbrxGate() throws(JSONSchemaError) -> ExpertGate {
    var ffn = try reader.object("ffn_config")
    let count = try ffn.optionalInteger("moe_num_experts", in: 1...65_536) ?? 4
    let topK = try ffn.optionalInteger("moe_top_k", in: 1...65_536) ?? 1
    guard topK <= count else {
      throw JSONSchemaError(
        path: "ffn_config.moe_top_k", expected: "at most the \(count) experts", got: "\(topK)")
    }
    if let activation = ffn.optional("ffn_act_fn"), activation != .null {
      guard activation["name"] == "silu" else {
        throw JSONSchemaError(
          path: "ffn_config.ffn_act_fn.name", expected: "`silu`", got: "another")
      }
    }
    var normalization = ExpertGate.Normalization.pNorm(1)
    if ffn.keys.contains("moe_normalize_expert_weights") {
      let p = try ffn.optionalNumber("moe_normalize_expert_weights", in: 1e-3...1e3)
      normalization = p.map { .pNorm($0) } ?? .none
    }
    if normalization == .pNorm(1) { normalization = .sum }
    return ExpertGate(
      expertCount: count,
      expertWidth: try ffn.optionalInteger("ffn_hidden_size", in: 1...16_777_216) ?? 3_584,
      topK: topK, order: .softmaxThenTopK, normalization: normalization)
  }
}

extension JSONReader {
  /// A whole number in `range`, or `nil` when it is absent or null.
  mutating func optionalInteger(
    _ key: String, in range: ClosedRange<Int>
  ) throws(JSONSchemaError) -> Int? {
    guard let value = optional(key), value != .null else { return nil }
    return try integer(key, in: range)
  }

  /// A finite number in `range`, or `nil` when it is absent or null.
  mutating func optionalNumber(
    _ key: String, in range: ClosedRange<Double>
  ) throws(JSONSchemaError) -> Double? {
    guard let value = optional(key), value != .null else { return nil }
    return try number(key, in: range)
  }

  /// A boolean, or `nil` when it is absent or null.
  mutating func optionalBoolean(_ key: String) throws(JSONSchemaError) -> Bool? {
    guard let value = optional(key), value != .null else { return nil }
    return try boolean(key)
  }
}
