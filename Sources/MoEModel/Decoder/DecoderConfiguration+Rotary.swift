import MoEBase
import MoETensor

extension DecoderConfiguration {
  /// The rotary embedding, from `rope_parameters` or from `rope_theta` and `rope_scaling`.
  mutating func rotary(defaultTheta: Double) throws(JSONSchemaError) -> RotaryEmbedding {
    let bounds = 1.0...1e12
    var theta = try reader.optionalNumber("rope_theta", in: bounds)
    if family == .dbrx, theta == nil {
      var attention = try reader.object("attn_config")
      theta = try attention.optionalNumber("rope_theta", in: bounds)
    }
    let part = try reader.optionalNumber("partial_rotary_factor", in: 0...1)
    guard part ?? 1 == 1 else { throw partialRotation("partial_rotary_factor") }
    let original = try reader.optionalNumber("original_max_position_embeddings", in: 1...1e9)
    var scaling = RotaryEmbedding.Scaling.none
    for key in ["rope_scaling", "rope_parameters"] {
      guard let value = reader.optional(key), value != .null else { continue }
      var parameters = try reader.object(key)
      theta = try parameters.optionalNumber("rope_theta", in: bounds) ?? theta
      scaling = try self.scaling(&parameters, original: original)
      try parameters.finish()
    }
    return RotaryEmbedding(headWidth: headWidth, theta: theta ?? defaultTheta, scaling: scaling)
  }

  private func partialRotation(_ path: String) -> JSONSchemaError {
    JSONSchemaError(path: path, expected: "1: all of a head is rotated", got: "a part")
  }

  private func scaling(
    _ parameters: inout JSONReader, original: Double?
  ) throws(JSONSchemaError) -> RotaryEmbedding.Scaling {
    let legacy = try parameters.optionalString("type")
    let type = try parameters.optionalString("rope_type") ?? legacy ?? "default"
    let part = try parameters.optionalNumber("partial_rotary_factor", in: 0...1)
    guard part ?? 1 == 1 else {
      throw partialRotation(parameters.path(of: "partial_rotary_factor"))
    }
    let named = try parameters.optionalNumber("original_max_position_embeddings", in: 1...1e9)
    let trained = original ?? named ?? Double(positionCount)
    switch type {
    case "default": return .none
    case "dynamic":
      _ = try parameters.number("factor", in: 1e-3...1e6)
      return .none
    case "linear": return .linear(factor: try parameters.number("factor", in: 1e-3...1e6))
    case "llama3":
      let low = try parameters.number("low_freq_factor", in: 1e-6...1e6)
      return .llama3(
        factor: try parameters.number("factor", in: 1e-3...1e6), lowFrequencyFactor: low,
        highFrequencyFactor: try parameters.number("high_freq_factor", in: (low + 1e-9)...1e7),
        originalPositionCount: trained)
    case "yarn": return try yarn(&parameters, trained: trained)
    default:
      throw JSONSchemaError(
        path: parameters.path(of: "rope_type"),
        expected: "`default`, `linear`, `dynamic`, `llama3` or `yarn`", got: "`\(type.prefix(80))`")
    }
  }

  private func yarn(
    _ parameters: inout JSONReader, trained: Double
  ) throws(JSONSchemaError) -> RotaryEmbedding.Scaling {
    let factor =
      try parameters.optionalNumber("factor", in: 1e-3...1e6) ?? Double(positionCount) / trained
    func growth(_ scale: Double) -> Double {
      factor <= 1 ? 1 : 0.1 * scale * Elementary.log(factor) + 1
    }
    let scale = try parameters.optionalNumber("mscale", in: 0...1e6) ?? 0
    let allScale = try parameters.optionalNumber("mscale_all_dim", in: 0...1e6) ?? 0
    let inferred =
      scale > 0 && allScale > 0 ? growth(scale) / growth(allScale) : growth(1)
    let fast = try parameters.optionalNumber("beta_fast", in: 0...1e6) ?? 0
    let slow = try parameters.optionalNumber("beta_slow", in: 0...1e6) ?? 0
    return .yarn(
      factor: factor,
      attentionFactor: try parameters.optionalNumber("attention_factor", in: 1e-6...1e6)
        ?? inferred,
      betaFast: fast > 0 ? fast : 32, betaSlow: slow > 0 ? slow : 1, originalPositionCount: trained,
      truncates: try parameters.optionalBoolean("truncate") ?? true)
  }
}
