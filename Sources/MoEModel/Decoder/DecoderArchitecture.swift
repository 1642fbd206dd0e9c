/// A decoder of a causal language model, described: what differs between families is a value here, never a
/// copy of code.
///
/// ```
/// h = embedding[ids] · embeddingMultiplier
/// each layer:
///   h += residualMultiplier · after(attention(before(h)))
///   h += residualMultiplier · after(feedForward(before(h)))
/// logits = (output · norm(h)) / logitsDivisor
/// ```
///
/// where `before` is the layer's normalisation and `after` nothing, or the other way round.
public struct DecoderArchitecture: Sendable, Equatable {
  /// Which family of checkpoints it was read from.
  public var family: DecoderFamily
  /// V, the number of tokens.
  public var vocabularySize: Int
  /// D, the model width.
  public var width: Int
  /// The number of layers.
  public var layerCount: Int
  /// The most positions of a sequence: the context.
  public var positionCount: Int
  /// How rows are normalised.
  public var norm: Norm
  /// Where in a layer they are.
  public var normPlacement: NormPlacement
  /// How tokens attend to those before them.
  public var attention: Attention
  /// The angles by which queries and keys are turned.
  public var rotary: RotaryEmbedding
  /// The feed-forward network of each layer.
  public var feedForwards: [FeedForward]
  /// What token embeddings are multiplied with.
  public var embeddingMultiplier: Float = 1
  /// What the output of attention and of the feed-forward network is multiplied with.
  public var residualMultiplier: Float = 1
  /// What logits are divided by.
  public var logitsDivisor: Float = 1
  /// Whether the output map is the embedding.
  public var tiesEmbeddings: Bool

  /// How rows are normalised.
  public enum Norm: Sendable, Equatable {
    /// By their root mean square.
    case rms(epsilon: Float)
    /// To mean 0 and variance 1, without a bias.
    case layer(epsilon: Float)
  }

  /// Which side of attention and feed-forward network is normalised.
  public enum NormPlacement: Sendable, Equatable {
    /// What enters.
    case before
    /// What leaves, before it is added to the residual stream (FlexOlmo).
    case after
  }

  /// The attention of all layers.
  public struct Attention: Sendable, Equatable {
    /// H, query heads.
    public var headCount: Int
    /// Key and value heads, a divisor of H.
    public var keyHeadCount: Int
    /// The width of one head.
    public var headWidth: Int
    /// What scores are multiplied with.
    public var scale: Float
    /// Whether queries, keys and values have biases.
    public var hasInputBias = false
    /// Whether the output map has a bias.
    public var hasOutputBias = false
    /// Whether queries and keys are normalised.
    public var queryKeyNorm = QueryKeyNorm.none
    /// The greatest magnitude that queries, keys and values keep.
    public var clip: Float?
    /// How many keys a query of each layer sees; all before it where `nil`.
    public var windows: [Int?]

    /// The width of all query heads.
    public var queryWidth: Int { headCount * headWidth }
    /// The width of all key heads.
    public var keyWidth: Int { keyHeadCount * headWidth }
    /// The width of queries, keys and values side by side.
    public var inputWidth: Int { queryWidth + 2 * keyWidth }
  }

  /// What is normalised of queries and keys, before they are turned.
  public enum QueryKeyNorm: Sendable, Equatable {
    /// Nothing.
    case none
    /// The whole row, all heads together.
    case wholeRow
    /// Each head.
    case eachHead
  }

  /// The feed-forward network of one layer.
  public enum FeedForward: Sendable, Equatable {
    /// One network for every token.
    case dense(width: Int, hasBias: Bool)
    /// Experts behind a router.
    case sparse(ExpertGate)
  }

  /// The positions of the layers that hold experts.
  public var sparseLayers: [Int] {
    feedForwards.indices.filter { if case .sparse = feedForwards[$0] { true } else { false } }
  }
}

/// How one sparse layer of a backbone sends tokens to its experts: the model's own order and normalisation.
public struct ExpertGate: Sendable, Equatable {
  /// E, experts.
  public var expertCount: Int
  /// F, the width of each.
  public var expertWidth: Int
  /// K, experts a token.
  public var topK: Int
  /// What becomes a probability.
  public var order: Order
  /// What the kept probabilities are divided by.
  public var normalization: Normalization
  /// The width of the expert that every token passes, behind a sigmoid gate of its own; `nil` where
  /// there is none.
  public var sharedExpertWidth: Int?

  /// Whether the softmax runs over all experts or over those kept.
  public enum Order: Sendable, Equatable {
    /// Softmax over all experts, then the K greatest.
    case softmaxThenTopK
    /// The K greatest logits, then softmax over them.
    case topKThenSoftmax
  }

  /// What the K kept probabilities are divided by.
  public enum Normalization: Sendable, Equatable {
    /// Nothing: their sum stays under 1.
    case none
    /// Their sum.
    case sum
    /// Their p-norm.
    case pNorm(Double)
  }
}

/// The families of checkpoints that are understood; raw values are `model_type` in `config.json`.
public enum DecoderFamily: String, Sendable, CaseIterable {
  /// Mixtral, arXiv:2401.04088.
  case mixtral
  /// OLMoE, arXiv:2409.02060.
  case olmoe
  /// FlexOlmo, arXiv:2507.07024.
  case flexOlmo = "flex_olmo"
  /// Qwen1.5-MoE and Qwen2-MoE, arXiv:2407.10671.
  case qwen2MoE = "qwen2_moe"
  /// Qwen3-MoE, arXiv:2505.09388.
  case qwen3MoE = "qwen3_moe"
  /// Granite 3 MoE.
  case graniteMoE = "granitemoe"
  /// DBRX.
  case dbrx
  /// Llama, arXiv:2407.21783: dense, a generalist without routed experts.
  case llama
}
