import SafeTensors

/// A matrix of the decoder, and where a checkpoint keeps it: blocks of outputs that are stacked.
struct MatrixSource: Sendable {
  /// Its name here.
  let name: String
  /// Outputs.
  let rows: Int
  /// Inputs.
  let columns: Int
  /// The ways checkpoints of the family keep it, the first that is there wins.
  let layouts: [[Block]]

  /// Some outputs of the matrix: a tensor, or a slice of one.
  struct Block: Sendable {
    /// The tensor's name.
    let tensor: String
    /// Its whole shape.
    let shape: [Int]
    /// Which of the `count` equal parts along the first dimension this block is.
    var part = 0
    /// The parts.
    var count = 1
    /// Whether the part is [inputs, outputs].
    var isTransposed = false
    /// The outputs.
    let rows: Int
  }
}

/// A vector of the decoder, and the tensors a checkpoint keeps it in, laid end to end.
struct VectorSource: Sendable {
  /// Its name here.
  let name: String
  /// The tensors, each with its length.
  let tensors: [(name: String, count: Int)]
}

/// The one table of names: what each tensor of each family's checkpoint is here.
///
/// Sources: the modelling files of Hugging Face transformers and their `conversion_mapping.py`.
struct CheckpointKeys {
  let architecture: DecoderArchitecture
  private var family: DecoderFamily { architecture.family }
  private var width: Int { architecture.width }

  init(_ architecture: DecoderArchitecture) {
    self.architecture = architecture
  }

  /// Tensors that checkpoints may hold and nothing needs: frequencies that are computed.
  static func isDerived(_ tensor: String) -> Bool { tensor.hasSuffix(".rotary_emb.inv_freq") }

  /// The tensor of the output map, which a checkpoint with tied embeddings may repeat.
  static let outputTensor = "lm_head.weight"

  /// The tensor of the embedding.
  var embeddingTensor: String {
    family == .dbrx ? "transformer.wte.weight" : "model.embed_tokens.weight"
  }

  /// Every matrix, in the order they are stored.
  var matrices: [MatrixSource] {
    var result = [
      plain("embedding", embeddingTensor, architecture.vocabularySize, width)
    ]
    if !architecture.tiesEmbeddings {
      result.append(plain("output", Self.outputTensor, architecture.vocabularySize, width))
    }
    for layer in 0..<architecture.layerCount {
      result += attentionMatrices(layer)
      switch architecture.feedForwards[layer] {
      case .dense(let inner, _): result += denseMatrices(layer, inner)
      case .sparse(let gate): result += sparseMatrices(layer, gate)
      }
    }
    return result
  }

  /// Every vector.
  var vectors: [VectorSource] {
    let root = family == .dbrx ? "transformer.norm_f.weight" : "model.norm.weight"
    var result = [VectorSource(name: "norm", tensors: [(root, width)])]
    for layer in 0..<architecture.layerCount { result += layerVectors(layer) }
    return result
  }

  private func prefix(_ layer: Int) -> String {
    family == .dbrx ? "transformer.blocks.\(layer)." : "model.layers.\(layer)."
  }

  private func plain(_ name: String, _ tensor: String, _ rows: Int, _ columns: Int) -> MatrixSource
  {
    MatrixSource(
      name: name, rows: rows, columns: columns,
      layouts: [[.init(tensor: tensor, shape: [rows, columns], rows: rows)]])
  }

  /// A matrix whose outputs lie in several tensors.
  private func stacked(
    _ name: String, _ tensors: [(String, Int)], columns: Int
  ) -> MatrixSource {
    MatrixSource(
      name: name, rows: tensors.reduce(0) { $0 + $1.1 }, columns: columns,
      layouts: [tensors.map { .init(tensor: $0.0, shape: [$0.1, columns], rows: $0.1) }])
  }

  private func attentionMatrices(_ layer: Int) -> [MatrixSource] {
    let attention = architecture.attention
    let name = "layers.\(layer).attention."
    if family == .dbrx {
      let norm = prefix(layer) + "norm_attn_norm.attn."
      return [
        plain(name + "input", norm + "Wqkv.weight", attention.inputWidth, width),
        plain(name + "output", norm + "out_proj.weight", width, attention.queryWidth),
      ]
    }
    let own = prefix(layer) + "self_attn."
    return [
      stacked(
        name + "input",
        [
          (own + "q_proj.weight", attention.queryWidth),
          (own + "k_proj.weight", attention.keyWidth),
          (own + "v_proj.weight", attention.keyWidth),
        ], columns: width),
      plain(name + "output", own + "o_proj.weight", width, attention.queryWidth),
    ]
  }

  private func denseMatrices(_ layer: Int, _ inner: Int) -> [MatrixSource] {
    let mlp = prefix(layer) + "mlp."
    return network("layers.\(layer).", mlp, inner)
  }

  /// The three maps of one SwiGLU network in tensors of their own.
  private func network(_ name: String, _ tensors: String, _ inner: Int) -> [MatrixSource] {
    [
      stacked(
        name + "gateUp",
        [(tensors + "gate_proj.weight", inner), (tensors + "up_proj.weight", inner)],
        columns: width),
      plain(name + "down", tensors + "down_proj.weight", width, inner),
    ]
  }

  private func sparseMatrices(_ layer: Int, _ gate: ExpertGate) -> [MatrixSource] {
    let name = "layers.\(layer)."
    let own = prefix(layer)
    var result = [
      MatrixSource(
        name: name + "router", rows: gate.expertCount, columns: width,
        layouts: routerTensors.map {
          [.init(tensor: own + $0, shape: [gate.expertCount, width], rows: gate.expertCount)]
        })
    ]
    for expert in 0..<gate.expertCount { result += expertMatrices(layer, expert, gate) }
    if let shared = gate.sharedExpertWidth {
      result += network(name + "shared.", own + "mlp.shared_expert.", shared)
      result.append(plain(name + "shared.gate", own + "mlp.shared_expert_gate.weight", 1, width))
    }
    return result
  }

  private var routerTensors: [String] {
    switch family {
    case .mixtral: ["block_sparse_moe.gate.weight", "mlp.gate.weight"]
    case .graniteMoE:
      ["block_sparse_moe.router.layer.weight", "block_sparse_moe.router.weight"]
    case .dbrx: ["ffn.router.layer.weight"]
    case .olmoe, .flexOlmo, .qwen2MoE, .qwen3MoE, .llama: ["mlp.gate.weight"]
    }
  }

  /// One expert's maps, in every layout that checkpoints of the family have.
  private func expertMatrices(
    _ layer: Int, _ expert: Int, _ gate: ExpertGate
  ) -> [MatrixSource] {
    let (count, inner) = (gate.expertCount, gate.expertWidth)
    let own = prefix(layer)
    /// A slice of a tensor that holds all experts.
    func slice(_ tensor: String, _ shape: [Int], _ rows: Int) -> MatrixSource.Block {
      .init(tensor: own + tensor, shape: shape, part: expert, count: count, rows: rows)
    }
    func alone(_ tensor: String, _ rows: Int, _ columns: Int) -> MatrixSource.Block {
      .init(tensor: own + tensor, shape: [rows, columns], rows: rows)
    }
    var gateUp: [[MatrixSource.Block]]
    var down: [[MatrixSource.Block]]
    switch family {
    case .mixtral:
      gateUp = ["block_sparse_moe", "mlp"].map { block in
        ["w1", "w3"].map { alone("\(block).experts.\(expert).\($0).weight", inner, width) }
      }
      down = ["block_sparse_moe", "mlp"].map {
        [alone("\($0).experts.\(expert).w2.weight", width, inner)]
      }
    case .graniteMoE:
      gateUp = [
        [slice("block_sparse_moe.input_linear.weight", [count, 2 * inner, width], 2 * inner)]
      ]
      down = [[slice("block_sparse_moe.output_linear.weight", [count, width, inner], width)]]
    case .dbrx:
      let shape = [count * inner, width]
      gateUp = [["w1", "v1"].map { slice("ffn.experts.mlp.\($0)", shape, inner) }]
      var transposed = slice("ffn.experts.mlp.w2", shape, width)
      transposed.isTransposed = true
      down = [[transposed]]
    case .olmoe, .flexOlmo, .qwen2MoE, .qwen3MoE, .llama:
      gateUp = [
        ["gate_proj", "up_proj"].map { alone("mlp.experts.\(expert).\($0).weight", inner, width) }
      ]
      down = [[alone("mlp.experts.\(expert).down_proj.weight", width, inner)]]
    }
    for block in ["mlp", "block_sparse_moe"] where family != .dbrx {
      gateUp.append(
        [slice("\(block).experts.gate_up_proj", [count, 2 * inner, width], 2 * inner)])
      down.append([slice("\(block).experts.down_proj", [count, width, inner], width)])
    }
    let name = "layers.\(layer).experts.\(expert)."
    return [
      MatrixSource(name: name + "gateUp", rows: 2 * inner, columns: width, layouts: gateUp),
      MatrixSource(name: name + "down", rows: width, columns: inner, layouts: down),
    ]
  }

  private func layerVectors(_ layer: Int) -> [VectorSource] {
    let attention = architecture.attention
    let name = "layers.\(layer)."
    let own = prefix(layer)
    let norms =
      switch family {
      case .dbrx: ["norm_attn_norm.norm_1", "norm_attn_norm.norm_2"]
      case .flexOlmo: ["post_attention_layernorm", "post_feedforward_layernorm"]
      default: ["input_layernorm", "post_attention_layernorm"]
      }
    var result = [
      VectorSource(name: name + "attention.norm", tensors: [(own + norms[0] + ".weight", width)]),
      VectorSource(name: name + "feedForward.norm", tensors: [(own + norms[1] + ".weight", width)]),
    ]
    let projections = own + "self_attn."
    if attention.hasInputBias {
      result.append(
        VectorSource(
          name: name + "attention.input.bias",
          tensors: [
            (projections + "q_proj.bias", attention.queryWidth),
            (projections + "k_proj.bias", attention.keyWidth),
            (projections + "v_proj.bias", attention.keyWidth),
          ]))
    }
    if attention.hasOutputBias {
      result.append(
        VectorSource(
          name: name + "attention.output.bias", tensors: [(projections + "o_proj.bias", width)]))
    }
    if attention.queryKeyNorm != .none {
      let isWhole = attention.queryKeyNorm == .wholeRow
      result += [
        VectorSource(
          name: name + "query.norm",
          tensors: [
            (
              projections + "q_norm.weight",
              isWhole ? attention.queryWidth : attention.headWidth
            )
          ]),
        VectorSource(
          name: name + "key.norm",
          tensors: [
            (projections + "k_norm.weight", isWhole ? attention.keyWidth : attention.headWidth)
          ]),
      ]
    }
    if case .dense(let inner, let hasBias) = architecture.feedForwards[layer], hasBias {
      result += [
        VectorSource(
          name: name + "gateUp.bias",
          tensors: [(own + "mlp.gate_proj.bias", inner), (own + "mlp.up_proj.bias", inner)]),
        VectorSource(name: name + "down.bias", tensors: [(own + "mlp.down_proj.bias", width)]),
      ]
    }
    return result
  }
}
